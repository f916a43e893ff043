"""InvokeModel of embedding models."""

from __future__ import annotations

import json
import math

import pytest

from sandbox.checks import refused

TITAN, COHERE = "amazon.titan-embed-text-v2:0", "cohere.embed-multilingual-v3"


@pytest.fixture
def invoke(client):
    runtime = client("bedrock-runtime")

    def call(model, **body):
        reply = runtime.invoke_model(modelId=model, body=json.dumps(body))
        assert reply["contentType"] == "application/json"
        return json.loads(reply["body"].read())

    return call


def cosine(left, right):
    return sum(a * b for a, b in zip(left, right, strict=True))


def test_titan(invoke):
    reply = invoke(TITAN, inputText="Cats hunt at dusk.")
    assert set(reply) == {"embedding", "embeddingsByType", "inputTextTokenCount"} and reply["inputTextTokenCount"] == 5
    vector = reply["embedding"]
    assert len(vector) == 1024 and math.isclose(cosine(vector, vector), 1, rel_tol=1e-5)
    assert reply["embeddingsByType"] == {"float": vector}
    near = invoke(TITAN, inputText="At dusk the cats hunt.")["embedding"]
    far = invoke(TITAN, inputText="Quantum electrodynamics")["embedding"]
    assert cosine(vector, near) > 0.8 > 0.1 > abs(cosine(vector, far))
    assert invoke(TITAN, inputText="Cats hunt at dusk.")["embedding"] == vector


def test_titan_options(invoke):
    reply = invoke(TITAN, inputText="a b", dimensions=256, normalize=False, embeddingTypes=["binary"])
    assert set(reply) == {"embeddingsByType", "inputTextTokenCount"}
    assert len(reply["embeddingsByType"]["binary"]) == 256 and set(reply["embeddingsByType"]["binary"]) <= {0, 1}
    long = invoke(TITAN, inputText="a b c d", normalize=False)["embedding"]
    assert math.isclose(cosine(long, long), 4, rel_tol=1e-5)
    for wrong in ({}, {"inputText": ""}, {"inputText": "a", "dimensions": 100}, {"inputText": "a", "more": 1}):
        with refused("ValidationException", 400, "Malformed"):
            invoke(TITAN, **wrong)


def test_cohere(invoke):
    reply = invoke(COHERE, texts=["a", "b"], input_type="search_document")
    assert reply["response_type"] == "embeddings_floats" and reply["texts"] == ["a", "b"]
    assert [len(one) for one in reply["embeddings"]] == [1024, 1024]
    types = ["float", "int8", "uint8", "binary", "ubinary"]
    reply = invoke(COHERE, texts=["a b c"], input_type="search_query", embedding_types=types)
    assert reply["response_type"] == "embeddings_by_type"
    assert {name: len(one[0]) for name, one in reply["embeddings"].items()} == {
        "float": 1024, "int8": 1024, "uint8": 1024, "binary": 128, "ubinary": 128
    }  # fmt: skip
    for wrong in ({"texts": ["a"]}, {"texts": [], "input_type": "search_query"}, {"input_type": "search_query"}):
        with refused("ValidationException", 400, "Malformed"):
            invoke(COHERE, **wrong)


def test_other_models(client, invoke):
    with refused("ValidationException", 400, "identifier is invalid"):
        invoke("nobody.model-v1", inputText="a")
    with refused("NotInTheSandbox", 501, "amazon.nova-lite-v1:0"):
        invoke("amazon.nova-lite-v1:0", messages=[])
    arn = f"arn:aws:bedrock:eu-central-1::foundation-model/{TITAN}"
    assert len(invoke(arn, inputText="a", dimensions=512)["embedding"]) == 512
    with refused("ValidationException", 400, "Malformed"):
        client("bedrock-runtime").invoke_model(modelId=TITAN, body=b"no json")
