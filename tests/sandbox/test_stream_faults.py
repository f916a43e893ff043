"""Faults of streams, and faults that hit a share of the calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EventStreamError

from releaser import sandbox
from sandbox.test_converse import ANSWER, MODEL, TEXT, user

Client = Callable[..., Any]
Fault = Callable[..., int]


@pytest.fixture
def fault(box: sandbox.SandboxProcess, account: str) -> Iterator[Fault]:
    """Adds a fault for this test's account only."""
    yield lambda kind, **rule: box.admin.add_fault(kind, account=account, **rule)
    box.admin.clear_faults()


def streamed(client: Client) -> Iterator[dict[str, Any]]:
    return iter(client("bedrock-runtime").converse_stream(modelId=MODEL, messages=user(TEXT))["stream"])


def test_an_exception_comes_in_the_middle(client: Client, fault: Fault) -> None:
    fault("stream-exception", code="modelStreamErrorException", message="lost", after=2)
    events = streamed(client)
    assert [next(iter(next(events))) for _ in range(2)] == ["messageStart", "contentBlockDelta"]
    with pytest.raises(EventStreamError, match="lost") as caught:
        next(events)
    assert caught.value.response["Error"]["Code"] == "modelStreamErrorException"
    assert "".join(e["contentBlockDelta"]["delta"]["text"] for e in streamed(client) if "contentBlockDelta" in e) == (
        ANSWER
    )


def test_an_exception_comes_only_where_the_stream_has_it(
    box: sandbox.SandboxProcess, client: Client, fault: Fault
) -> None:
    rule = fault("stream-exception", code="modelTimeoutException")
    list(streamed(client))
    client("bedrock-runtime").converse(modelId=MODEL, messages=user(TEXT))
    assert next(one["seen"] for one in box.admin.faults() if one["id"] == rule) == 0


def test_streams_have_the_faults_of_every_call(client: Client, fault: Fault) -> None:
    fault("throttle", operation="ConverseStream", retryAfter=3)
    with pytest.raises(ClientError) as caught:
        streamed(client)
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "3"
    fault("error", operation="ConverseStream", code="ServiceUnavailableException")
    with pytest.raises(ClientError) as caught:
        streamed(client)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    for kind in ("reset-before", "reset-after"):
        fault(kind, operation="ConverseStream")
        with pytest.raises(ConnectionClosedError):
            streamed(client)
    assert list(streamed(client))


def test_shares_are_drawn_apart(client: Client, fault: Fault, box: sandbox.SandboxProcess) -> None:
    """Of three rules with different shares none hides behind another."""

    def seen() -> Counter[str]:
        fault("throttle", operation="ConverseStream", share=0.1)
        fault("error", operation="ConverseStream", share=0.05, code="InternalServerException")
        fault("truncate", operation="ConverseStream", share=0.05)
        found: Counter[str] = Counter()
        for _ in range(200):
            try:
                found["whole" if any("metadata" in event for event in streamed(client)) else "cut"] += 1
            except ClientError as error:
                found[error.response["Error"]["Code"]] += 1
        box.admin.clear_faults()
        return found

    first = seen()
    assert 8 <= first["ThrottlingException"] <= 35 and 3 <= first["InternalServerException"] <= 22
    assert 3 <= first["cut"] <= 22 and seen() == first


def test_a_seed_draws_other_matches(client: Client, fault: Fault, box: sandbox.SandboxProcess) -> None:
    def drawn(seed: int) -> list[bool]:
        fault("throttle", operation="CountTokens", share=0.5, seed=seed)
        found = []
        for _ in range(30):
            try:
                client("bedrock-runtime").count_tokens(modelId=MODEL, input={"converse": {"messages": user("Hi")}})
                found.append(False)
            except ClientError:
                found.append(True)
        box.admin.clear_faults()
        return found

    assert drawn(1) == drawn(1) != drawn(2)
