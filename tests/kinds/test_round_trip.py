"""What was written is what is read, with every optional member set and for any body at all.

Bodies with very long lists are created by default; ``RELEASER_LAWS=full`` updates, clears and publishes them too, and
draws more bodies.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinds.cases import KINDS, body, everything, least
from kinds.conftest import SERVERS, NewAccount, servers_for
from kinds.estate import Account
from kinds.rules import SAID, is_added
from releaser.core.address import Address
from releaser.core.content import version_digest
from releaser.core.diff import MISSING, FieldChange, differences
from releaser.core.ingested import draft_of
from releaser.core.kind import Entry, Kind
from releaser.core.normal import comparable, minimal
from releaser.core.values import FrozenMap
from releaser.kinds import registry

pytestmark = pytest.mark.sampled(3)

FULL = os.environ.get("RELEASER_LAWS") == "full"
EXAMPLES = 100 if FULL else 15
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
_NUMBERS = itertools.count(1)


def _cases(*, long: bool) -> list[Any]:
    """Every body of every kind; ``long``: those with lists of 40 too."""
    found = [(kind, [*everything(kind)]) for kind in KINDS]
    for kind, bodies in found if long else ():
        bodies += [b for b in everything(kind, length=40) if b not in bodies]
    return [pytest.param(kind, b, id=f"{kind.name}-{i}") for kind, bodies in found for i, b in enumerate(bodies)]


CASES = _cases(long=True)
SHORT = CASES if FULL else _cases(long=False)


def _differences(kind: Kind, seen: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[FieldChange]:
    found = differences(seen, comparable(kind, FrozenMap(wanted)), kind.fields.unordered)
    return [c for c in found if c.after is not MISSING or not is_added(kind.name, c.pattern)]


def _entry(kind: Kind, wanted: Mapping[str, Any]) -> Entry:
    """The body as a manifest has it."""
    return Entry("main", {**wanted, **SAID.get(kind.name, {})}, {}, {})


def _bare(kind: Kind, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """As little as AWS takes, where ``wanted`` is and with what no update can change about it."""
    kept = kind.fields.immutable | ({kind.calls.parent_in} if kind.calls.parent_in else frozenset())
    free = {k: v for k, v in draft_of(kind, FrozenMap(least(kind))).items() if k not in kept}
    return {**free, **{k: v for k, v in wanted.items() if k in kept}}


def _placed(account: Account, kind: Kind, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The body inside a real parent with one version, where the kind needs one."""
    if kind.parent is None or kind.calls.parent_in is None:
        return dict(wanted)
    parent = registry()[kind.parent]
    id_ = _created(account, parent, least(parent))
    if parent.versioned:
        _published(account, parent, id_)
    return {**draft_of(kind, FrozenMap(wanted)), kind.calls.parent_in: id_}


def _created(account: Account, kind: Kind, wanted: Mapping[str, Any]) -> str:
    n = next(_NUMBERS)
    name = kind.physical_name(Address("x", kind.name, str(n))) if kind.physical_name else f"case_{n}"
    id_ = account.driver.create(kind, name, FrozenMap(wanted), {"owner": "us"}, f"{n:064}")
    if kind.fields.update_only & wanted.keys():
        _updated(account, kind, id_, wanted)
    account.driver.write_parts(kind, id_, FrozenMap(wanted), f"{n:064}")
    return id_


def _updated(account: Account, kind: Kind, id_: str, wanted: Mapping[str, Any]) -> None:
    account.driver.update(kind, id_, _name(account, kind, id_), FrozenMap(wanted))
    account.driver.write_parts(kind, id_, FrozenMap(wanted), f"{next(_NUMBERS):064}")


def _published(account: Account, kind: Kind, id_: str) -> str:
    if kind.calls.prepare is not None:
        account.driver.prepare(kind, id_)
    return account.driver.publish(kind, id_, "releaser:1:0123456789abcdef", f"{next(_NUMBERS):064}")


def _read_back(account: Account, kind: Kind, id_: str, version: str | None = None) -> FrozenMap:
    return account.driver.settle(kind, id_, version).body


def _name(account: Account, kind: Kind, id_: str) -> str:
    return account.driver.settle(kind, id_).name


