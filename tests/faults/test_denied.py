"""Denied: a read that is refused never plans a create or a delete; a write that is refused fails its use case only."""

from __future__ import annotations

import json
from typing import Any

import pytest
from test_matrix import demand_clear_stop
from world import story
from world.desk import Desk, is_read
from world.manifest import use_case

from releaser.kinds import registry

pytestmark = pytest.mark.sampled(2)

DENIED = {"code": "AccessDeniedException", "status": 403, "message": "not authorized", "times": None}


def deny(desk: Desk, operation: str, **match: Any) -> None:
    service, _, name = operation.partition(".")
    desk.admin.add_fault("error", service=service, operation=name, account=desk.account, **DENIED, **match)


READS = [
    *(f"bedrock.{o}" for o in ("ListGuardrails", "GetGuardrail", "ListInferenceProfiles", "GetInferenceProfile")),
    "bedrock.ListTagsForResource",
    "bedrock.GetFoundationModelAvailability",
    *(f"bedrock-agent.{o}" for o in ("ListPrompts", "GetPrompt", "ListTagsForResource")),
    *(f"ssm.{o}" for o in ("DescribeParameters", "GetParameter", "ListTagsForResource")),
]


def test_these_are_all_the_reads(reference: story.Reference) -> None:
    called = {o for operations in reference.operations.values() for o in operations if is_read(o)}
    lists = {f"{k.service}.{k.calls.list}" for k in registry().values() if not k.on_demand}
    known = {"sts.GetCallerIdentity", "bedrock.ListFoundationModels", *(lists - set(READS))}
    known.add("service-quotas.GetServiceQuota")  # without it the documented figures hold
    assert called - known == set(READS)


@pytest.fixture
def released(story_desk: Desk) -> Desk:
    """Two stages of life done, the removal committed and not applied: there is something of everything to do."""
    desk = story_desk
    for stage in ("first", "change"):
        story.STAGES[stage](desk)
        desk.repo.commit(stage)
        desk.reconcile()
    story.STAGES["removal"](desk)
    desk.repo.commit("removal")
    return desk


def test_a_denied_read_plans_no_create_and_no_delete(released: Desk) -> None:
    desk = released
    before = desk.content()
    records = desk.releases()
    for read in READS:
        deny(desk, read)
        desk.admin.reset_calls(desk.account)
        plan = desk.plan("--deep")
        if read not in desk.admin.calls(desk.account):
            desk.admin.clear_faults()
            continue  # GetInferenceProfile: its list rows are whole, only a run reads it; no model is new here
        verbs = {s["verb"] for s in plan["steps"]}
        assert not verbs & {"create", "publish", "delete", "retire"}, f"{read}: {sorted(verbs)}"
        ended = desk.run("plan", "-e", "dev", "--deep")
        demand_clear_stop(ended, read)
        service, _, name = read.partition(".")
        assert f"{service} {name}" in ended.said, f"{read} is not named: {ended.said}"
        desk.admin.clear_faults()
    deny(desk, "bedrock.GetGuardrail")
    writes = desk.mark()
    demand_clear_stop(desk.reconcile(ok=None), "reconcile")
    assert desk.writes(writes) == []
    desk.admin.clear_faults()
    assert desk.content() == before
    assert desk.releases() == records
    desk.reconcile()
    desk.settled()


@pytest.mark.parametrize("read", [r for r in READS if (".List" in r and "Tags" not in r) or ".Desc" in r])
def test_a_denied_list_on_an_empty_account_creates_nothing(read: str, story_desk: Desk) -> None:
    desk = story_desk
    story.STAGES["first"](desk)
    desk.repo.commit()
    deny(desk, read)
    demand_clear_stop(desk.reconcile(ok=None), read)
    assert desk.writes() == []
    desk.admin.clear_faults()
    desk.reconcile()
    desk.settled()


@pytest.mark.parametrize("operation", ["sts.GetCallerIdentity", "bedrock.ListFoundationModels"])
def test_a_denied_look_at_the_surroundings_stops_everything(operation: str, story_desk: Desk) -> None:
    """Who we are, and which models are near their end: without an answer nothing is written."""
    desk = story_desk
    story.STAGES["first"](desk)
    desk.repo.commit()
    deny(desk, operation)
    ended = desk.reconcile(ok=None)
    assert ended.code != 0, ended.said
    assert desk.writes() == []


WRITES = [
    "bedrock.CreateGuardrail",
    "bedrock.CreateGuardrailVersion",
    "bedrock-agent.CreatePrompt",
    "bedrock-agent.CreatePromptVersion",
    "ssm.PutParameter",
]


@pytest.mark.parametrize("write", WRITES)
def test_a_denied_write_fails_its_use_case_and_no_other(write: str, story_desk: Desk) -> None:
    desk = story_desk
    desk.repo.declare(use_case("mail"))
    desk.repo.declare(use_case("letters", prompts=(), guardrails={}))
    desk.repo.commit()
    match = {"param": {"Name": "/releaser/mail/runtime"}} if write.startswith("ssm") else {}
    deny(desk, write, **match)
    ended = desk.reconcile(ok=1)
    assert "AccessDeniedException" in ended.said
    assert write.partition(".")[2] in ended.said
    assert outcomes(desk) == {"letters": ["released"], "mail": ["failed"]}
    desk.admin.clear_faults()
    desk.reconcile()
    assert outcomes(desk) == {"letters": ["released"], "mail": ["failed", "released"]}
    versions = {k: v for k, v in _versions(desk).items() if v}
    assert versions == {"guardrail mail_main": ["1"], "prompt mail_answer": ["1"]}
    desk.settled()


def outcomes(desk: Desk) -> dict[str, list[str]]:
    """Use case -> how its records ended, oldest first."""
    found: dict[str, list[str]] = {}
    records = desk.repo.records()
    for folder in sorted(desk.releases()):
        closed = json.loads(records[f"{folder}/closed.json"])
        found.setdefault(folder.split("/")[1], []).append(closed["outcome"])
    return found


def _versions(desk: Desk) -> dict[str, list[str]]:
    return {name: sorted(d.get("versions", ())) for name, d in desk.content().items()}
