"""Learning of a server default, or not knowing one, publishes nothing and shows nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

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


def test_the_stamp_knows_no_defaults() -> None:
    view = View(USE_CASE, FrozenMap({"guardrails": {"main": BODY}}), {}, Site("dev", "111111111111", "eu-west-1"))
    one, other = (compile_use_case(view, kinds).nodes for kinds in (KNOWING, IGNORANT))

    assert [(n.stamp, n.behaviour) for n in one] == [(n.stamp, n.behaviour) for n in other]
