"""What is applied is what was reviewed; two changes that nobody saw together wait for a person, who may start a job."""

from __future__ import annotations

import json

import pytest
from ci.merges import Merges
from ci.project import Variable
from world.manifest import guardrail, use_case
from world.repository import LETTER

RECONCILE, DIVERGED = "releaser:reconcile: [dev]", "releaser:reconcile:diverged: [dev]"


@pytest.fixture
def reviewed(merges: Merges) -> Merges:
    """A release is live, and comments can be written and read."""
    merges.project.variables.append(Variable("RELEASER_GITLAB_TOKEN", "glpat-writes"))
    merges.desk.repo.declare(use_case(guardrails={"main": guardrail("MEDIUM")}))
    merges.desk.repo.commit("first")
    merges.desk.reconcile()
    return merges


def propose(merges: Merges, branch: str, strength: str, sentences: str) -> None:
    """A merge request from main as it is, whose pipeline has run."""
    repo = merges.desk.repo
    repo.git("fetch", "-q", "origin")
    repo.git("switch", "-q", "-c", branch, "origin/main")
    repo.declare(use_case(guardrails={"main": guardrail(strength)}), {"answer": LETTER.replace("three", sentences)})
    repo.git("commit", "-q", "-a", "-m", branch)
    repo.git("push", "-q", "origin", branch)
    found = merges.project.propose(branch).run()
    assert found.passed(), found.explained()


def recorded(merges: Merges) -> dict[str, str]:
    """Release -> what its record says of the review."""
    opened = [json.loads(raw) for path, raw in merges.desk.repo.records().items() if path.endswith("/opened.json")]
    return {one["release"]: one["change"].get("reviewed", "") for one in opened}


def test_two_changes_that_nobody_saw_together_wait_for_a_person(reviewed: Merges) -> None:
    propose(reviewed, "stricter", "HIGH", "three")
    propose(reviewed, "shorter", "MEDIUM", "two")
    reviewed.project.merge("stricter")
    both = reviewed.project.merge("shorter").run()
    assert both.states[RECONCILE] == "failed" and both.ran[RECONCILE].code == 4, both.explained()
    assert "--accept-divergence" in both.log(RECONCILE)
    both.play(DIVERGED)
    assert both.states[DIVERGED] == "success", both.log(DIVERGED)
    assert recorded(reviewed)["r2"] == "diverged"
    reviewed.is_sound("r1", "r2")


def test_one_after_the_other_is_as_it_was_reviewed(reviewed: Merges) -> None:
    for branch, strength, sentences in (("stricter", "HIGH", "three"), ("shorter", "HIGH", "two")):
        propose(reviewed, branch, strength, sentences)
        done = reviewed.project.merge(branch).run()
        assert done.states[RECONCILE] == "success", done.explained()
    assert recorded(reviewed) == {"r1": "", "r2": "same", "r3": "same"}
    reviewed.is_sound("r1", "r2", "r3")
