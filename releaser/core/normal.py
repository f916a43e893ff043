"""One normal form of a body, so that what was asked and what AWS gives back compare equal when they mean the same."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from releaser.core.address import Bound, Ref
from releaser.core.kind import Fields, Kind
from releaser.core.values import ATOMS, FrozenMap, freeze, laid_open


@dataclass(frozen=True, slots=True)
class Sibling:
    """A server default that repeats another member of the same structure."""

    member: str


@dataclass(frozen=True, slots=True)
class _Rules:
    defaults: Mapping[str, tuple[tuple[str, Any], ...]]
    unordered: Mapping[str, str | None]
    opaque: frozenset[str]
    markers: frozenset[str]


def comparable(kind: Kind, body: Mapping[str, Any]) -> FrozenMap:
    """The body as it would be read back: empties pruned, server defaults filled in, sets sorted, floats as float32."""
    return _normal(kind, kind.comparable(body), fill=True)


def stated(kind: Kind, body: Mapping[str, Any]) -> FrozenMap:
    """The body as ``comparable``, without what AWS would add."""
    return _normal(kind, kind.comparable(body), fill=False)


def minimal(kind: Kind, body: Mapping[str, Any]) -> FrozenMap:
    """The body for a stamp: as ``comparable``, without labels and without filling in what AWS would add.

    Server defaults stay out so that learning of a new default never changes a stamp. What AWS does not give back
    stays in: a profile made from ``eu.`` reads like one made from ``global.``, and is another content.
    """
    return _normal(kind, _without(body, kind.fields.labels), fill=False)


def _normal(kind: Kind, body: Mapping[str, Any], *, fill: bool) -> FrozenMap:
    rules = _rules(_Key(kind.name, kind.fields))
    result = _walk(body, "", rules, fill)
    return result if isinstance(result, FrozenMap) else FrozenMap()


class _Key:
    """Fields hold mappings and have no hash; a kind's name stands for them."""

    __slots__ = ("fields", "name")

    def __init__(self, name: str, fields: Fields) -> None:
        self.name, self.fields = name, fields

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.name == self.name and other.fields is self.fields


@lru_cache(maxsize=64)
def _rules(key: _Key) -> _Rules:
    grouped: dict[str, list[tuple[str, Any]]] = {}
    for pattern, value in key.fields.defaults.items():
        parent, _, member = pattern.rpartition(".")
        grouped.setdefault(parent, []).append((member, freeze(value)))
    fields = key.fields
    return _Rules({k: tuple(v) for k, v in grouped.items()}, fields.unordered, fields.opaque, fields.markers)


_CONTAINERS = (FrozenMap, tuple)


def _walk(value: Any, at: str, rules: _Rules, fill: bool) -> Any:
    if type(value) is str:
        return value
    if at in rules.opaque:
        return freeze(value)
    if type(value) is FrozenMap or isinstance(value, Mapping):
        prefix = f"{at}." if at else ""
        kept = {}
        for name, item in value.items():
            below = prefix + name
            found = item if type(item) is str else _walk(item, below, rules, fill)
            if not _is_empty(found) or (below in rules.markers and type(found) is FrozenMap):
                kept[name] = found
        if fill:
            for member, default in rules.defaults.get(at, ()):
                if member not in kept:
                    found = kept.get(default.member) if isinstance(default, Sibling) else default
                    if found is not None:
                        kept[member] = found
        return FrozenMap.of_frozen(kept)
    if isinstance(value, list | tuple):
        listed = [_walk(v, f"{at}[]", rules, fill) for v in value]
        if len(listed) > 1 and at in rules.unordered:
            listed.sort(key=sort_key)
        return tuple(listed)
    if isinstance(value, float):
        return float32(value)
    return value


def _is_empty(value: Any) -> bool:
    return value is None or (type(value) in _CONTAINERS and not value)


def sort_key(value: Any) -> bytes:
    """A total order over normal values, references included."""
    return laid_open(value)


def float32(value: float) -> float:
    """The shortest decimal that is the same 32-bit float: AWS returns 0.20000000298023224 for 0.2."""
    if not math.isfinite(value) or abs(value) > 3.4e38:
        return value
    wire = struct.pack("f", value)
    for digits in range(6, 10):
        short = float(f"{value:.{digits}g}")
        if struct.pack("f", short) == wire:
            return short
    return value


def _without(body: Mapping[str, Any], paths: frozenset[str]) -> Mapping[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in body.items():
        if key in paths:
            continue
        below = frozenset(p.split(".", 1)[1] for p in paths if p.startswith((f"{key}.", f"{key}[].")))
        if below and isinstance(value, list | tuple):
            kept[key] = tuple(_without(v, below) if isinstance(v, Mapping) else v for v in value)
        else:
            kept[key] = _without(value, below) if below and isinstance(value, Mapping) else value
    return kept


def replace_leaves(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """``value`` with references and bindings replaced by ``leaf(it)``; other leaves stay."""
    if type(value) in ATOMS:
        return value
    if type(value) is FrozenMap or isinstance(value, Mapping):
        return FrozenMap({k: replace_leaves(v, leaf) for k, v in value.items()})
    if isinstance(value, list | tuple):
        return tuple(replace_leaves(v, leaf) for v in value)
    return leaf(value) if isinstance(value, Ref | Bound) else value
