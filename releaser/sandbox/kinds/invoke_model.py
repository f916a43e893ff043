"""InvokeModel of embedding models; bodies of text models are not played.

Sources: user guide, "Amazon Titan Embeddings text" (V2: dimensions, normalize, embeddingTypes) and "Cohere Embed v3"
(texts, input_type, truncate, embedding_types). What stands for the model is ``embedding.py``.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from releaser.sandbox import embedding, models
from releaser.sandbox.call import Call
from releaser.sandbox.errors import not_in_the_sandbox, validation
from releaser.sandbox.kind import Kind
from releaser.sandbox.passages import tokens

_COHERE_DIMENSIONS = 1024
_INPUT_TYPES = ("search_document", "search_query", "classification", "clustering")
_COHERE_FORMS: Mapping[str, Callable[[list[float]], list[Any]]] = {
    "float": list,
    "int8": embedding.scaled,
    "uint8": lambda vector: [value + 128 for value in embedding.scaled(vector)],
    "binary": lambda vector: [value - 128 for value in embedding.packed(vector)],
    "ubinary": embedding.packed,
}
_TITAN_FORMS: Mapping[str, Callable[[list[float]], list[Any]]] = {"float": list, "binary": embedding.bits}

KIND = Kind("invoke-model")


@KIND.operation("bedrock-runtime", "InvokeModel")
def invoke_model(call: Call) -> dict[str, Any]:
    """The embedding model's reply, in the model's own form."""
    id = call.params["modelId"].removeprefix(models.model_arn(call.region, ""))
    known = next((model for model in models.available(call) if model.id == id), None)
    play = next((play for start, play in _PLAYED.items() if id.startswith(start)), None)
    if play is None and (known is not None or id.startswith("arn:") or id.count(".") > 1):
        raise not_in_the_sandbox(f"{call.operation.key} of {id}")
    if play is None or known is None:
        raise validation("The provided model identifier is invalid.")
    if "guardrailIdentifier" in call.params:
        raise not_in_the_sandbox(f"{call.operation.key} with guardrailIdentifier")
    reply = play(_body(call))
    return {"body": json.dumps(reply, separators=(",", ":")).encode(), "contentType": "application/json"}


def _body(call: Call) -> dict[str, Any]:
    try:
        found = json.loads(call.params.get("body") or b"")
    except ValueError as error:
        raise validation("Malformed input request, please reformat your input and try again.") from error
    if not isinstance(found, dict):
        raise _malformed("expected type: JSONObject")
    return found


def _malformed(why: str) -> Exception:
    return validation(f"Malformed input request: #: {why}, please reformat your input and try again.")


def _check(body: Mapping[str, Any], required: str, kinds: Mapping[str, type]) -> None:
    if required not in body:
        raise _malformed(f"required key [{required}] not found")
    for name, value in body.items():
        if name not in kinds:
            raise _malformed(f"extraneous key [{name}] is not permitted")
        if not isinstance(value, kinds[name]):
            raise _malformed(f"/{name}: expected type: {kinds[name].__name__}")


def _chosen(value: Any, among: Mapping[str, Any] | tuple[Any, ...], name: str) -> Any:
    if value not in among:
        raise _malformed(f"/{name}: {value} is not a valid enum value")
    return value


def _titan(body: dict[str, Any]) -> dict[str, Any]:
    _check(body, "inputText", {"inputText": str, "dimensions": int, "normalize": bool, "embeddingTypes": list})
    text, types = body["inputText"], body.get("embeddingTypes", ["float"])
    if not 1 <= len(text) <= 50_000:
        raise _malformed("/inputText: expected minLength: 1, maxLength: 50000")
    size = _chosen(body.get("dimensions", 1024), (256, 512, 1024), "dimensions")
    vector = embedding.embed(text, size, normalise=body.get("normalize", True))
    by_type = {one: _TITAN_FORMS[_chosen(one, _TITAN_FORMS, "embeddingTypes")](vector) for one in types}
    plain = {"embedding": vector} if "float" in by_type else {}
    return {**plain, "embeddingsByType": by_type, "inputTextTokenCount": tokens(text)}


def _cohere(body: dict[str, Any]) -> dict[str, Any]:
    _check(body, "texts", {"texts": list, "input_type": str, "truncate": str, "embedding_types": list})
    texts, types = body["texts"], body.get("embedding_types")
    if not 1 <= len(texts) <= 96 or not all(isinstance(one, str) for one in texts):
        raise _malformed("/texts: expected between 1 and 96 texts")
    _chosen(body.get("input_type"), _INPUT_TYPES, "input_type")
    _chosen(body.get("truncate", "NONE"), ("NONE", "START", "END"), "truncate")
    vectors = [embedding.embed(one, _COHERE_DIMENSIONS) for one in texts]
    reply: dict[str, Any] = {"id": str(uuid.uuid4()), "texts": texts}
    if types is None:
        return {**reply, "response_type": "embeddings_floats", "embeddings": vectors}
    found = {one: [_COHERE_FORMS[_chosen(one, _COHERE_FORMS, "embedding_types")](v) for v in vectors] for one in types}
    return {**reply, "response_type": "embeddings_by_type", "embeddings": found}


_PLAYED: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "amazon.titan-embed-text-v2": _titan,
    "cohere.embed-": _cohere,
}
