"""Whose turn it is of two aliases, and what a manifest may say of delivery."""

from __future__ import annotations

from typing import Any

import pytest

from releaser.core.address import Address, Ref
from releaser.core.delivery import check_delivery, monitors, rollout, store
from releaser.core.graph import Node
from releaser.core.record import Binding, is_older
from releaser.core.slots import NONE, Slots, twin
from releaser.core.turns import as_declared, choose
from releaser.core.values import EMPTY, FrozenMap
from releaser.kinds import registry

FLOW, FIRST = Address("mail", "flow", "main"), Address("mail", "flow-alias", "main")
SECOND = twin(FIRST)


def node(address: Address, stamp: str, **body: Any) -> Node:
    needs = frozenset(v.address for v in body.values() if isinstance(v, Ref))
    return Node(address, address.kind, address.name, FrozenMap(body), needs, stamp, stamp, EMPTY)


def nodes(flow: str) -> list[Node]:
    return [node(FLOW, flow), node(FIRST, f"alias of {flow}", flowIdentifier=Ref(FLOW, "id"))]


def binding(address: Address, stamp: str) -> Binding:
    same = {"arn": "", "name": address.name, "revision": "", "version": None, "behaviour": stamp, "body_digest": ""}
    return Binding(kind=address.kind, id=str(address), stamp=stamp, **same)


def live(flow: str, first: str | None = None, second: str | None = None) -> dict[Address, Binding]:
    """What is recorded; '' of an alias that was kept."""
    found = {FLOW: flow, **({FIRST: first} if first is not None else {})}
    found |= {SECOND: second} if second is not None else {}
    return {a: binding(a, s) for a, s in found.items()}


@pytest.mark.parametrize(
    ("recorded", "wanted", "expected"),
    [
        ({}, "1", NONE),
        (live("1", "x"), "1", NONE),
        (live("1", "x"), "2", Slots(frozenset({FIRST}), frozenset({FIRST}))),
        (live("2", "", "x"), "2", Slots(frozenset({FIRST}), frozenset({FIRST}))),
        (live("2", "", "x"), "3", Slots(frozenset(), frozenset({FIRST}))),
        (live("3", "x", ""), "3", Slots(frozenset(), frozenset({FIRST}))),
        (live("3", "x", ""), "4", Slots(frozenset({FIRST}), frozenset({FIRST}))),
    ],
    ids=["first", "same", "changed", "same-on-second", "changed-again", "same-on-first", "round"],
)
def test_a_changed_flow_takes_the_alias_that_is_not_live(
    recorded: dict[Address, Binding], wanted: str, expected: Slots
) -> None:
    assert choose(nodes(wanted), registry(), recorded) == expected


def test_two_releases_compare_as_they_are_declared() -> None:
    used = [node(FLOW, "2"), node(SECOND, "x", flowIdentifier=Ref(FLOW, "id"), of=Ref(SECOND, "id"))]
    (_, alias) = as_declared(used)
    assert alias.address == FIRST
    assert alias.body["of"] == Ref(FIRST, "id")


@pytest.mark.parametrize(
    ("said", "expected"),
    [(None, "ssm"), ({"strategy": "all-at-once"}, "appconfig"), ({"store": "appconfig"}, "appconfig"), ({}, "ssm")],
)
def test_a_strategy_implies_appconfig(said: Any, expected: str) -> None:
    assert store({"delivery": said}) == expected


def test_a_strategy_of_ones_own() -> None:
    own = {"growthType": "LINEAR", "growthFactor": 25.0, "durationMinutes": 40, "bakeMinutes": 5}
    found = rollout({"delivery": {"strategy": own}})
    assert (found.name, found.lasts, found.predefined) == ("linear-25-40-5", 45, "")


ALARM, ROLE = "arn:aws:cloudwatch:eu-central-1:111111111111:alarm:errors", "arn:aws:iam::111111111111:role/alarms"


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ({"store": "ssm", "strategy": "all-at-once"}, ["E580"]),
        ({"store": "ssm"}, []),
        ({"alarms": [ALARM] * 6, "alarmRole": ROLE}, ["E581"]),
        ({"alarms": [ALARM]}, ["E582"]),
        ({"alarms": ["errors"], "alarmRole": ROLE}, ["E583"]),
        ({"alarms": ["${env.errorAlarm}"], "alarmRole": "alarms"}, ["E584"]),
        ({"alarms": [ALARM], "alarmRole": ROLE}, []),
    ],
)
def test_what_delivery_may_say(said: dict[str, Any], codes: list[str]) -> None:
    assert [p.code for p in check_delivery({"delivery": said})] == codes


def test_monitors_as_appconfig_takes_them() -> None:
    spec = FrozenMap({"delivery": FrozenMap({"alarms": (ALARM,), "alarmRole": ROLE})})
    assert monitors(spec) == ({"AlarmArn": ALARM, "AlarmRoleArn": ROLE},)


@pytest.mark.parametrize(
    ("release", "than", "expected"),
    [("r1", "r2", True), ("r2", "r1", False), ("r9", "r10", True), ("unreleased", "r1", False), ("r1", "", False)],
)
def test_an_older_release_is_a_way_back(release: str, than: str, expected: bool) -> None:
    assert is_older(release, than) is expected
