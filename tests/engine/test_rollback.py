"""The way back: a revert moves pointers to versions that exist, then puts the drafts back. It publishes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from world.account import versions
from world.desk import Desk
from world.manifest import HAIKU, guardrail, use_case
from world.repository import LETTER

TWO = {"answer": LETTER.replace("three", "two")}


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    """r1, then r2 with another prompt, guardrail and model, then a revert that is not applied yet."""
    found = new_desk()
    found.repo.declare(use_case())
    found.repo.commit("first")
    found.reconcile()
    found.repo.declare(use_case(guardrails={"main": guardrail("HIGH")}, model=HAIKU), TWO)
    found.repo.commit("second")
    found.reconcile()
    found.repo.git("revert", "--no-edit", "HEAD")
    return found


def runtime(desk: Desk) -> dict[str, Any]:
    return desk.content()["parameter /releaser/mail/runtime"]["draft"]["Value"]


def test_a_revert_plans_no_version_and_nothing_new(desk: Desk) -> None:
    plan = desk.plan()
    verbs = [(s["verb"], s["address"], s["wave"]) for s in plan["steps"]]
    assert {v for v, _, _ in verbs} <= {"repoint", "update", "retire"}, verbs
    assert {w for _, _, w in verbs} == {"promote"}, f"a rollback stages nothing: {verbs}"
    assert plan["summary"]["publish"] == plan["summary"]["create"] == plan["summary"]["delete"] == 0


def test_pointers_move_first_and_old_versions_are_live_again(desk: Desk) -> None:
    before = versions(desk.content())
    past = desk.mark()
    desk.reconcile()
    done = desk.writes(past)
    assert done[0] == "ssm.PutParameter", done
    assert not [o for o in done if "Create" in o or "Delete" in o], done
    assert versions(desk.content()) == before == {"guardrail mail_main": ["1", "2"], "prompt mail_answer": ["1", "2"]}
    live = runtime(desk)
    assert live["guardrails"]["main"]["version"] == "1"
    assert live["prompts"]["answer"]["arn"].endswith(":1")
    assert live["release"] == "r3"
    profiles = {n: d["tags"] for n, d in desk.content().items() if n.startswith("profile")}
    assert sorted("releaser:retired" in t for t in profiles.values()) == [False, True]
    used = next(n for n, t in profiles.items() if "releaser:retired" not in t)
    assert f"<{used}>" in live["models"]["answer"]["modelId"]
    desk.settled()


def test_there_and_back_again_publishes_nothing_either(desk: Desk) -> None:
    desk.reconcile()
    for _ in range(2):
        desk.repo.git("revert", "--no-edit", "HEAD")
        past = desk.mark()
        desk.reconcile()
        assert not [o for o in desk.writes(past) if "Create" in o]
        desk.settled()
    assert desk.repo.tags() == [f"mail/r{n}" for n in range(1, 6)]


def test_a_rollback_when_the_old_version_is_gone_cuts_it_anew(desk: Desk) -> None:
    bedrock = desk.client("bedrock")
    row = next(g for g in bedrock.list_guardrails()["guardrails"] if g["name"] == "mail_main")
    bedrock.delete_guardrail(guardrailIdentifier=row["id"], guardrailVersion="1")
    desk.reconcile()
    assert versions(desk.content())["guardrail mail_main"] == ["2", "3"]
    assert runtime(desk)["guardrails"]["main"]["version"] == "3"
    desk.settled()


def test_a_release_digest_comes_back_under_a_new_number(desk: Desk) -> None:
    first = _release_digest(desk, "r1")
    desk.reconcile()
    assert first
    assert _release_digest(desk, "r3") == first


def _release_digest(desk: Desk, release: str) -> str:
    wanted = "--format=%(contents:trailers:key=Release-Digest,valueonly)"
    return desk.repo.git("for-each-ref", wanted, f"refs/tags/mail/{release}")
