"""Callers of flows and agents move with the document that their reader has, and not before."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sandbox.flow_samples import END, ROLE, START, data, definition, node
from world.desk import Desk
from world.manifest import use_case
from world.process import until
from world.rollouts import CANARY, Readers, minutes, roll_out, slow_desk, slow_sandbox

from releaser import sandbox

FIRST, SECOND, THIRD = (f"Answer {{{{letter}}}} in {n} sentences." for n in ("two", "three", "four"))


@pytest.fixture(scope="module")
def box() -> Iterator[sandbox.SandboxProcess]:
    yield from slow_sandbox()


@pytest.fixture
def slow(new_desk: Callable[..., Desk], box: sandbox.SandboxProcess) -> Desk:
    return slow_desk(new_desk(), box)


def declare(
    desk: Desk, text: str, *, delivery: Any = CANARY, said: str = "Look dates up for adjusters, and never promise any."
) -> None:
    """A flow that asks a prompt, and an agent that has nothing to do with either."""
    source = {"resource": {"promptArn": "${prompt/answer.versionArn}"}}
    ask = node("Ask", "Prompt", ["letter"], ["modelCompletion"], sourceConfiguration=source)
    lines = (data("Start.document", "Ask.letter"), data("Ask.modelCompletion", "End.document"))
    flow = {"executionRoleArn": ROLE, "definition": definition(START, ask, END, *lines)}
    role = "arn:aws:iam::111111111111:role/agent"
    clerk = {"instruction": said, "foundationModel": "eu.amazon.nova-pro-v1:0", "agentResourceRoleArn": role}
    more = {"delivery": delivery} if delivery else {}
    desk.repo.declare(use_case(profile=False, flows={"main": flow}, agents={"clerk": clerk}, **more), {"answer": text})
    desk.repo.commit("a change")


def reached(desk: Desk, document: dict[str, Any]) -> tuple[str, str, str]:
    """The release of a document, and the versions of flow and agent that its reader's calls get to."""
    agent = desk.client("bedrock-agent")
    flow, clerk = document["flows"]["main"], document["agents"]["clerk"]
    alias = agent.get_flow_alias(
        flowIdentifier=flow["flowIdentifier"], aliasIdentifier=flow["flowAliasIdentifier"].rpartition("/")[2]
    )
    held = agent.get_agent_alias(agentId=clerk["agentId"], agentAliasId=clerk["agentAliasId"])["agentAlias"]
    flow_version = alias["routingConfiguration"][0]["flowVersion"]
    return document["release"], flow_version, held["routingConfiguration"][0]["agentVersion"]


def all_reached(desk: Desk, readers: Readers) -> set[tuple[str, str, str]]:
    readers.releases()
    return {reached(desk, document) for document in readers.known}


def test_callers_move_with_their_document_and_go_back_with_it(slow: Desk) -> None:
    declare(slow, FIRST)
    slow.reconcile()
    readers = Readers(slow, 40)
    assert all_reached(slow, readers) == {("r1", "1", "1")}

    declare(slow, SECOND)
    slow.reconcile("--wait", "1s", ok=5)
    assert all_reached(slow, readers) == {("r1", "1", "1"), ("r2", "2", "1")}
    slow.admin.advance(minutes(31))
    slow.reconcile()
    assert all_reached(slow, readers) == {("r2", "2", "1")}
    slow.settled()

    slow.repo.git("revert", "--no-edit", "HEAD")
    past = slow.mark()
    slow.reconcile("--wait", "1s", ok=5)
    assert all_reached(slow, readers) == {("r2", "2", "1"), ("r3", "1", "1")}
    moved = [o for o in slow.effects(past) if "Alias" in o]
    assert moved == [], "what the older release calls stands where it stood"
    slow.admin.advance(minutes(31))
    slow.reconcile()
    declare(slow, THIRD)
    roll_out(slow)
    assert all_reached(slow, readers) == {("r4", "3", "1")}
    slow.settled()
    past = slow.mark()
    slow.reconcile()
    assert slow.writes(past) == []


def test_a_roll_out_whose_run_was_killed_comes_before_what_was_merged_since(slow: Desk) -> None:
    declare(slow, FIRST)
    slow.reconcile()
    readers = Readers(slow, 40)
    declare(slow, SECOND)
    running = slow.start("reconcile", "-e", "dev", "--wait", "60s")
    until(lambda: "10 % of readers" in running._text("err"))
    running.kill()
    assert not any("delivering.json" in entries for entries in slow.releases().values())
    declare(slow, THIRD)
    assert "P364" in slow.reconcile("--take-over", "--wait", "1s", ok=5).said
    assert all_reached(slow, readers) == {("r1", "1", "1"), ("r2", "2", "1")}
    slow.admin.advance(minutes(31))
    slow.reconcile()
    assert all_reached(slow, readers) == {("r2", "2", "1")}
    slow.reconcile("--wait", "1s", ok=5)
    assert all_reached(slow, readers) == {("r2", "2", "1"), ("r3", "3", "1")}


def test_on_and_off_breaks_no_caller(slow: Desk) -> None:
    declare(slow, FIRST, delivery=None)
    slow.reconcile()
    old = _document(slow)
    declare(slow, SECOND)
    slow.reconcile()
    assert reached(slow, old) == ("r1", "1", "1"), "who reads the parameter is where it was"
    assert all_reached(slow, Readers(slow, 3)) == {("r2", "2", "1")}
    slow.settled()
    readers = Readers(slow, 3)
    readers.releases()
    declare(slow, THIRD, delivery=None)
    slow.reconcile()
    assert reached(slow, _document(slow)) == ("r3", "3", "1")
    assert all_reached(slow, readers) == {("r2", "2", "1")}, "who reads AppConfig has time"
    slow.settled()
    slow.later = 3 * 86400.0
    slow.reconcile()
    assert slow.client("appconfig").list_applications()["Items"] == []
    slow.settled()


def _document(desk: Desk) -> dict[str, Any]:
    value = desk.client("ssm").get_parameter(Name="/releaser/mail/runtime")["Parameter"]["Value"]
    found: dict[str, Any] = json.loads(value)
    return found
