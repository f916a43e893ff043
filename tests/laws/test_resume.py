"""A resumed run does at most what was approved; what is no longer wanted is closed as such and cleaned up."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from world.crash import Point, Tripwire, crash
from world.desk import DAY, Desk
from world.manifest import HAIKU, guardrail, use_case
from world.repository import LETTER

pytestmark = pytest.mark.sampled(2)

NOVA = "eu.amazon.nova-pro-v1:0"
CHANGED = {"answer": LETTER.replace("three", "two")}


@pytest.fixture
def killed(new_desk: Callable[..., Desk]) -> Desk:
    """r1 is live; the run of r2 (prompt, guardrail, model) was killed after it had made the new profile."""
    desk = new_desk()
    desk.repo.declare(use_case(prompts=("answer", "plain")))
    desk.repo.commit("first")
    desk.reconcile()
    second = use_case(prompts=("answer", "plain"), guardrails={"main": guardrail("HIGH")}, model=HAIKU)
    desk.repo.declare(second, CHANGED)
    desk.repo.commit("second")
    point = Point("aws", "bedrock.CreateInferenceProfile", 1, after=True)
    crash(desk, Tripwire(desk), point, "reconcile", "-e", "dev", "--workers", "1")
    return desk


def outcomes(desk: Desk) -> list[str]:
    records = desk.repo.records()
    found = desk.releases()
    return [
        json.loads(records[f"{f}/closed.json"])["outcome"] if "closed.json" in found[f] else "open"
        for f in sorted(found)
    ]


def test_more_than_was_approved_is_refused(killed: Desk) -> None:
    """Between crash and resumption somebody deletes a prompt: making it anew was never approved."""
    desk = killed
    agent = desk.client("bedrock-agent")
    row = next(p for p in agent.list_prompts()["promptSummaries"] if p["name"] == "mail_plain")
    agent.delete_prompt(promptIdentifier=row["id"])
    writes = desk.mark()
    ended = desk.reconcile(ok=4)
    assert "P134" in ended.said
    assert "create mail/prompt/plain" in ended.said
    assert "--supersede" in ended.said
    assert desk.writes(writes) == []
    assert outcomes(desk) == ["released", "open"]
    desk.reconcile("--supersede")
    assert outcomes(desk) == ["released", "superseded", "released"]
    assert sorted(desk.content()["prompt mail_plain"]["versions"]) == ["1"]
    desk.settled()


def test_less_than_was_approved_is_fine(killed: Desk) -> None:
    """Somebody did part of the work by hand."""
    desk = killed
    bedrock = desk.client("bedrock")
    row = next(g for g in bedrock.list_guardrails()["guardrails"] if g["name"] == "mail_main")
    bedrock.update_guardrail(guardrailIdentifier=row["id"], name="mail_main", **guardrail("HIGH"))
    writes = desk.mark()
    desk.reconcile()
    assert "bedrock.UpdateGuardrail" not in desk.writes(writes)
    assert outcomes(desk) == ["released", "released"]
    desk.settled()


def test_a_later_commit_supersedes_and_nothing_is_orphaned(killed: Desk) -> None:
    """The profile that the dead run made is wanted by nobody: marked, and deleted after the window."""
    desk = killed
    third = use_case(prompts=("answer", "plain"), guardrails={"main": guardrail("HIGH")}, model=NOVA)
    desk.repo.declare(third, CHANGED)
    desk.repo.commit("third")
    desk.reconcile()
    assert outcomes(desk) == ["released", "superseded", "released"]
    profiles = {n: "releaser:retired" in d["tags"] for n, d in desk.content().items() if n.startswith("profile")}
    assert sorted(profiles.values()) == [False, True, True], profiles
    desk.settled()
    desk.later = 2 * DAY
    desk.reconcile()
    assert len([n for n in desk.content() if n.startswith("profile")]) == 1
    desk.settled()


def test_a_revert_of_the_killed_release_leaves_nothing_behind(killed: Desk) -> None:
    desk = killed
    desk.repo.git("revert", "--no-edit", "HEAD")
    desk.reconcile()
    profiles = {n: "releaser:retired" in d["tags"] for n, d in desk.content().items() if n.startswith("profile")}
    assert sorted(profiles.values()) == [False, True], profiles
    desk.settled()
    desk.later = 2 * DAY
    desk.reconcile()
    assert len([n for n in desk.content() if n.startswith("profile")]) == 1
    desk.settled()


def test_the_use_case_is_removed_from_git_after_the_crash(killed: Desk) -> None:
    """An open record whose folder is gone is no reason to delete anything, and keeps nobody else out."""
    desk = killed
    before = desk.content()
    desk.repo.remove("mail")
    desk.repo.declare(use_case("letters", guardrails={}, prompts=()))
    desk.repo.commit("gone")
    desk.reconcile()
    after = desk.content()
    assert {n: after[n] for n in before} == before
    assert "open" in outcomes(desk)
