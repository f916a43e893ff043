"""Laws of the scheduler, over random graphs and failures: never stuck, never too early, all that depends is skipped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releaser.core.schedule import Schedule, Stuck


@st.composite
def graphs(draw: st.DrawFn) -> dict[int, frozenset[int]]:
    """A graph without circles, declared in any order: each task needs some of those with a smaller number."""
    size = draw(st.integers(1, 14))
    needs = {n: frozenset(draw(st.sets(st.integers(0, n - 1), max_size=4))) if n else frozenset() for n in range(size)}
    order = draw(st.permutations(range(size)))
    return {n: needs[n] for n in order}


def below(needs: dict[int, frozenset[int]], failed: set[int]) -> set[int]:
    """All that needs one of ``failed``, at any distance."""
    found: set[int] = set()
    grew = True
    while grew:
        more = {t for t, wanted in needs.items() if wanted & (failed | found)} - found
        found |= more
        grew = bool(more)
    return found


@given(needs=graphs(), workers=st.integers(1, 6), data=st.data())
def test_everything_ends_in_an_order_that_the_edges_permit(
    needs: dict[int, frozenset[int]], workers: int, data: st.DataObject
) -> None:
    schedule = Schedule(needs)
    failed: set[int] = set()
    started: list[int] = []
    for _ in range(3 * len(needs) + 1):
        if schedule.is_over:
            break
        ready = schedule.ready()
        assert not set(ready) & schedule.running
        assert all(needs[t] <= schedule.done for t in ready), "before its needs"
        may_start = ready[: workers - len(schedule.running)]
        for task in may_start:
            schedule.start(task)
            started.append(task)
        task = data.draw(st.sampled_from(sorted(schedule.running)))
        if data.draw(st.booleans()) or len(failed) > 3:
            schedule.finish(task)
        else:
            failed.add(task)
            skipped = schedule.fail(task)
            assert not set(skipped) & set(started), "skipped what had started"
    assert schedule.is_over
    assert len(started) == len(set(started)), "started twice"
    assert schedule.failed == failed
    assert schedule.skipped == below(needs, failed)
    assert schedule.done == set(needs) - failed - schedule.skipped
    assert schedule.ready() == ()


@given(needs=graphs())
def test_ready_is_in_the_order_of_declaration(needs: dict[int, frozenset[int]]) -> None:
    schedule = Schedule(needs)
    declared = list(needs)
    while not schedule.is_over:
        ready = schedule.ready()
        assert list(ready) == sorted(ready, key=declared.index)
        schedule.start(ready[-1])
        schedule.finish(ready[-1])


@given(size=st.integers(2, 8))
def test_a_circle_is_said_not_waited_for(size: int) -> None:
    schedule = Schedule({n: frozenset({(n + 1) % size}) for n in range(size)})
    with pytest.raises(Stuck):
        schedule.ready()
