"""The rate budget with a clock that only sleeping moves: what is promised of rates, retries and fairness."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releaser.aws.budget import RATES, SERVICE_RATES, Bucket, Patient, is_read
from releaser.core.errors import AwsError, Failure


class Clock:
    """Time moves when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> datetime:
        return datetime(2026, 3, 3, tzinfo=UTC) + timedelta(seconds=self.time)

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class Aws:
    """Answers, or fails as told; notes when it was called."""

    def __init__(self, clock: Clock, failures: list[Failure] | None = None) -> None:
        self.clock = clock
        self.failures = failures or []
        self.calls: list[tuple[float, str]] = []

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.calls.append((self.clock.time, operation))
        if self.failures:
            failure = self.failures.pop(0)
            raise AwsError(failure.value, failure=failure, service=service, operation=operation)
        return {"ok": True}


@given(
    rate=st.sampled_from([0.5, 1.0, 2.0, 3.0, 10.0, 40.0]),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=60),
)
def test_never_more_than_rate_times_time_and_a_burst(rate: float, pauses: list[float]) -> None:
    """In any window of t seconds at most rate * t + the burst (one second's worth, at least one call)."""
    clock = Clock()
    bucket = Bucket(rate, clock)
    starts = []
    for pause in pauses:
        clock.sleep(pause)
        starts.append(clock.time + bucket.take())
    assert starts == sorted(starts), "first come, first served"
    burst = max(1.0, rate)
    for i, first in enumerate(starts):
        for j in range(i, len(starts)):
            count = j - i + 1
            assert count <= rate * (starts[j] - first) + burst + 1e-6


@given(rate=st.sampled_from([1.0, 2.0, 10.0]), calls=st.integers(1, 200))
def test_a_crowd_is_served_at_the_rate(rate: float, calls: int) -> None:
    """Nobody waits longer than the rate asks for: the budget is used up, not merely kept."""
    bucket = Bucket(rate, Clock())
    waits = [bucket.take() for _ in range(calls)]
    assert max(waits) <= calls / rate


