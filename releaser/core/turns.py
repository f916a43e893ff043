"""Whose turn it is of two aliases: from the last release's record and the desired stamps alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from releaser.core.address import Address, Ref
from releaser.core.graph import Node
from releaser.core.kind import Kind
from releaser.core.normal import replace_leaves
from releaser.core.record import Binding, Outcome, Witness
from releaser.core.slots import Slots, declared, twin
from releaser.core.values import EMPTY, FrozenMap


def nobody(_use_case: str) -> Mapping[Address, Binding]:
    """Nothing is live."""
    return {}


def live_bindings(witness: Witness | None) -> Mapping[Address, Binding]:
    """What callers have, by the records: the last release, or what its delivery was taken back to."""
    if witness is None:
        return {}
    latest = witness.latest
    if latest is not None and latest.outcome is Outcome.ROLLED_BACK and latest.bindings:
        return latest.bindings
    return witness.released.bindings if witness.released else {}


def choose(nodes: Iterable[Node], kinds: Mapping[str, Kind], live: Mapping[Address, Binding]) -> Slots:
    """Which alias each flow and agent uses now. ``nodes``: compiled with the first of all."""
    by_address = {n.address: n for n in nodes}
    second, kept = set(), set()
    for node in by_address.values():
        kind = kinds[node.kind]
        if not kind.pointer or kind.parent is None or node.external is not None:
            continue
        first, other = live.get(node.address), live.get(twin(node.address))
        now = other if other is not None and other.stamp else first
        uses_second = now is not None and (now is other) is _is_unchanged(node, kind, by_address, live)
        if uses_second:
            second.add(node.address)
        if (first if uses_second else other) is not None:
            kept.add(node.address)
    return Slots(frozenset(second), frozenset(kept))


def _is_unchanged(node: Node, kind: Kind, nodes: Mapping[Address, Node], live: Mapping[Address, Binding]) -> bool:
    """Whether the alias leads to what it led to. Its own settings change in place: a switch must reach all callers."""
    held = node.body.get(kind.calls.parent_in or "")
    if not isinstance(held, Ref):
        return True
    known, wanted = live.get(held.address), nodes.get(held.address)
    return known is not None and wanted is not None and known.stamp == wanted.stamp


def as_declared(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """The nodes as a manifest declares them, whichever alias is used: to compare two releases."""

    def leaf(value: Any) -> Any:
        return Ref(declared(value.address), value.output) if isinstance(value, Ref) else value

    found = []
    for node in nodes:
        if not node.kept:
            body = replace_leaves(node.body, leaf)
            needs = frozenset(declared(a) for a in node.needs)
            whole = body if isinstance(body, FrozenMap) else EMPTY
            found.append(replace(node, address=declared(node.address), body=whole, needs=needs))
    return tuple(found)