@pytest.mark.parametrize(("kind", "wanted"), CASES)
def test_the_synthesised_body_keeps_the_rules_outside_the_model(kind: Kind, wanted: dict[str, Any]) -> None:
    assert list(kind.check(_entry(kind, wanted))) == []


@pytest.mark.parametrize(("kind", "wanted"), CASES)
def test_create_reads_back_as_written(account: Account, kind: Kind, wanted: dict[str, Any]) -> None:
    wanted = _placed(account, kind, wanted)
    id_ = _created(account, kind, wanted)

    assert _differences(kind, _read_back(account, kind, id_), wanted) == []


@pytest.mark.parametrize(("kind", "wanted"), SHORT)
def test_update_reads_back_as_written(account: Account, kind: Kind, wanted: dict[str, Any]) -> None:
    if kind.calls.update is None:
        pytest.skip("AWS has no update: content is replaced")
    wanted = _placed(account, kind, wanted)
    id_ = _created(account, kind, _bare(kind, wanted))
    _updated(account, kind, id_, wanted)

    assert _differences(kind, _read_back(account, kind, id_), wanted) == []


@pytest.mark.parametrize(("kind", "wanted"), SHORT)
def test_update_clears_what_it_omits(account: Account, kind: Kind, wanted: dict[str, Any]) -> None:
    if kind.calls.update is None:
        pytest.skip("AWS has no update: content is replaced")
    wanted = _placed(account, kind, wanted)
    bare = _bare(kind, wanted)
    id_ = _created(account, kind, wanted)
    _updated(account, kind, id_, bare)

    assert _differences(kind, _read_back(account, kind, id_), bare) == []


@pytest.mark.parametrize(("kind", "wanted"), SHORT)
def test_a_version_reads_back_as_written(account: Account, kind: Kind, wanted: dict[str, Any]) -> None:
    if not kind.versioned:
        pytest.skip("no versions")
    id_ = _created(account, kind, wanted)
    version = _published(account, kind, id_)

    # Without labels, and without what AWS does not show of a version.
    assert version_digest(kind, _read_back(account, kind, id_, version)) == version_digest(kind, FrozenMap(wanted))


@pytest.fixture(scope="session")
def shared_account(new_account: NewAccount) -> NewAccount:
    """One account a server: what is in it is deleted again."""
    return cache(new_account)


@pytest.mark.parametrize(
    ("server", "kind"), [pytest.param(s, k, id=f"{s}-{k.name}") for k in KINDS for s in servers_for(k)]
)
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(data=st.data())
def test_any_body_reads_back_as_written(
    shared_account: NewAccount, server: str, kind: Kind, data: st.DataObject
) -> None:
    account = shared_account(server)
    drawn = data.draw(body(kind))
    assert list(kind.check(_entry(kind, drawn))) == []
    wanted = _placed(account, kind, drawn)
    id_ = _created(account, kind, wanted)

    assert _differences(kind, _read_back(account, kind, id_), wanted) == []
    account.driver.delete(kind, id_)


@pytest.mark.parametrize("server", SERVERS[:1])
def test_every_source_of_a_profile_reads_back_as_written(new_account: NewAccount, server: str) -> None:
    """``modelSource`` is never returned; the member models must tell which source it was."""
    account = new_account(server)
    kind = registry()["inference-profile"]
    models = account.aws.call("bedrock", "ListFoundationModels", {})["modelSummaries"]
    profiles = account.aws.call("bedrock", "ListInferenceProfiles", {"typeEquals": "SYSTEM_DEFINED"})
    sources = [m["modelArn"] for m in models]
    sources += [p["inferenceProfileArn"] for p in profiles["inferenceProfileSummaries"]]
    assert len(sources) > 4
    bodies = [{"modelSource": {"copyFrom": source}} for source in sources]
    read = [_read_back(account, kind, _created(account, kind, b)) for b in bodies]

    assert all(_differences(kind, seen, wanted) == [] for wanted, seen in zip(bodies, read, strict=True))
    assert len({minimal(kind, b) for b in bodies}) == len(bodies), "what AWS does not give back is content all the same"