def test_threads_share_one_bucket_per_operation() -> None:
    clock = Clock()
    clock.time = 100.0
    aws = Aws(clock)
    slept: list[float] = []
    lock = threading.Lock()

    def sleep(seconds: float) -> None:
        with lock:
            slept.append(seconds)

    clock.sleep = sleep  # type: ignore[method-assign]
    patient = Patient(aws, clock, rates={"write": 2.0})
    threads = [threading.Thread(target=patient.call, args=("bedrock", "CreateGuardrail", {})) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    patient.call("bedrock", "UpdateGuardrail", {})
    assert sorted(round(s, 3) for s in slept) == [0.5 * n for n in range(1, 9)]


@pytest.mark.parametrize(
    ("service", "operation", "rates", "expected"),
    [
        ("bedrock", "CreateGuardrail", {}, RATES["write"]),
        ("bedrock-agent", "GetPrompt", {}, RATES["read"]),
        ("ssm", "PutParameter", {}, SERVICE_RATES["ssm.PutParameter"]),
        ("ssm", "PutParameter", {"write": 7.0}, 7.0),
        ("bedrock", "CreateGuardrail", {"write": 7.0, "CreateGuardrail": 5.0}, 5.0),
        ("bedrock", "CreateGuardrail", {"CreateGuardrail": 5.0, "bedrock.CreateGuardrail": 4.0}, 4.0),
    ],
)
def test_the_narrowest_rate_counts(service: str, operation: str, rates: dict[str, float], expected: float) -> None:
    clock = Clock()
    clock.time = 1000.0
    aws = Aws(clock)
    patient = Patient(aws, clock, rates=rates)
    for _ in range(101):
        patient.call(service, operation, {})
    burst = max(1.0, expected)
    assert aws.calls[-1][0] - aws.calls[0][0] == pytest.approx((101 - burst) / expected, abs=1.01 / expected)


TOKEN = {"clientToken": "t" * 33}
RETRIED = [
    ("GetPrompt", {}, Failure.AMBIGUOUS),
    ("ListPrompts", {}, Failure.AMBIGUOUS),
    ("CreatePrompt", TOKEN, Failure.AMBIGUOUS),
    ("CreateGuardrail", {"clientRequestToken": "t"}, Failure.AMBIGUOUS),
    ("TagResource", {}, Failure.AMBIGUOUS),
    *((o, p, f) for f in (Failure.THROTTLED, Failure.TRANSIENT) for o, p in (("GetPrompt", {}), ("UpdatePrompt", {}))),
]
RAISED = [
    ("UpdatePrompt", {}, Failure.AMBIGUOUS),
    ("PutParameter", {}, Failure.AMBIGUOUS),
    ("DeletePrompt", {}, Failure.AMBIGUOUS),
    *(
        (o, p, f)
        for f in (Failure.CONFLICT, Failure.NOT_FOUND, Failure.DENIED, Failure.INVALID, Failure.QUOTA)
        for o, p in (("GetPrompt", {}), ("CreatePrompt", TOKEN))
    ),
]


@pytest.mark.parametrize(("operation", "params", "failure"), RETRIED)
def test_retried_until_it_works(operation: str, params: dict[str, str], failure: Failure) -> None:
    clock = Clock()
    failures = 2 if failure is Failure.TRANSIENT else 3
    aws = Aws(clock, [failure] * failures)
    assert Patient(aws, clock).call("bedrock-agent", operation, params) == {"ok": True}
    times = [t for t, _ in aws.calls]
    assert len(times) == failures + 1
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps == sorted(gaps), "each pause is longer than the one before"
    assert gaps[0] > 0.1


@pytest.mark.parametrize(("operation", "params", "failure"), RAISED)
def test_raised_at_once(operation: str, params: dict[str, str], failure: Failure) -> None:
    """What may have happened and carries no token is for the caller to look at; a refusal stays a refusal."""
    clock = Clock()
    aws = Aws(clock, [failure])
    with pytest.raises(AwsError) as caught:
        Patient(aws, clock).call("bedrock-agent", operation, params)
    assert caught.value.failure is failure
    assert len(aws.calls) == 1


@given(failure=st.sampled_from([Failure.THROTTLED, Failure.TRANSIENT, Failure.AMBIGUOUS]), attempts=st.integers(1, 10))
def test_retries_are_bounded(failure: Failure, attempts: int) -> None:
    clock = Clock()
    aws = Aws(clock, [failure] * 1000)
    with pytest.raises(AwsError):
        Patient(aws, clock, attempts=attempts).call("bedrock-agent", "GetPrompt", {})
    bound = {Failure.THROTTLED: attempts * 4, Failure.TRANSIENT: min(3, attempts)}.get(failure, attempts)
    assert len(aws.calls) == bound
    assert clock.time <= bound * 31


@given(jitter=st.floats(0, 1))
def test_what_cannot_be_reached_is_told_soon(jitter: float) -> None:
    clock = Clock()
    aws = Aws(clock, [Failure.TRANSIENT] * 1000)
    with pytest.raises(AwsError):
        Patient(aws, clock, jitter=lambda: jitter).call("sts", "GetCallerIdentity", {})
    assert len(aws.calls) == 3 and clock.time <= 3


def test_one_throttled_caller_slows_all_of_its_operation() -> None:
    clock = Clock()
    aws = Aws(clock, [Failure.THROTTLED])
    patient = Patient(aws, clock, rates={"read": 1000.0})
    patient.call("bedrock-agent", "GetPrompt", {})
    before = clock.time
    assert before >= 0.2
    patient.call("bedrock-agent", "ListPrompts", {})
    assert clock.time == before, "another operation has a budget of its own"


def test_what_reads() -> None:
    assert all(is_read(o) for o in ("GetPrompt", "ListGuardrails", "DescribeParameters"))
    assert not any(is_read(o) for o in ("CreatePrompt", "PutParameter", "TagResource", "UntagResource", "AssumeRole"))
