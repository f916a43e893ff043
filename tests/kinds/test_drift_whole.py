"""Drift of whole resources and of the runtime document: what was deleted, and whatever was written there instead."""

from __future__ import annotations

from typing import Any

import pytest

from kinds.cases import ALONE, KINDS, everything
from kinds.conftest import NewAccount
from kinds.estate import Estate, change_live, estate_of
from kinds.live_changes import live_changes
from releaser.core.diff import MISSING, Origin
from releaser.core.kind import Verb
from releaser.core.values import FrozenMap, thaw
from releaser.kinds import registry

RUNTIME = registry()["runtime-configuration"]


def _released(new_account: NewAccount) -> Estate:
    """A use case with one resource of every kind."""
    inference = {"temperature": 0.2, "stopSequences": ["{{", "}"]}
    spec: dict[str, Any] = {str(k.section): {"main": everything(k)[0]} for k in ALONE if k.section}
    spec["models"] = {"m": {"modelId": "amazon.nova-lite-v1:0", "profile": True, "inference": inference}}
    estate = estate_of(new_account("observed"), spec)
    estate.release()
    return estate


@pytest.fixture(scope="module")
def estate(new_account: NewAccount) -> Estate:
    return _released(new_account)


def _document(estate: Estate) -> dict[str, Any]:
    seen = estate.account.driver.read(RUNTIME, estate.node(RUNTIME.name).name)
    assert seen is not None
    found: dict[str, Any] = thaw(seen.body)["document"]
    return found


def test_any_member_of_the_document_changed_live_is_named(estate: Estate) -> None:
    name = estate.node(RUNTIME.name).name
    released = {"document": _document(estate)}
    changes = list(live_changes(RUNTIME, released))
    assert len(changes) >= 10
    for change in changes:
        change_live(estate.account, RUNTIME, name, name, change.body)
        plan = estate.plan()
        fields = [f for c in plan.changes for f in c.fields]
        assert {f.path for f in fields} == change.paths
        assert {f.origin for f in fields} == {Origin.DRIFT}
        assert [s.verb for s in plan.steps] == [Verb.REPOINT]
    change_live(estate.account, RUNTIME, name, name, released)
    assert estate.plan().is_empty


_WRITTEN = {
    "text": "x",
    "list": "[]",
    "null": "null",
    "not-a-number": '{"a": NaN}',
    "half-a-pair": '{"a": "\\ud800"}',
    "never-closed": "[" * 4000,
    "deep": '{"a":' * 300 + "1" + "}" * 300,
    "twice": '{"enabled": true, "enabled": false}',
}


@pytest.mark.parametrize("value", list(_WRITTEN.values()), ids=list(_WRITTEN))
def test_whatever_was_written_into_the_parameter_is_drift(estate: Estate, value: str) -> None:
    name = estate.node(RUNTIME.name).name
    released = {"document": _document(estate)}
    request = {"Name": name, "Value": value, "Type": "String", "Overwrite": True}
    estate.account.aws.call("ssm", "PutParameter", request)
    plan = estate.plan()
    change_live(estate.account, RUNTIME, name, name, released)

    assert [s.verb for s in plan.steps] == [Verb.REPOINT]
    assert {f.origin for c in plan.changes for f in c.fields} == {Origin.DRIFT}
    assert estate.plan().is_empty


def test_a_parameter_made_anew_as_a_secret_is_drift(estate: Estate) -> None:
    """Parameter Store changes no parameter's type: somebody deleted it first and took our tags over."""
    node, account = estate.node(RUNTIME.name), estate.account
    released = {"document": _document(estate)}
    tags = [{"Key": k, "Value": v} for k, v in node.tags.items()]
    request = {"Name": node.name, "Value": RUNTIME.write(released)["Value"], "Type": "SecureString", "Tags": tags}
    account.driver.delete(RUNTIME, node.name)
    account.aws.call("ssm", "PutParameter", request)
    paths = {f.path for c in estate.plan().changes for f in c.fields}
    account.driver.delete(RUNTIME, node.name)
    account.driver.create(RUNTIME, node.name, FrozenMap(released), node.tags, "")

    assert "Type" in paths
    assert estate.plan().is_empty


@pytest.mark.parametrize("name", [k.name for k in ALONE if not k.on_demand])
def test_what_was_deleted_live_is_planned_anew(new_account: NewAccount, name: str) -> None:
    estate = _released(new_account)
    node = estate.node(name)
    inside = [k for k in KINDS if k.parent == name]
    for kind in (*inside, registry()[name]):
        estate.account.driver.delete(kind, estate.id_of(estate.node(kind.name).address))
    plan = estate.plan()
    change = next(c for c in plan.changes if c.address == node.address)

    assert change.reason == "deleted-live"
    assert change.drift
    assert all(f.before is MISSING for f in change.fields)

    estate.release()
    assert estate.plan().is_empty
