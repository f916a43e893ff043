"""Each field changed in the manifest leads to exactly the right verbs, for every kind and every field of AWS's model.

What is right is told by AWS's model (no update, no member of the update) and by the properties that CloudFormation
declares as fixed at creation; not by what a kind says of itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from kinds.cases import KINDS, everything
from kinds.contract import requested
from kinds.live_changes import LiveChange, live_changes, pattern_of
from releaser.core.address import Ref
from releaser.core.content import resolve_body, version_digest
from releaser.core.graph import DesiredGraph, Node, compile_use_case
from releaser.core.kind import Kind, Site, Verb, View
from releaser.core.normal import comparable, minimal
from releaser.core.plan import Action, Known, UseCasePlan
from releaser.core.planner import Question, plan_use_case
from releaser.core.snapshot import Absent, Depth, Seen, Snapshot, Version
from releaser.core.values import FrozenMap
from releaser.core.witness import bind
from releaser.kinds import registry

pytestmark = pytest.mark.sampled(2)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECTIONED = [k for k in KINDS if k.section is not None]
FIXED: Mapping[str, tuple[str, ...]] = {
    # AWS::Bedrock::KnowledgeBase and AWS::Bedrock::DataSource, createOnlyProperties; a data source that callers reach
    # is not changed under them either (its bucket, prefixes, parsing): its knowledge base is replaced with it.
    "knowledge-base": (
        "knowledgeBaseConfiguration",
        "storageConfiguration",
        "dataSources[].name",
        "dataSources[].dataSourceConfiguration",
        "dataSources[].vectorIngestionConfiguration",
    ),
}
TELLING = ("description",)
"""Members that describe a resource and change nothing for callers; a version shows its own."""


@cache
def _graph(kind_name: str, body: FrozenMap) -> DesiredGraph:
    kind = registry()[kind_name]
    spec = FrozenMap({str(kind.section): {"main": body}})
    view = View("claims", spec, {}, Site("dev", "111111111111", "eu-central-1"), release="r1", digest="0" * 64)
    graph = compile_use_case(view, registry())
    return DesiredGraph(tuple(n for n in graph.nodes if n.kind == kind_name))


def _node(kind: Kind, body: Mapping[str, Any]) -> Node:
    (node,) = _graph(kind.name, FrozenMap(body)).nodes
    return node


def _resolved(kind: Kind, node: Node) -> FrozenMap:
    return comparable(kind, resolve_body(node, lambda _: None))


def _seen(kind: Kind, node: Node) -> Seen:
    body = _resolved(kind, node)
    published = (Version("1", node.stamp[:16], version_digest(kind, body)),) if kind.versioned else ()
    return Seen("id1", "arn1", node.name, "then", Depth.READ, body, node.tags, published)


def _plan(kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any]) -> UseCasePlan:
    """The plan for another body, where the first was released."""
    old, new = _node(kind, before), _node(kind, after)
    live = _seen(kind, old)
    binding = bind(kind, old, live, "1" if kind.versioned else None, _resolved(kind, old))
    stands = new.name == old.name
    snapshot = Snapshot(
        "dev",
        "111111111111",
        "eu-central-1",
        {new.address: live if stands else Absent()},
        {} if stands else {new.address: (binding,)},
    )
    known = Known({old.address: binding})
    return plan_use_case(Question("claims", (new,), snapshot, known, registry(), NOW, timedelta(days=14)))


def _expected(kind: Kind, pattern: str) -> list[Verb]:
    """By AWS's model and CloudFormation's."""
    update = kind.calls.update
    top = pattern.partition(".")[0].partition("[")[0]
    if update is None or any(pattern == p or pattern.startswith((f"{p}.", f"{p}[")) for p in FIXED.get(kind.name, ())):
        return [Verb.CREATE, Verb.RETIRE]
    assert top in requested(kind, update) or top in {p.member for p in kind.parts}, f"{update} cannot carry {top}"
    verbs = [Verb.UPDATE]
    if kind.calls.prepare is not None:
        verbs.append(Verb.PREPARE)
    if kind.versioned and pattern not in TELLING:
        verbs.append(Verb.PUBLISH)
    return verbs


def _changes(kind: Kind) -> Iterator[tuple[dict[str, Any], LiveChange]]:
    """One change of every field of the model."""
    told: set[str] = set()
    for body in everything(kind):
        for change in live_changes(kind, body):
            if (pattern := pattern_of(change.at)) not in told:
                told.add(pattern)
                yield body, change


@pytest.mark.parametrize("kind", SECTIONED, ids=lambda k: k.name)
def test_a_field_changed_in_the_manifest_leads_to_its_verbs(kind: Kind) -> None:
    wrong = {}
    for body, change in _changes(kind):
        pattern = pattern_of(change.at)
        plan = _plan(kind, body, change.body)
        hidden = kind.versions is not None and pattern.partition(".")[0] in kind.versions.hidden
        same = minimal(kind, FrozenMap(body)) == minimal(kind, FrozenMap(change.body))
        beside = kind.exclusive is not None and _expected(kind, pattern)[0] is Verb.CREATE
        if beside and [d.code for d in plan.blocked] == ["P113"]:
            continue  # a new one beside the live one, which must say where else it is to work
        if plan.blocked:
            wrong[pattern] = [d.code for d in plan.blocked]
        elif (verbs := [s.verb for s in plan.steps]) != _expected(kind, pattern) and not (hidden or same):
            wrong[pattern] = [str(v) for v in verbs]
        elif plan.steps and plan.changes[0].action is Action.NONE:
            wrong[pattern] = ["nothing is said"]
    assert wrong == {}


@pytest.mark.parametrize("kind", SECTIONED, ids=lambda k: k.name)
def test_nothing_changed_leads_to_nothing(kind: Kind) -> None:
    for body in itertools.islice(everything(kind), 5):
        assert _plan(kind, body, body).steps == ()


@pytest.mark.parametrize("kind", [k for k in KINDS if k.pointer and k.parent], ids=lambda k: k.name)
def test_an_alias_is_repointed_and_nothing_else(kind: Kind) -> None:
    parent = registry()[str(kind.parent)]
    (owner,) = _graph(parent.name, FrozenMap(everything(parent)[0])).nodes
    there = _seen(parent, owner)
    known = Known({owner.address: bind(parent, owner, there, "1", _resolved(parent, owner))})
    for body, change in _changes(kind):
        if pattern_of(change.at) == kind.calls.parent_in:
            continue
        before, after = _alias(kind, owner, body), _alias(kind, owner, change.body)
        live = comparable(kind, FrozenMap({**body, str(kind.calls.parent_in): "id1"}))
        seen = Seen("id1/alias", "arn1/alias", before.name, "then", Depth.READ, live, before.tags)
        snapshot = Snapshot("dev", "1" * 12, "eu-central-1", {owner.address: there, after.address: seen})
        question = Question("claims", (owner, after), snapshot, known, registry(), NOW, timedelta(days=14))
        assert [s.verb for s in plan_use_case(question).steps] == [Verb.REPOINT], change.at


def _alias(kind: Kind, owner: Node, body: Mapping[str, Any]) -> Node:
    return replace(
        owner,
        address=replace(owner.address, kind=kind.name),
        kind=kind.name,
        name="live",
        body=FrozenMap({**body, str(kind.calls.parent_in): Ref(owner.address, "id")}),
        needs=frozenset({owner.address}),
    )
