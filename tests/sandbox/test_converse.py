"""Converse and ConverseStream through boto3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Client = Callable[..., Any]
MODEL = "amazon.nova-lite-v1:0"
GIVEN = "Passages:\n[§4.1] A card costs 5 EUR a month.\n\n[§4.2] Lost cards are blocked."
TEXT = f"{GIVEN}\n\nQuestion: What does a card cost?"
ANSWER = "A card costs 5 EUR a month. [§4.1]"


def user(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"text": text}]}]


def refusal(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_an_answer_is_a_sentence_of_the_context_with_its_marker(client: Client) -> None:
    found = client("bedrock-runtime").converse(modelId=MODEL, messages=user(TEXT))
    assert found["output"]["message"] == {"role": "assistant", "content": [{"text": ANSWER}]}
    assert found["stopReason"] == "end_turn"
    usage = found["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] and usage["outputTokens"] == 14
    assert found["metrics"]["latencyMs"] >= 0


def test_a_stream_has_the_same_answer_in_pieces(client: Client) -> None:
    events = list(client("bedrock-runtime").converse_stream(modelId=MODEL, messages=user(TEXT))["stream"])
    names = [next(iter(event)) for event in events]
    assert names[0] == "messageStart" and names[-3:] == ["contentBlockStop", "messageStop", "metadata"]
    deltas = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert len(deltas) > 2 and "".join(deltas) == ANSWER
    assert events[-1]["metadata"]["usage"]["outputTokens"] == 14


def test_nothing_in_common_is_a_refusal(client: Client) -> None:
    found = client("bedrock-runtime").converse(
        modelId=MODEL, system=[{"text": "Context:\nDogs bark."}], messages=user("What is the price of gold?")
    )
    assert found["output"]["message"]["content"][0]["text"] == "I cannot answer that from what I was given."
