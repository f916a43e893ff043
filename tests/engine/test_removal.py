"""What is no longer declared: marked at once, deleted after the rollback window, kept when it comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from world import repository
from world.desk import DAY, Desk
from world.manifest import guardrail, use_case
from world.process import Zygote

from releaser import sandbox

PLAIN = "prompt mail_plain"
STRICT = "guardrail mail_strict"


def both() -> dict[str, Any]:
    return use_case(prompts=("answer", "plain"), guardrails={"main": guardrail(), "strict": guardrail("HIGH")})


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    """r1 with two prompts and two guardrails; r2 dropped one of each. The window is a day."""
    found = new_desk(rollbackWindow="1d")
    found.repo.declare(both())
    found.repo.commit("first")
    found.reconcile()
    found.repo.declare(use_case())
    (found.repo.root / "manifests/mail/prompts/plain.md").unlink()
    found.repo.commit("second")
    found.reconcile()
    return found


def test_it_is_marked_and_stays_for_the_rollback_window(desk: Desk) -> None:
    state = desk.content()
    assert "releaser:retired" in state[PLAIN]["tags"]
    assert "releaser:retired" in state[STRICT]["tags"]
    assert "plain" not in state["parameter /releaser/mail/runtime"]["draft"]["Value"]["prompts"]
    desk.settled()
    desk.later = DAY - 60
    desk.settled()
    desk.reconcile()
    assert {PLAIN, STRICT} <= desk.content().keys()


def test_it_is_deleted_after_the_window(desk: Desk) -> None:
    desk.later = DAY + 60
    plan = desk.plan()
    assert sorted((s["verb"], s["address"]) for s in plan["steps"]) == [
        ("delete", "mail/guardrail/strict"),
        ("delete", "mail/prompt/plain"),
    ]
    assert plan["summary"]["delete"] == 2
    desk.reconcile()
    assert not {PLAIN, STRICT} & desk.content().keys()
    desk.settled()
    writes = desk.mark()
    desk.reconcile()
    assert desk.writes(writes) == []


def test_it_comes_back_before_the_window_is_over(desk: Desk) -> None:
    desk.repo.declare(both())
    desk.repo.commit("back")
    past = desk.mark()
    desk.reconcile()
    assert not [o for o in desk.writes(past) if "Create" in o], desk.writes(past)
    state = desk.content()
    assert "releaser:retired" not in state[PLAIN]["tags"]
    assert "releaser:retired" not in state[STRICT]["tags"]
    desk.settled()
    desk.later = 5 * DAY
    desk.settled()


def test_it_comes_back_after_it_was_deleted(desk: Desk) -> None:
    desk.later = 2 * DAY
    desk.reconcile()
    desk.repo.declare(both())
    desk.repo.commit("back")
    desk.reconcile()
    assert sorted(desk.content()[PLAIN]["versions"]) == ["1"]
    desk.settled()


def test_what_somebody_took_over_meanwhile_is_not_deleted(desk: Desk) -> None:
    """Our mark is gone: somebody decided otherwise."""
    agent = desk.client("bedrock-agent")
    row = next(p for p in agent.list_prompts()["promptSummaries"] if p["name"] == "mail_plain")
    agent.untag_resource(resourceArn=row["arn"], tagKeys=["releaser:address"])
    desk.later = 2 * DAY
    ended = desk.reconcile(ok=None)
    assert ended.code == 0, "the release holds; what it no longer needs is told"
    assert "no longer carries our mark" in ended.said
    assert PLAIN in desk.content()


def test_deleted_by_hand_before_its_time(desk: Desk) -> None:
    agent = desk.client("bedrock-agent")
    row = next(p for p in agent.list_prompts()["promptSummaries"] if p["name"] == "mail_plain")
    agent.delete_prompt(promptIdentifier=row["id"])
    desk.settled()
    desk.later = 2 * DAY
    desk.reconcile()
    desk.settled()
    assert not {PLAIN, STRICT} & desk.content().keys()


def test_a_folder_that_is_gone_deletes_nothing(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk(rollbackWindow="1s")
    desk.repo.declare(use_case("mail"))
    desk.repo.declare(use_case("letters", guardrails={}, prompts=()))
    desk.repo.commit("two")
    desk.reconcile()
    before, writes = desk.content(), desk.mark()
    desk.repo.remove("letters")
    desk.repo.commit("one")
    desk.later = 5 * DAY
    plan = desk.plan()
    assert plan["steps"] == []
    assert [(d["code"], d["severity"]) for d in plan["diagnostics"]] == [("P103", "warning")]
    assert "letters" in desk.run("plan", "-e", "dev").said
    desk.reconcile()
    assert desk.content() == before
    assert desk.writes(writes) == []


def test_an_empty_repository_deletes_nothing(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk(rollbackWindow="1s")
    desk.repo.declare(use_case("mail"))
    desk.repo.commit("one")
    desk.reconcile()
    before, writes = desk.content(), desk.mark()
    desk.repo.remove("mail")
    desk.repo.commit("none")
    desk.later = 5 * DAY
    desk.reconcile(ok=None)
    assert desk.content() == before
    assert desk.writes(writes) == []


def test_agents_with_aliases_go_in_one_run_though_aws_takes_its_time(zygote: Zygote, tmp_path: Path) -> None:
    """An alias that is being deleted still keeps its agent, and an agent that is, its collaborators."""
    account = "000000000777"
    clerk = {
        "foundationModel": "amazon.nova-lite-v1:0",
        "agentResourceRoleArn": f"arn:aws:iam::{account}:role/agent",
        "instruction": "Look up claims for adjusters; never promise a payment, and say what is missing.",
    }
    colleague = {
        "collaboratorName": "clerk",
        "agentDescriptor": {"aliasArn": "${agent-alias/clerk.arn}"},
        "collaborationInstruction": "Knows claims.",
    }
    boss = {**clerk, "agentCollaboration": "SUPERVISOR", "collaborators": [colleague]}
    allow = [
        {"change": "delete", "at": at, "reason": "replaced by people", "until": "2099-01-01"}
        for at in ("agents.clerk", "agents.clerk.alias", "agents.boss", "agents.boss.alias")
    ]
    with sandbox.running(time_scale=0.03) as box:
        box.admin.set_rates({"*": None})
        repo = repository.create(tmp_path / "slow", server=False)
        repo.environment("dev", account)
        desk = Desk(zygote, box, repo, account)
        desk.repo.declare(use_case(agents={"clerk": clerk, "boss": boss}))
        desk.repo.commit("agents")
        desk.reconcile()
        desk.repo.declare(use_case(allow=allow))
        desk.repo.commit("none")
        desk.reconcile()
        desk.later = 2 * DAY
        ended = desk.reconcile()
        assert "failed" not in ended.said, ended.said
        assert desk.client("bedrock-agent").list_agents()["agentSummaries"] == []
