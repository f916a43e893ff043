"""How long models take: to the first token, and to the last."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.config import Config

from releaser import sandbox
from sandbox.test_converse import ANSWER, MODEL, TEXT, user

FIRST, EACH = 0.2, 50
TOTAL = FIRST + 14 / EACH


@pytest.fixture
def own() -> Iterator[sandbox.SandboxProcess]:
    with sandbox.running(time_scale=1) as process:
        process.admin.set_rates({"*": None})
        process.admin.set_model_pace(FIRST, EACH)
        yield process


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    began = time.monotonic()
    found = call()
    return time.monotonic() - began, found


def test_an_answer_takes_its_tokens_time_and_a_stream_begins_earlier(own: sandbox.SandboxProcess) -> None:
    runtime = own.client("bedrock-runtime")
    took, found = timed(lambda: runtime.converse(modelId=MODEL, messages=user(TEXT)))
    assert took >= TOTAL and found["metrics"]["latencyMs"] == round(1000 * TOTAL)
    began = time.monotonic()
    events = [(time.monotonic() - began, event)
              for event in runtime.converse_stream(modelId=MODEL, messages=user(TEXT))["stream"]]  # fmt: skip
    first = next(at for at, event in events if "contentBlockDelta" in event)
    assert FIRST <= first < events[-1][0] - 0.1 and events[-1][0] >= TOTAL
    assert "".join(e["contentBlockDelta"]["delta"]["text"] for _, e in events if "contentBlockDelta" in e) == ANSWER
    assert events[-1][1]["metadata"]["metrics"]["latencyMs"] == round(1000 * TOTAL)
    took, _ = timed(lambda: runtime.count_tokens(modelId=MODEL, input={"converse": {"messages": user(TEXT)}}))
    assert took < FIRST


@pytest.mark.parametrize("form", ["short", "cut"])
def test_a_slow_stream_is_cut_too(own: sandbox.SandboxProcess, form: str) -> None:
    own.admin.add_fault("truncate", operation="ConverseStream", form=form)
    runtime = own.client("bedrock-runtime")
    events: list[Any] = []
    try:
        events.extend(runtime.converse_stream(modelId=MODEL, messages=user(TEXT))["stream"])
    except Exception as error:  # what a client sees of a broken connection is its library's affair
        assert form == "cut", error
    assert not any("messageStop" in event for event in events)
    assert list(runtime.converse_stream(modelId=MODEL, messages=user(TEXT))["stream"])


def test_slow_models_are_slow_side_by_side(own: sandbox.SandboxProcess) -> None:
    runtime = own.client("bedrock-runtime", config=Config(max_pool_connections=50))

    def ask(number: int) -> Any:
        if number % 2:
            return list(runtime.converse_stream(modelId=MODEL, messages=user(TEXT))["stream"])
        return runtime.converse(modelId=MODEL, messages=user(TEXT))

    with ThreadPoolExecutor(50) as pool:
        took, found = timed(lambda: list(pool.map(ask, range(50))))
    assert len(found) == 50 and took < 5


def test_no_time_passes_at_scale_0_and_settings_are_kept(box: sandbox.SandboxProcess, account: str) -> None:
    with sandbox.running(time_scale=0) as process:
        process.admin.set_model_pace(60, 1)
        runtime = process.client("bedrock-runtime")
        took, found = timed(lambda: runtime.converse(modelId=MODEL, messages=user(TEXT)))
        assert took < 5 and found["metrics"]["latencyMs"] == 1
        process.restart()
        assert process.admin.settings()["firstToken"] == 60 and process.admin.settings()["tokensPerSecond"] == 1
        with pytest.raises(sandbox.SandboxRefused):
            process.admin.set_model_pace(-1, 0)
        process.admin.reset()
        assert process.admin.settings()["firstToken"] == 0
        assert "no language model" in process.admin.info()["model"]
