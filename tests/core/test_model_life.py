"""The verdict table of a model's life, and what a policy makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from releaser.core.environment import ModelPolicy
from releaser.core.gate import Result
from releaser.core.model_ids import Use
from releaser.core.model_life import Catalog, State, standing
from releaser.gates.lifecycle import Named, judge

NOW = datetime(2026, 11, 1, tzinfo=UTC)
WITHIN = timedelta(days=60)
ID = "provider.model-v1"
GRANTED = {
    "agreementAvailability": {"status": "AVAILABLE"},
    "authorizationStatus": "AUTHORIZED",
    "entitlementAvailability": "AVAILABLE",
    "regionAvailability": "AVAILABLE",
}


def days(number: float) -> datetime:
    return NOW + timedelta(days=number)


def catalog(cycle: dict[str, Any] | None, **reply: Any) -> Catalog:
    models = {} if cycle is None else {ID: {"modelId": ID, "modelLifecycle": {"status": "ACTIVE", **cycle}}}
    return Catalog(models, availability={ID: {**GRANTED, **reply}} if reply else {})


LEGACY = {"status": "LEGACY", "legacyTime": days(-30), "endOfLifeTime": days(150)}
TABLE = [
    ({}, {}, State.ACTIVE),
    ({"endOfLifeTime": days(61)}, {}, State.ACTIVE),
    ({"endOfLifeTime": days(60)}, {}, State.ENDING),
    ({"endOfLifeTime": days(0.001)}, {}, State.ENDING),
    ({"endOfLifeTime": days(0)}, {}, State.ENDED),
    (LEGACY, {}, State.LEGACY),
    ({**LEGACY, "endOfLifeTime": days(-1)}, {}, State.ENDED),
    ({"status": "LEGACY"}, {}, State.LEGACY),
    (None, {}, State.UNAVAILABLE),
    ({}, {"agreementAvailability": {"status": "NOT_AVAILABLE"}}, State.ACCESS),
    ({}, {"agreementAvailability": {"status": "PENDING"}}, State.ACCESS),
    ({}, {"agreementAvailability": {"status": "ERROR"}}, State.ACCESS),
    ({}, {"entitlementAvailability": "NOT_AVAILABLE"}, State.ACCESS),
    ({}, {"authorizationStatus": "NOT_AUTHORIZED"}, State.UNAVAILABLE),
    ({}, {"regionAvailability": "NOT_AVAILABLE"}, State.UNAVAILABLE),
    (LEGACY, {"authorizationStatus": "AUTHORIZED"}, State.LEGACY),
    ({**LEGACY, "endOfLifeTime": days(-1)}, {"authorizationStatus": "NOT_AUTHORIZED"}, State.ENDED),
]


@pytest.mark.parametrize(("cycle", "reply", "state"), TABLE)
def test_states(cycle: dict[str, Any] | None, reply: dict[str, Any], state: State) -> None:
    assert standing(ID, catalog(cycle, **reply), NOW, WITHIN).state is state


def test_a_legacy_model_says_when_it_ends_and_that_access_may_lapse() -> None:
    found = standing(ID, catalog({**LEGACY, "publicExtendedAccessTime": days(-2)}), NOW, WITHIN)
    assert "ends on 2027-03-31" in found.said
    assert "extended access since 2026-10-30" in found.said
    assert "15 days" in found.hint
    assert "45 days" in found.hint


def test_behind_a_profile_the_worst_counts() -> None:
    arn = "arn:aws:bedrock:eu-central-1:1:application-inference-profile/abc"
    members = tuple(f"arn:aws:bedrock:eu-west-1::foundation-model/{m}" for m in (ID, "provider.old"))
    models = {ID: {"modelLifecycle": {"status": "ACTIVE"}}, "provider.old": {"modelLifecycle": LEGACY}}
    assert standing(arn, Catalog(models, {arn: members}), NOW, WITHIN).state is State.LEGACY
    assert standing(arn, Catalog(models), NOW, WITHIN).state is State.UNKNOWN
    assert standing(arn, Catalog(models, unread={arn: "denied"}), NOW, WITHIN).state is State.UNREAD


def test_a_profile_that_the_region_does_not_list_is_not_available() -> None:
    whole = catalog({})
    assert standing(f"eu.{ID}", whole, NOW, WITHIN).state is State.ACTIVE
    assert standing(f"eu.{ID}", Catalog(whole.models, {}), NOW, WITHIN).state is State.UNAVAILABLE
    listed = {f"eu.{ID}": (f"arn:aws:bedrock:eu-west-1::foundation-model/{ID}",)}
    assert standing(f"eu.{ID}", Catalog({}, listed), NOW, WITHIN).state is State.UNKNOWN


ENDING = {"endOfLifeTime": days(10)}
GONE = {"endOfLifeTime": days(-10)}
DENIED = {"agreementAvailability": {"status": "NOT_AVAILABLE"}}


@pytest.mark.parametrize(
    ("cycle", "reply", "live", "changing", "policy", "result", "code"),
    [
        ({}, {}, False, True, {}, Result.PASS, ""),
        (LEGACY, {}, False, True, {}, Result.PASS, "P210"),
        (LEGACY, {}, False, True, {"legacy": "block"}, Result.FAIL, "P210"),
        (LEGACY, {}, True, True, {"legacy": "block"}, Result.FAIL, "P210"),
        (LEGACY, {}, True, False, {"legacy": "block"}, Result.PASS, "P210"),
        (ENDING, {}, False, True, {}, Result.FAIL, "P211"),
        (ENDING, {}, True, True, {}, Result.PASS, "P211"),
        (ENDING, {}, False, True, {"ending": "warn"}, Result.PASS, "P211"),
        (ENDING, {}, False, True, {"endOfLifeWithin": "9d"}, Result.PASS, ""),
        (GONE, {}, True, True, {}, Result.FAIL, "P154"),
        (GONE, {}, True, False, {}, Result.PASS, "P154"),
        (GONE, {}, True, True, {"ended": "warn"}, Result.PASS, "P154"),
        (None, {}, False, True, {}, Result.FAIL, "P153"),
        (None, {}, True, True, {"unavailable": "warn"}, Result.PASS, "P153"),
        ({}, DENIED, False, True, {}, Result.FAIL, "P212"),
        ({}, DENIED, False, True, {"access": "warn"}, Result.PASS, "P212"),
    ],
)
def test_what_the_policy_makes_of_it(
    cycle: dict[str, Any] | None,
    reply: dict[str, Any],
    live: bool,
    changing: bool,
    policy: dict[str, str],
    result: Result,
    code: str,
) -> None:
    named = Named("u", (Use(ID, "models.answer"),), frozenset({ID} if live else ()), changing)
    (verdict,) = judge(named, catalog(cycle, **reply), ModelPolicy.model_validate(policy), NOW)
    assert (verdict.result, verdict.code) == (result, code)


def test_nothing_passes_that_could_not_be_read() -> None:
    named = Named("u", (Use(ID, "models.answer"),), frozenset(), True)
    (verdict,) = judge(named, Catalog({}, failure="denied"), ModelPolicy(), NOW)
    assert (verdict.result, verdict.code) == (Result.ERROR, "P152")
    unread = Catalog(catalog({}).models, unread={ID: "denied"})
    (verdict,) = judge(named, unread, ModelPolicy(), NOW)
    assert (verdict.result, verdict.code) == (Result.ERROR, "P152")


@pytest.mark.parametrize(("cycle", "told"), [({}, False), (LEGACY, True), (ENDING, True), (GONE, True), (None, True)])
def test_the_release_before_is_told_and_refuses_nothing(cycle: dict[str, Any] | None, told: bool) -> None:
    named = Named("u", (), frozenset(), True, "r1", frozenset({ID}))
    found = judge(named, catalog(cycle), ModelPolicy(), NOW)
    assert [(v.result, v.code) for v in found] == ([(Result.PASS, "P213")] if told else [])
    assert all("r1" in v.reason for v in found)
