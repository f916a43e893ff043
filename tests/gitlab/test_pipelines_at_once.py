"""Two pipelines on one environment, and jobs that are killed: nothing interleaves, nothing is lost."""

from __future__ import annotations

import threading

import pytest
from ci.merges import Merges
from world.process import until

RECONCILE = "releaser:reconcile: [dev]"


def test_the_second_pipeline_waits_for_the_first(merges: Merges) -> None:
    first = merges.merge("HIGH", "three")
    with merges.held(first, "CreateGuardrail") as running:
        second = merges.merge("MEDIUM", "two")
        waiting = threading.Thread(target=second.run)
        waiting.start()
        until(lambda: second.states[RECONCILE] == "running", why="the second job")
        assert not merges.changed()
        merges.desk.admin.release()
        running.join(60)
        waiting.join(60)
    assert first.states[RECONCILE] == second.states[RECONCILE] == "success", first.explained() + second.explained()
    merges.is_sound("r1", "r2")


def test_without_the_lock_of_the_server_the_record_is_the_lock(merges: Merges) -> None:
    merges.project.has_locks = False
    first = merges.merge("HIGH", "three")
    with merges.held(first, "CreateGuardrail"):
        second = merges.merge("MEDIUM", "two").run()
        assert second.states[RECONCILE] == "failed"
        assert f"mail in dev is held by job {RECONCILE} of pipeline" in second.log(RECONCILE)
        assert not merges.changed()
    assert first.states[RECONCILE] == "success", first.explained()
    second.again(RECONCILE)
    merges.is_sound("r1", "r2")


@pytest.mark.parametrize(
    ("how", "operation"), [("again", "CreateGuardrail"), ("night", "PutParameter"), ("merge", "CreatePrompt")]
)
def test_what_a_killed_job_left_is_finished(merges: Merges, how: str, operation: str) -> None:
    first = merges.merge("HIGH", "three")
    with merges.held(first, operation):
        merges.project.door.kill(first.ids[RECONCILE])
    assert first.states[RECONCILE] == "failed"
    if how == "again":
        found = first.again(RECONCILE)
    elif how == "night":
        found = merges.project.pushed("schedule").run()
    else:
        found = merges.merge("MEDIUM", "two").run()
    assert found.states[RECONCILE] == "success", found.explained()
    merges.is_sound("r1", *(["r2"] if how == "merge" else []))


def test_a_pipeline_that_starts_after_the_next_merge_leaves_the_work_to_that_one(merges: Merges) -> None:
    first, second = merges.merge("HIGH", "three"), merges.merge("MEDIUM", "two")
    first.run()
    assert first.states[RECONCILE] == "success" and "superseded: main is at" in first.log(RECONCILE)
    assert merges.desk.writes() == [] and merges.desk.repo.tags() == []
    second.run()
    merges.is_sound("r1")
