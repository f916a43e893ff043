"""How many calls a lane takes at once."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world.clock import Clock

from releaser.gates.evaluation.limiter import PLATEAU, Lane, Limiter, Outcome, Permit


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


def lane_of(clock: Clock, **more: int) -> Lane:
    return Limiter(clock, **more).lane("lane")  # type: ignore[arg-type]


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


def throttled_at_16(clock: Clock, burst: int) -> Lane:
    """A lane of which the first calls of sixteen were throttled; it has cooled down."""
    lane = lane_of(clock, start=16)
    permits = fill(lane)
    for number, permit in enumerate(permits):
        lane.end(permit, "throttled" if number < burst else "neutral")
        assert lane.limit == 11
    clock.sleep(1)
    return lane


@pytest.mark.parametrize(("burst", "grown"), [(1, [11, 13, 14, 15, 15]), (4, [11, 12, 12, 12, 12]), (9, [11] * 5)])
def test_a_throttle_cuts_and_the_limit_comes_back_to_what_was_taken(clock: Clock, burst: int, grown: list[int]) -> None:
    lane = throttled_at_16(clock, burst)
    assert [lane.limit, *(full_round(lane) for _ in range(4))] == grown


def test_what_is_taken_is_kept_a_while_before_more_is_tried(clock: Clock) -> None:
    lane = throttled_at_16(clock, 4)
    full_round(lane)
    assert [full_round(lane) for _ in range(PLATEAU)] == [12] * PLATEAU
    assert [full_round(lane) for _ in range(3)] == [13, 14, 15]


def test_a_step_too_far_goes_back_and_a_level_that_was_taken_is_cut(clock: Clock) -> None:
    lane = throttled_at_16(clock, 4)
    for _ in range(PLATEAU + 2):
        full_round(lane)
    assert lane.limit == 13
    first, *rest = fill(lane)
    lane.end(first, "throttled")
    assert lane.limit == 12
    for permit in rest:
        lane.end(permit, "answered")
    lane.end(fill(lane)[0], "throttled")
    assert lane.limit == 8


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


def worked_off(lane: Lane, clock: Clock, calls: int, latency: float, takes: Callable[[float, int], bool]) -> int:
    """So many calls, made as soon as the lane allows; a throttled one is made again. The number of throttles.

    ``takes``: the time and how many are being answered -> whether one more is.
    """
    ends: list[tuple[float, int, Outcome, Permit]] = []
    number, answering, throttles, left = itertools.count(), 0, 0, calls
    while left or ends:
        if left and lane.running < lane.limit and (not ends or max(clock.at, lane.closed_until) < ends[0][0]):
            permit = lane.start()
            assert permit is not None
            left -= 1
            if takes(clock.at, answering):
                answering += 1
                late = latency * (0.8 + 0.4 * (next(number) * 0.618 % 1))  # not all at once, as no service does
                heapq.heappush(ends, (clock.at + late, next(number), "answered", permit))
            else:
                heapq.heappush(ends, (clock.at + 0.01, next(number), "throttled", permit))
            continue
        at, _, outcome, permit = heapq.heappop(ends)
        clock.at = max(clock.at, at)
        lane.end(permit, outcome)
        answering -= outcome == "answered"
        left += outcome == "throttled"
        throttles += outcome == "throttled"
    return throttles


@settings(max_examples=60)
@given(st.integers(4, 80), st.floats(0.2, 8), st.floats(1, 5))
def test_a_lane_that_takes_so_many_is_used_up(takes: int, latency: float, wider: float) -> None:
    """Whatever the ceiling: within a quarter of the ideal time, with few throttles."""
    clock, calls = Clock(), 40 * takes
    began, lane = clock.at, lane_of(clock, ceiling=round(takes * wider))
    throttles = worked_off(lane, clock, calls, latency, lambda at, answering: answering < takes)
    ideal = calls * latency / takes
    assert clock.at - began <= 1.25 * ideal
    assert throttles <= 0.08 * calls


@settings(max_examples=30)
@given(st.integers(8, 40), st.floats(0.2, 2))
def test_a_lane_that_takes_so_many_a_second_is_used_up(rate: int, latency: float) -> None:
    clock, calls = Clock(), 60 * rate
    level, seen = float(rate), clock.at

    def takes(at: float, answering: int) -> bool:
        nonlocal level, seen
        level, seen = min(float(rate), level + (at - seen) * rate), at
        allowed = level >= 1
        level -= allowed
        return allowed

    began = clock.at
    throttles = worked_off(lane_of(clock, ceiling=100), clock, calls, latency, takes)
    assert clock.at - began <= 1.25 * (calls - rate) / rate
    assert throttles <= 0.2 * calls


@given(st.integers(5, 60), st.integers(1, 4))
def test_a_lane_that_takes_less_all_of_a_sudden_is_followed(takes: int, share: int) -> None:
    clock = Clock()
    lane = lane_of(clock, ceiling=200)
    worked_off(lane, clock, 20 * takes, 1.0, lambda at, answering: answering < takes)
    fewer = max(1, takes // (share + 1))
    worked_off(lane, clock, 20 * fewer, 1.0, lambda at, answering: answering < fewer)
    assert lane.limit <= fewer * 1.5 + 1
