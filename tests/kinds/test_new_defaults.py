"""Learning of a server default, or not knowing one, publishes nothing and shows nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from kinds.cases import least
from kinds.conftest import SERVERS, NewAccount
from kinds.estate import USE_CASE, Estate, change_live, estate_of
from releaser.core.graph import compile_use_case
from releaser.core.kind import Kind, Site, Verb, View
from releaser.core.values import FrozenMap, thaw
from releaser.kinds import registry

GUARDRAIL = registry()["guardrail"]
BODY = {
    "blockedInputMessaging": "no question",
    "blockedOutputsMessaging": "no answer",
    "contentPolicyConfig": {
        "filtersConfig": [
            {"type": kind, "inputStrength": "HIGH", "outputStrength": "LOW"} for kind in ("VIOLENCE", "HATE", "SEXUAL")
        ]
    },
    "wordPolicyConfig": {"wordsConfig": [{"text": "bother"}]},
    "sensitiveInformationPolicyConfig": {"piiEntitiesConfig": [{"type": "EMAIL", "action": "ANONYMIZE"}]},
    "contextualGroundingPolicyConfig": {"filtersConfig": [{"type": "GROUNDING", "threshold": 0.7}]},
}
KNOWING: Mapping[str, Kind] = registry()
IGNORANT: Mapping[str, Kind] = {
    **registry(),
    "guardrail": replace(GUARDRAIL, fields=replace(GUARDRAIL.fields, defaults={})),
}
RULES = {"knowing": KNOWING, "ignorant": IGNORANT}
UPGRADES = [("knowing", "knowing"), ("ignorant", "ignorant"), ("ignorant", "knowing")]
"""No release unlearns a default."""


def _released(new_account: NewAccount, server: str, kinds: Mapping[str, Kind]) -> Estate:
    estate = estate_of(new_account(server), {"guardrails": {"main": BODY}}, "guardrail")
    estate.kinds = kinds
    estate.release()
    return estate


@pytest.mark.parametrize(("before", "after"), UPGRADES)
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("deep", [False, True])
def test_nothing_is_planned_when_only_the_rules_change(
    new_account: NewAccount, server: str, before: str, after: str, deep: bool
) -> None:
    estate = _released(new_account, server, RULES[before])
    estate.kinds = RULES[after]
    plan = estate.plan(deep=deep)

    assert not plan.blocked
    assert [f for c in plan.changes for f in c.fields] == []
    assert plan.is_empty


@pytest.mark.parametrize(("before", "after"), UPGRADES)
@pytest.mark.parametrize("server", SERVERS)
def test_a_live_change_is_still_named_alone(new_account: NewAccount, server: str, before: str, after: str) -> None:
    estate = _released(new_account, server, RULES[before])
    estate.kinds = RULES[after]
    node = estate.node("guardrail")
    body = thaw(node.body)
    body["contextualGroundingPolicyConfig"]["filtersConfig"][0]["threshold"] = 0.1
    change_live(estate.account, GUARDRAIL, estate.id_of(node.address), node.name, body)
    plan = estate.plan()

    path = "contextualGroundingPolicyConfig.filtersConfig[GROUNDING].threshold"
    assert [f.path for c in plan.changes for f in c.fields] == [path]
    assert [s.verb for s in plan.steps] == [Verb.UPDATE]


BASE = registry()["knowledge-base"]


def _bare_base(source: Mapping[str, object]) -> Mapping[str, object]:
    """As little as AWS takes: the harsher server adds an embedding data type, and chunking."""
    s3 = {"type": "S3", "s3Configuration": {"bucketArn": "arn:aws:s3:::documents"}}
    return {
        **least(BASE),
        "updates": "inPlace",
        "dataSources": [{"name": "a", "dataSourceConfiguration": s3, **source}],
    }


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("ingestion", [None, {"parsingConfiguration": {"parsingStrategy": "SMART_PARSING"}}])
def test_what_aws_adds_to_a_knowledge_base_is_no_drift(
    new_account: NewAccount, deep: bool, ingestion: Mapping[str, object] | None
) -> None:
    """And a change beside it is made in place: what was added is no reason to make a data source anew."""
    held = {} if ingestion is None else {"vectorIngestionConfiguration": ingestion}
    estate = estate_of(new_account("harsh"), {"knowledgeBases": {"main": _bare_base(held)}}, BASE.name)
    estate.release()
    assert estate.plan(deep=deep).is_empty

    node = estate.node(BASE.name)
    id_ = estate.id_of(node.address)
    before = _sources(estate, id_)
    assert all("chunkingConfiguration" in s["vectorIngestionConfiguration"] for s in before.values())
    body = thaw(node.body)
    body["dataSources"][0]["dataDeletionPolicy"] = "RETAIN"
    change_live(estate.account, BASE, id_, node.name, body)
    plan = estate.plan()
    assert [f.path for c in plan.changes for f in c.fields] == ["dataSources[a].dataDeletionPolicy"]
    estate.release()
    assert estate.plan().is_empty
    assert _sources(estate, id_).keys() == before.keys()


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("member", ["chunkingConfiguration", "parsingConfiguration"])
def test_a_setting_taken_back_makes_the_data_source_anew(new_account: NewAccount, server: str, member: str) -> None:
    """AWS refuses an update without it, and silence alone does not tell it from a default of the server's."""
    settings = {
        "chunkingConfiguration": {"chunkingStrategy": "NONE"},
        "parsingConfiguration": {"parsingStrategy": "SMART_PARSING"},
    }
    account = new_account(server)
    held = {"vectorIngestionConfiguration": settings}
    estate = estate_of(account, {"knowledgeBases": {"main": _bare_base(held)}}, BASE.name)
    estate.release()
    id_ = estate.id_of(estate.node(BASE.name).address)
    before = _sources(estate, id_)
    less = {"vectorIngestionConfiguration": {m: v for m, v in settings.items() if m != member}}
    estate.graph = estate_of(account, {"knowledgeBases": {"main": _bare_base(less)}}, BASE.name).graph
    estate.release()

    assert estate.plan().is_empty
    after = _sources(estate, id_)
    assert after.keys().isdisjoint(before)
    assert all(s["vectorIngestionConfiguration"].get(member) != settings[member] for s in after.values())


def _sources(estate: Estate, id_: str) -> dict[str, dict[str, Any]]:
    """The data sources by id."""
    call, owner = estate.account.aws.call, {"knowledgeBaseId": id_}
    rows = call(BASE.service, "ListDataSources", owner)["dataSourceSummaries"]
    ids = [row["dataSourceId"] for row in rows]
    return {i: call(BASE.service, "GetDataSource", {**owner, "dataSourceId": i})["dataSource"] for i in ids}


def test_the_stamp_knows_no_defaults() -> None:
    view = View(USE_CASE, FrozenMap({"guardrails": {"main": BODY}}), {}, Site("dev", "111111111111", "eu-west-1"))
    one, other = (compile_use_case(view, kinds).nodes for kinds in (KNOWING, IGNORANT))

    assert [(n.stamp, n.behaviour) for n in one] == [(n.stamp, n.behaviour) for n in other]
