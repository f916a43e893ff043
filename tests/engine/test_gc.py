"""gc deletes versions that nothing needs, and nothing else; a rollback makes them anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from world.account import versions
from world.desk import DAY, Desk
from world.manifest import guardrail, use_case
from world.process import until

from releaser.core.address import Address
from releaser.core.garbage import Published, mention
from releaser.core.values import freeze

PROMPT = "prompt mail_answer"


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    """Five releases of one prompt and guardrail, none of them younger than the rollback window but the last."""
    found = new_desk()
    for n in range(1, 6):
        strength = "HIGH" if n > 1 else "MEDIUM"
        found.repo.declare(
            use_case(guardrails={"main": guardrail(strength)}), {"answer": f"{n} times: answer {{{{letter}}}} briefly."}
        )
        found.repo.commit(f"release {n}")
        found.reconcile()
    return found


def gc(desk: Desk, *args: str) -> dict[str, Any]:
    return json.loads(desk.run("gc", "-e", "dev", "--output", "json", *args, ok=0).out)


def states(found: dict[str, Any]) -> dict[str, list[str]]:
    by_address: dict[str, list[str]] = {}
    for row in found["versions"]:
        by_address.setdefault(row["address"], []).append(f"{row['version']} {row['state']}")
    return by_address


def test_within_the_rollback_window_everything_stays(desk: Desk) -> None:
    found = gc(desk)
    assert {r["state"] for r in found["versions"]} == {"kept"}
    assert len(found["versions"]) == 7


def test_after_the_window_old_versions_go_and_nothing_else(desk: Desk) -> None:
    desk.later = 40 * DAY
    shown = gc(desk)
    assert states(shown)["mail/prompt/answer"] == ["1 unneeded", "2 unneeded", "3 unneeded", "4 kept", "5 kept"]
    past = desk.mark()
    assert states(gc(desk, "--apply"))["mail/prompt/answer"][:3] == ["1 deleted", "2 deleted", "3 deleted"]
    assert set(desk.writes(past)) == {"bedrock-agent.DeletePrompt"}
    assert versions(desk.content())[PROMPT] == ["4", "5"]
    assert versions(desk.content())["guardrail mail_main"] == ["1", "2"]
    desk.settled()
    history = json.loads(desk.run("history", "mail", "-e", "dev", "--output", "json", ok=0).out)
    assert history[0]["outcome"] == "pruned" and history[0]["release"] == "r5"
    assert gc(desk)["versions"] and not [r for r in gc(desk)["versions"] if r["state"] != "kept"]


def test_what_anybody_uses_stays(desk: Desk) -> None:
    desk.later = 40 * DAY
    agent = desk.client("bedrock-agent")
    (row,) = [p for p in agent.list_prompts()["promptSummaries"] if p["name"] == "mail_answer"]
    agent.create_prompt_version(promptIdentifier=row["id"], description="by hand")
    ssm = desk.client("ssm")
    ssm.put_parameter(Name="/releaser/other/runtime", Type="String", Value=json.dumps({"arn": f"{row['arn']}:2"}))
    bedrock = desk.client("bedrock")
    (held,) = bedrock.list_guardrails()["guardrails"]
    bedrock.put_enforced_guardrail_configuration(
        guardrailInferenceConfig={"guardrailIdentifier": held["id"], "guardrailVersion": "1"}
    )
    found = gc(desk, "--keep", "1")
    reasons = {(r["address"].split("/")[1], r["version"]): r["kept"] for r in found["versions"]}
    assert reasons["prompt", "6"] == "not made by us"
    assert reasons["prompt", "2"].startswith("used by runtime-configuration")
    assert reasons["guardrail", "1"] == "used by the account's enforced guardrail"
    assert [v for (k, v), why in reasons.items() if not why] == ["1", "3", "4"]


def test_nothing_is_deleted_when_a_user_cannot_be_read(desk: Desk) -> None:
    desk.later = 40 * DAY
    past = desk.mark()
    for operation in ("ListEnforcedGuardrailsConfiguration", "DescribeParameters"):
        denied = {"code": "AccessDeniedException", "status": 403, "times": None, "operation": operation}
        desk.admin.add_fault("error", account=desk.account, **denied)
        ended = desk.run("gc", "-e", "dev", "--apply")
        desk.admin.clear_faults()
        assert ended.code == 1, ended.said
    assert desk.writes(past) == []


def test_a_release_whose_version_was_collected_comes_back_from_git(desk: Desk) -> None:
    desk.later = 40 * DAY
    gc(desk, "--apply")
    desk.repo.declare(
        use_case(guardrails={"main": guardrail("HIGH")}), {"answer": "2 times: answer {{letter}} briefly."}
    )
    desk.repo.commit("back to the second")
    desk.reconcile()
    assert versions(desk.content())[PROMPT] == ["4", "5", "6"]
    live = desk.content()["parameter /releaser/mail/runtime"]["draft"]["Value"]
    assert live["prompts"]["answer"]["arn"].endswith(":6")
    desk.settled()


def test_ten_versions_are_no_wall(desk: Desk) -> None:
    for n in range(6, 11):
        desk.repo.declare(use_case(guardrails={"main": guardrail("HIGH")}), {"answer": f"{n} times: {{{{letter}}}}"})
        desk.repo.commit(f"release {n}")
        desk.reconcile()
    desk.repo.declare(use_case(guardrails={"main": guardrail("HIGH")}), {"answer": "eleven: {{letter}}"})
    desk.repo.commit("release 11")
    assert "P120" in desk.reconcile(ok=None).said
    desk.later = 40 * DAY
    gc(desk, "--apply")
    desk.reconcile()
    desk.settled()


def killed(desk: Desk, operation: str, *args: str) -> None:
    """A command that ends with SIGKILL while AWS is asked for an operation."""
    service, _, name = operation.partition(".")
    desk.admin.add_fault("hang-before", service=service, operation=name, account=desk.account)
    run = desk.start(*args)
    until(lambda: desk.admin.held() or run.is_over)
    assert run.kill().code == -9
    desk.admin.clear_faults()


def test_an_interrupted_release_is_left_to_be_continued(desk: Desk) -> None:
    desk.repo.declare(use_case(guardrails={"main": guardrail("HIGH")}), {"answer": "sixth: {{letter}}"})
    desk.repo.commit("release 6")
    killed(desk, "bedrock-agent.CreatePromptVersion", "reconcile", "-e", "dev")
    desk.later = 40 * DAY
    past = desk.mark()
    ended = desk.run("gc", "-e", "dev", "--apply", ok=4)
    assert "was interrupted" in ended.said
    assert desk.writes(past) == []
    desk.reconcile("--take-over")
    desk.settled()
    gc(desk, "--apply")
    assert versions(desk.content())[PROMPT] == ["5", "6"]


def test_an_interrupted_gc_is_no_wall_for_a_release(desk: Desk) -> None:
    desk.later = 40 * DAY
    killed(desk, "bedrock-agent.DeletePrompt", "gc", "-e", "dev", "--apply")
    (row,) = desk.client("bedrock-agent").list_prompts()["promptSummaries"]
    drafted = desk.client("bedrock-agent").get_prompt(promptIdentifier=row["id"])
    (variant,) = drafted["variants"]
    variant["templateConfiguration"]["text"]["text"] = "By hand: {{letter}}"
    desk.client("bedrock-agent").update_prompt(
        promptIdentifier=row["id"],
        name=row["name"],
        variants=[variant],
        defaultVariant=drafted["defaultVariant"],
    )
    desk.reconcile("--take-over", "--deep")
    desk.settled()


def test_a_number_somewhere_else_in_a_document_keeps_nothing() -> None:
    """An application's document names the agent, and elsewhere version 1 of a guardrail."""
    document = {"agents": {"desk": {"agentId": "AGENT00001"}}, "guardrails": {"main": {"id": "g1", "version": "1"}}}
    found = mention("a document", freeze(document))
    address = Address("mail", "agent", "desk")
    assert not found.names(Published(address, "AGENT00001", "arn:agent/AGENT00001", "1", True))
    assert found.names(Published(replace(address, kind="guardrail"), "g1", "arn:guardrail/g1", "1", True))
    alias = mention("an alias", freeze({"of": "AGENT00001", "routingConfiguration": [{"agentVersion": "1"}]}))
    assert alias.names(Published(address, "AGENT00001", "arn:agent/AGENT00001", "1", True))
