"""A Converse request understood: the model, the system text, the turns, and what a guardrail is to see of them.

Sources: API reference, Converse (what may not be given with a prompt; ``messages`` are appended to the prompt's);
user guide, "Include a guardrail with the Converse API" (with ``guardContent`` only that is judged, without it all
messages). Refusals as AWS was seen to give them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from releaser.sandbox import invoked, passages
from releaser.sandbox.call import Call
from releaser.sandbox.errors import not_found, not_in_the_sandbox, validation
from releaser.sandbox.extraction import TOOL_RESULT
from releaser.sandbox.language import Inference, inference
from releaser.sandbox.store import Doc

MAX_TOKENS = 4096
_DEFAULT = Inference(MAX_TOKENS)
_PROMPT = re.compile(r"arn:aws:bedrock:([^:]*):(\d{12}):prompt/(\w{10})(?::(\d{1,5}))?")
_VARIABLE = re.compile(r"\{\{\s*([0-9a-zA-Z_-]+)\s*\}\}")
_FROM_PROMPT = ("system", "inferenceConfig", "toolConfig", "additionalModelRequestFields")
_SILENT = ("cachePoint", "reasoningContent")


@dataclass(frozen=True, slots=True)
class Part:
    """A text of a message. ``qualifiers``: what a guardrail is told of it."""

    text: str
    guarded: bool = False
    qualifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """What the model is asked, in ``turns`` of parts."""

    model: str
    system: list[Part]
    turns: list[tuple[str, list[Part]]]
    inference: Inference = _DEFAULT
    tools: Mapping[str, Any] = field(default_factory=dict)


def understand(call: Call) -> Conversation:
    """The request's conversation, from its messages, a prompt's version, or both."""
    params = call.params
    found = _PROMPT.fullmatch(params["modelId"])
    if found is not None:
        return _from_prompt(call, found)
    conversation = read(params)
    used = any({"toolUse", "toolResult"} & set(block) for one in params["messages"] for block in one["content"])
    if used and "toolConfig" not in params:
        raise validation("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
    return Conversation(
        invoked.text_model(call, params["modelId"]).id,
        conversation.system,
        conversation.turns,
        inference(params.get("inferenceConfig"), MAX_TOKENS),
        params.get("toolConfig", {}),
    )


def read(params: Mapping[str, Any]) -> Conversation:
    """Messages and system of a request, checked; the model is not."""
    return Conversation(
        params.get("modelId", ""),
        [_part(block) for block in params.get("system", []) if not set(block) & set(_SILENT)],
        _turns(params.get("messages", [])),
        tools=params.get("toolConfig", {}),
    )


def schema(params: Mapping[str, Any]) -> dict[str, Any] | None:
    """The JSON schema that the answer is to follow, when there is one."""
    given = params.get("outputConfig", {}).get("textFormat", {}).get("structure", {}).get("jsonSchema")
    if given is None:
        return None
    try:
        found = json.loads(given["schema"])
    except ValueError as error:
        raise validation("outputConfig.textFormat.structure.jsonSchema.schema is not JSON.") from error
    if not isinstance(found, dict):
        raise validation("outputConfig.textFormat.structure.jsonSchema.schema is not a JSON schema.")
    return found


def text(parts: Sequence[Part]) -> str:
    """Parts as one text."""
    return "\n\n".join(part.text for part in parts)


def _turns(messages: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Part]]]:
    if not messages or messages[0]["role"] != "user":
        raise validation(
            "A conversation must start with a user message. "
            "Try again with a conversation that starts with a user message."
        )
    if any(before["role"] == after["role"] for before, after in pairwise(messages)):
        raise validation(
            "A conversation must alternate between user and assistant roles. Make sure the conversation alternates "
            "between user and assistant roles and try again."
        )
    return [(message["role"], _parts(message["content"], f"messages.{n}")) for n, message in enumerate(messages)]


def _parts(content: Sequence[Mapping[str, Any]], where: str) -> list[Part]:
    if not content:
        raise validation(
            f"The content field in the Message object at {where} is empty. "
            "Add a ContentBlock object to the content field and try again."
        )
    found = []
    for place, block in enumerate(content):
        if not block.get("text", "-").strip():
            raise validation(
                f"The text field in the ContentBlock object at {where}.content.{place} is blank. "
                "Add text to the text field, and try again."
            )
        if not set(block) & set(_SILENT):
            found.append(_part(block))
    return found


def _part(block: Mapping[str, Any]) -> Part:
    kind, body = next(iter(block.items()))
    if kind == "text":
        return Part(body)
    if kind == "guardContent" and "text" in body:
        return Part(body["text"]["text"], guarded=True, qualifiers=tuple(body["text"].get("qualifiers", ())))
    if kind == "searchResult":
        return Part("\n".join([body["title"], *(one["text"] for one in body["content"])]))
    if kind == "document":
        return Part(_document(body))
    if kind == "toolUse":
        return Part(json.dumps(body["input"], ensure_ascii=False))
    if kind == "toolResult":
        rows = [_part(one) if "json" not in one else Part(json.dumps(one["json"], ensure_ascii=False))
                for one in body["content"]]  # fmt: skip
        return Part("\n".join([TOOL_RESULT, *(one.text for one in rows), "</tool_result>"]))
    raise not_in_the_sandbox(f"bedrock-runtime.Converse with {kind}")


def _document(body: Mapping[str, Any]) -> str:
    source = body["source"]
    if "text" in source:
        return str(source["text"])
    if "content" in source:
        return "\n".join(one["text"] for one in source["content"])
    if "bytes" in source:
        return passages.read(f"document.{body['format']}", source["bytes"])
    raise not_in_the_sandbox("bedrock-runtime.Converse with documents in S3")


def _from_prompt(call: Call, found: re.Match[str]) -> Conversation:
    given = [name for name in _FROM_PROMPT if name in call.params]
    if given:
        raise validation(f"{', '.join(given)} cannot be given when modelId is a prompt.")
    variant = _variant(call, found)
    template, text_config = variant["templateConfiguration"], variant.get("inferenceConfiguration", {}).get("text", {})
    if "modelId" not in variant:
        raise validation("The prompt names no model that could be invoked.")
    values = {name: value.get("text", "") for name, value in call.params.get("promptVariables", {}).items()}
    if "text" in template:
        system: list[dict[str, Any]] = []
        messages = [{"role": "user", "content": [{"text": template["text"]["text"]}]}]
    else:
        system, messages = template["chat"].get("system", []), template["chat"]["messages"]
    filled = _filled({"system": system, "messages": messages}, values)
    joined = read({"system": filled["system"], "messages": [*filled["messages"], *call.params.get("messages", [])]})
    model = invoked.text_model(call, variant["modelId"]).id
    tools = template.get("chat", {}).get("toolConfiguration", {})
    return Conversation(model, joined.system, joined.turns, inference(text_config, MAX_TOKENS), tools)


def _variant(call: Call, found: re.Match[str]) -> Doc:
    """The default variant of the prompt's version."""
    arn, id, version = found[0], found[3], found[4]
    draft = call.row("prompt", id) if (found[1], found[2]) == (call.region, call.account) else None
    doc = None if draft is None else call.row(f"prompt-version/{id}", version) if version else draft
    if doc is None:
        raise not_found(f"The prompt {arn} was not found.")
    if not version and call.settings.switch("conversePromptDraft") == "refuse":
        raise validation(f"{arn} names no version of the prompt.")
    variants = doc.get("variants", [])
    if not variants:
        raise validation(f"The prompt {arn} has no variant.")
    wanted = doc.get("defaultVariant", variants[0]["name"])
    variant: Doc = next(one for one in variants if one["name"] == wanted)
    return variant


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    """The same value with every variable of its texts replaced."""
    if isinstance(value, list):
        return [_filled(one, values) for one in value]
    if isinstance(value, dict):
        return {key: _filled(one, values) for key, one in value.items()}
    if not isinstance(value, str):
        return value
    missing = [name for name in _VARIABLE.findall(value) if name not in values]
    if missing:
        raise validation(f"The prompt's variable {missing[0]} is not in promptVariables.")
    return _VARIABLE.sub(lambda mark: values[mark[1]], value)
