"""How many calls a lane takes at once."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releaser.gates.evaluation.limiter import Lane, Limiter, Outcome, Permit


class Clock:
    """Time that passes by sleeping."""

    def __init__(self) -> None:
        self.at = 1000.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.at += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def lane_of(clock: Clock, **settings: int) -> Lane:
    return Limiter(clock, **settings).lane("lane")  # type: ignore[arg-type]


def fill(lane: Lane) -> list[Permit]:
    """As many calls as may begin now."""
    permits = []
    while lane.running < lane.limit:
        permit = lane.start()
        assert permit is not None
        permits.append(permit)
    return permits


def full_round(lane: Lane, outcome: Outcome = "answered") -> int:
    """A round of calls that all end so; the limit afterwards."""
    for permit in fill(lane):
        lane.end(permit, outcome)
    return lane.limit


def test_the_limit_doubles_until_the_ceiling(clock: Clock) -> None:
    lane = lane_of(clock)
    assert [lane.limit, *(full_round(lane) for _ in range(5))] == [4, 8, 16, 32, 50, 50]


def test_a_throttle_cuts_and_growth_is_by_steps_from_then_on(clock: Clock) -> None:
    lane = lane_of(clock, start=16)
    first, *rest = fill(lane)
    lane.end(first, "throttled")
    assert lane.limit == 11
    for permit in rest:
        lane.end(permit, "answered")
    clock.sleep(1)
    full_round(lane)
    grown = [full_round(lane) for _ in range(4)]
    assert grown == [13, 14, 15, 16]


def test_throttles_of_one_burst_cut_once(clock: Clock) -> None:
    lane = lane_of(clock, start=32)
    permits = fill(lane)
    for permit in permits:
        lane.end(permit, "throttled")
    assert lane.limit == 22


def test_no_growth_while_it_cools_down(clock: Clock) -> None:
    lane = lane_of(clock, start=16)
    first, *rest = fill(lane)
    lane.end(first, "throttled")
    for permit in rest:
        lane.end(permit, "neutral")
    assert [full_round(lane) for _ in range(3)] == [11, 11, 11]


@pytest.mark.parametrize("outcome", ["failed", "neutral"])
def test_faults_stop_growth_and_cut_nothing(clock: Clock, outcome: Outcome) -> None:
    lane = lane_of(clock)
    permits = fill(lane)
    for permit in permits[:-1]:
        lane.end(permit, "answered")
    lane.end(permits[-1], outcome)
    assert lane.limit == 4
    if outcome == "failed":
        assert full_round(lane) == 8, "the next clean round grows again"


def test_a_lane_that_is_not_used_up_does_not_grow(clock: Clock) -> None:
    lane = lane_of(clock)
    for _ in range(40):
        permit = lane.start()
        assert permit is not None
        lane.end(permit, "answered")
    assert lane.limit == 4


def test_nobody_starts_before_retry_after(clock: Clock) -> None:
    lane = lane_of(clock)
    one, other, *rest = fill(lane)
    for permit in rest:
        lane.end(permit, "neutral")
    lane.end(one, "throttled", retry_after=17.0)
    lane.end(other, "throttled", retry_after=3.0)
    assert lane.start() is None or clock.at >= 1017.0
    assert clock.at < 1018


def test_throttles_without_an_answer_close_the_lane_longer_each_time(clock: Clock) -> None:
    lane = lane_of(clock)
    pauses = []
    for _ in range(9):
        permit = lane.start()
        assert permit is not None
        lane.end(permit, "throttled")
        pauses.append(max(0.0, lane.closed_until - clock.at))
    assert pauses == [0, 1, 2, 4, 8, 16, 30, 30, 30]
    assert lane.limit == 1
    permit = lane.start()
    assert permit is not None
    lane.end(permit, "answered")
    permit = lane.start()
    assert permit is not None
    lane.end(permit, "throttled")
    assert lane.closed_until <= clock.at


def test_a_stop_ends_the_waiting(clock: Clock) -> None:
    lane = lane_of(clock, ceiling=1)
    assert lane.start() is not None
    began = time.monotonic()
    assert lane.start(lambda: time.monotonic() > began + 0.05) is None


def test_lanes_have_their_own_limits(clock: Clock) -> None:
    limiter = Limiter(clock, ceiling=2, ceilings={"wide": 60})
    assert limiter.ceiling == 60
    for _ in range(8):
        full_round(limiter.lane("wide"))
        full_round(limiter.lane("narrow"))
    assert (limiter.lane("wide").limit, limiter.lane("narrow").limit) == (60, 2)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["start", "start", "answered", "answered", "answered", "throttled", "failed", "neutral", "wait"]
        ),
        st.integers(0, 30),
    ),
    max_size=120,
)


@given(STEPS, st.integers(1, 3), st.integers(1, 40))
def test_the_law_of_the_limit(steps: list[tuple[str, int]], floor: int, ceiling: int) -> None:
    clock = Clock()
    lane = lane_of(clock, floor=floor, ceiling=ceiling)
    running: list[Permit] = []
    for what, number in steps:
        before = lane.limit
        if what == "wait":
            clock.sleep(number / 10)
        elif what == "start" and lane.running < lane.limit:
            closed = lane.closed_until
            permit = lane.start()
            assert permit is not None and clock.at >= closed
            running.append(permit)
            assert lane.running <= lane.limit
        elif what != "start" and running:
            lane.end(running.pop(number % len(running)), what, float(number))  # type: ignore[arg-type]
            if what == "throttled":
                assert lane.limit <= before
                assert lane.closed_until >= clock.at + number
            elif what != "answered":
                assert lane.limit == before
            else:
                assert before <= lane.limit <= max(2 * before, before + 1)
        assert min(floor, ceiling) <= lane.limit <= ceiling
        assert lane.running == len(running)


def test_threads_never_run_more_than_the_limit() -> None:
    clock = Clock()
    lane = lane_of(clock, ceiling=8)
    running = most = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal running, most
        for _ in range(20):
            permit = lane.start()
            assert permit is not None
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.001)
            with lock:
                running -= 1
            lane.end(permit, "answered")

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 8
    assert lane.running == 0
