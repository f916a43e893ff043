"""How long models take, to the first token and to the last, and how many calls they take at once."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

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


def asked_at_once(own: sandbox.SandboxProcess, count: int, region: str = "eu-central-1") -> list[str]:
    """What came of so many calls at once: the codes of their errors, empty where there was an answer."""
    runtime = own.client("bedrock-runtime", region=region, config=Config(max_pool_connections=count))

    def ask(number: int) -> str:
        try:
            if number % 2:
                list(runtime.converse_stream(modelId=MODEL, messages=user(TEXT))["stream"])
            else:
                runtime.converse(modelId=MODEL, messages=user(TEXT))
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(ask, range(count)))


@pytest.mark.parametrize("before", [True, False])
def test_more_calls_at_once_than_models_take_are_throttled(own: sandbox.SandboxProcess, before: bool) -> None:
    own.admin.set_model_parallel(4)
    if before:
        own.admin.set_model_pace(0, 0)
        own.admin.set_model_latency(1.0)
    else:
        own.admin.set_model_pace(1.0, 0)
    took, found = timed(lambda: asked_at_once(own, 10))
    assert Counter(found) == {"": 4, "ThrottlingException": 6} and took < 3
    assert Counter(asked_at_once(own, 4)) == {"": 4}, "those that ended have left"
    runtime = own.client("bedrock-runtime")
    for _ in range(6):
        runtime.count_tokens(modelId=MODEL, input={"converse": {"messages": user(TEXT)}})


def test_calls_that_break_leave_too(own: sandbox.SandboxProcess) -> None:
    own.admin.set_model_parallel(2)
    own.admin.set_model_pace(0.01, 0)
    runtime = own.client("bedrock-runtime")
    for kind, options in (
        ("truncate", {"form": "cut"}), ("truncate", {"form": "short"}), ("stream-exception", {}),
        ("error", {"code": "ServiceUnavailableException"}), ("reset-before", {}), ("reset-after", {}),
    ):  # fmt: skip
        own.admin.add_fault(kind, operation="ConverseStream", times=3, **options)
        for _ in range(3):
            with contextlib.suppress(Exception):  # how a client sees each of them is told elsewhere
                list(runtime.converse_stream(modelId=MODEL, messages=user(TEXT))["stream"])
    assert [row["whole"] for row in own.admin.log()] == ([False] * 9 + [True] * 3 + [False] * 3)
    assert Counter(asked_at_once(own, 2)) == {"": 2}


def test_the_log_tells_equal_questions_and_replies_that_were_sent_whole(own: sandbox.SandboxProcess) -> None:
    runtime = own.client("bedrock-runtime")
    for text in (TEXT, TEXT, "Hello."):
        list(runtime.converse_stream(modelId=MODEL, messages=user(text))["stream"])
    rows = own.admin.log()
    assert [row["whole"] for row in rows] == [True] * 3
    assert rows[0]["asked"] == rows[1]["asked"] != rows[2]["asked"]
    left = runtime.converse_stream(modelId=MODEL, messages=user(TEXT))["stream"]
    next(iter(left))
    left.close()
    time.sleep(TOTAL)
    assert own.admin.log()[-1]["whole"] is False
