"""An example with knowledge base, flow and agent goes from manifest to release; changes reach what they must."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from world import advisor
from world.desk import Desk


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    """The example, released."""
    found = new_desk()
    advisor.settle_in(found)
    found.repo.commit("first")
    found.reconcile()
    return found


def runtime(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        desk.client("ssm").get_parameter(Name=f"/releaser/{advisor.NAME}/runtime")["Parameter"]["Value"]
    )
    return found


def test_it_is_released_as_declared_and_a_second_run_does_nothing(desk: Desk) -> None:
    desk.settled()
    past = desk.mark()
    desk.reconcile()
    assert desk.writes(past) == []
    live = runtime(desk)
    assert {"prompts", "guardrails", "knowledgeBases", "flows", "agents"} <= live.keys()


def test_a_changed_prompt_reaches_the_flow_and_nothing_else(desk: Desk) -> None:
    before = runtime(desk)
    advisor.edit(desk, "prompts/answer.md", "at most five sentences", "at most three sentences")
    desk.repo.commit("shorter")
    past = desk.mark()
    desk.reconcile()
    done = [o.rpartition(".")[2] for o in desk.effects(past)]
    assert done == [
        "UpdatePrompt",
        "CreatePromptVersion",
        "UpdateFlow",
        "PrepareFlow",
        "CreateFlowVersion",
        "UpdateFlowAlias",
        "PutParameter",
    ]
    after = runtime(desk)
    assert after["prompts"] != before["prompts"]
    assert {k: after[k] for k in ("flows", "agents", "knowledgeBases", "guardrails")} == {
        k: before[k] for k in ("flows", "agents", "knowledgeBases", "guardrails")
    }
    desk.settled()


def test_a_changed_guardrail_reaches_flow_agent_and_their_aliases(desk: Desk) -> None:
    advisor.edit(desk, "manifest.yaml", "threshold: 0.8", "threshold: 0.9")
    desk.repo.commit("stricter")
    past = desk.mark()
    desk.reconcile()
    done = [o.rpartition(".")[2] for o in desk.effects(past)]
    staged, moved = done[:-3], sorted(done[-3:])
    assert moved == ["PutParameter", "UpdateAgentAlias", "UpdateFlowAlias"]
    assert sorted(staged) == [
        "CreateFlowVersion",
        "CreateGuardrailVersion",
        "PrepareAgent",
        "PrepareFlow",
        "UpdateAgent",
        "UpdateAgentAlias",  # our own alias, which mints the version
        "UpdateFlow",
        "UpdateGuardrail",
    ]
    desk.settled()


def test_an_alias_that_does_not_fit_is_refused_before_anything_is_written(desk: Desk) -> None:
    agent = desk.client("bedrock-agent")
    (flow,) = agent.list_flows()["flowSummaries"]
    (ours,) = [
        a for a in agent.list_flow_aliases(flowIdentifier=flow["id"])["flowAliasSummaries"] if a["name"] == "live"
    ]
    agent.delete_flow_alias(flowIdentifier=flow["id"], aliasIdentifier=ours["id"])
    for n in range(10):
        routing = [{"flowVersion": "1"}]
        agent.create_flow_alias(flowIdentifier=flow["id"], name=f"other-{n}", routingConfiguration=routing)
    past = desk.mark()
    ended = desk.reconcile(ok=None)
    assert ended.code == 1 and "P122" in ended.said and "holds 10 of 10" in ended.said
    assert desk.writes(past) == []


def test_however_many_versions_an_agent_has_few_are_read(desk: Desk) -> None:
    agent = desk.client("bedrock-agent")
    (row,) = agent.list_agents()["agentSummaries"]
    aliases = agent.list_agent_aliases(agentId=row["agentId"])["agentAliasSummaries"]
    (ours,) = [a for a in aliases if a["agentAliasName"] == "releaser-candidate"]
    for _ in range(14):
        agent.update_agent_alias(
            agentId=row["agentId"], agentAliasId=ours["agentAliasId"], agentAliasName="releaser-candidate"
        )
    advisor.edit(desk, "manifest.yaml", "Look it up before you answer", "Look it up first")
    desk.repo.commit("other words")
    desk.admin.reset_calls(desk.account)
    desk.plan()
    assert desk.admin.calls(desk.account)["bedrock-agent.GetAgentVersion"] <= 10
    desk.reconcile()
    desk.settled()
