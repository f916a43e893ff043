"""The law of a tombstone: of every kind, pointers first; killed at any write and run again, nothing is left behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from world import assembly
from world.crash import Point, crash_in_aws
from world.desk import DAY, Desk
from world.estate import Estate
from world.process import Zygote

from releaser import sandbox

POINTERS = ("ssm.DeleteParameter", "bedrock-agent.DeleteFlowAlias", "bedrock-agent.DeleteAgentAlias")
RUN = ("reconcile", "-e", "dev", "--workers", "1")


@pytest.fixture
def estate(zygote: Zygote, world_box: sandbox.SandboxProcess, tmp_path: Path) -> Iterator[Estate]:
    """A use case of every kind, live by its pin, and a tombstone that is not applied yet."""
    desk, _ = assembly.new_desk(zygote, world_box, tmp_path / "desk")
    desk.repo.environment("dev", desk.account, track=None)
    found = Estate({"dev": desk})
    assembly.STAGES["first"](desk)
    desk.repo.commit("first")
    desk.run("release", ok=0)
    found.pin("dev", "r1")
    desk.repo.commit("pinned")
    desk.run("reconcile", "-e", "dev", ok=0)
    found.pin("dev", "retired")
    desk.repo.commit("retired")
    yield found
    world_box.admin.clear_faults()


def kinds(content: dict[str, Any]) -> set[str]:
    return {name.split(" ")[0] for name in content}


def aliases(desk: Desk) -> set[str]:
    """Agents that callers have an alias of: AWS's own, and the one that cuts versions, are none."""
    client = desk.client("bedrock-agent")
    agents = client.list_agents()["agentSummaries"]
    listed = {a["agentName"]: client.list_agent_aliases(agentId=a["agentId"])["agentAliasSummaries"] for a in agents}
    return {
        name
        for name, rows in listed.items()
        if any(r["agentAliasName"] not in ("AgentTestAlias", "releaser-candidate") for r in rows)
    }


def outcomes(desk: Desk) -> list[str]:
    records = desk.repo.records()
    return [json.loads(records[p])["outcome"] for p in sorted(records) if p.endswith("closed.json")]


def test_pointers_go_first_and_everything_goes(estate: Estate) -> None:
    desk = estate.dev
    whole, past = kinds(desk.content()), desk.mark()
    desk.run(*RUN, ok=0)
    done = desk.effects(past)
    first_mark = next(i for i, operation in enumerate(done) if "Delete" not in operation)
    assert set(done[:first_mark]) == set(POINTERS), done
    assert not [o for o in done[first_mark:] if "Delete" in o], "what is marked stays for the rollback window"
    left = desk.content()
    assert kinds(left) == whole - {"parameter"}
    assert aliases(desk) == {"mail_typist"}, "the lead works with the typist: AWS would refuse to delete that alias"
    desk.settled()
    desk.later += 2 * DAY
    desk.run(*RUN, ok=0)
    assert desk.content() == {}
    desk.settled()
    assert outcomes(desk) == ["released", "retired", "retired"]


MOMENTS = [
    Point("aws", "ssm.DeleteParameter", 1, after=False),
    Point("aws", "bedrock-agent.DeleteFlowAlias", 1, after=True),
    Point("aws", "bedrock-agent.TagResource", 2, after=True),
]


@pytest.mark.nightly
def test_killed_on_the_way_it_is_finished(estate: Estate) -> None:
    desk = estate.dev
    for point in MOMENTS:
        assert crash_in_aws(desk, point, RUN).code == -9, point
    desk.run(*RUN, ok=0)
    assert outcomes(desk) == ["released", "retired"], "one record, continued"
    desk.later += 2 * DAY
    assert crash_in_aws(desk, Point("aws", "bedrock-agent.DeleteAgent", 1, after=True), RUN).code == -9
    desk.run(*RUN, ok=0)
    assert desk.content() == {}
    desk.settled()
