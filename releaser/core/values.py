"""Immutable values, paths into them, and the one canonical digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from releaser.core.address import Bound, Ref

Path = tuple[str | int, ...]
Leaf = None | bool | int | float | str | Ref | Bound


class FrozenMap(Mapping[str, Any]):
    """A hashable mapping with sorted keys."""

    __slots__ = ("_data", "_hash")

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        self._data: dict[str, Any] = {k: freeze(data[k]) for k in sorted(data)} if data else {}
        self._hash: int | None = None

    @classmethod
    def of_frozen(cls, data: Mapping[str, Any]) -> FrozenMap:
        """A map of values that are frozen already: they are not walked again."""
        made = cls.__new__(cls)
        made._data = {k: data[k] for k in sorted(data)}
        made._hash = None
        return made

    def __getitem__(self, key: str) -> Any:
        return self._data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    # The inherited views look every key up again; these are the dict's own.
    def items(self) -> ItemsView[str, Any]:
        return self._data.items()

    def values(self) -> ValuesView[Any]:
        return self._data.values()

    def keys(self) -> KeysView[str]:
        return self._data.keys()

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(tuple(self._data.items()))
        return self._hash

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FrozenMap):
            return self._data == other._data
        return isinstance(other, Mapping) and self._data == FrozenMap(other)._data

    def __repr__(self) -> str:
        return f"FrozenMap({self._data!r})"


ATOMS = frozenset({str, int, float, bool, type(None)})
"""Types of plain leaves, known without asking ``Mapping``, whose check is slow."""

_AS_IT_IS = ATOMS | {FrozenMap, Ref, Bound}

EMPTY = FrozenMap()


def freeze(value: Any) -> Any:
    """Deeply immutable copy: mappings to FrozenMap, lists to tuples; leaves as they are."""
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, Mapping):
        return FrozenMap(value)
    if isinstance(value, list | tuple):
        return tuple(freeze(v) for v in value)
    return value


def thaw(value: Any) -> Any:
    """The plain dict/list form of a frozen value; references and bindings stay as they are."""
    if isinstance(value, Mapping):
        return {k: thaw(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [thaw(v) for v in value]
    return value


def transform(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """Frozen copy of ``value`` with every leaf replaced by ``leaf(it)``."""
    if type(value) in _LEAVES:
        return leaf(value)
    if isinstance(value, Mapping):
        return FrozenMap({k: transform(v, leaf) for k, v in value.items()})
    if isinstance(value, list | tuple):
        return tuple(transform(v, leaf) for v in value)
    return leaf(value)


def leaves(value: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf with its path, depth first. An empty container is a leaf."""
    if type(value) in _LEAVES:
        yield at, value
    elif isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, (*at, key))
    elif isinstance(value, list | tuple) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*at, index))
    else:
        yield at, value


_LEAVES = _AS_IT_IS - {FrozenMap}


def references(value: Any) -> frozenset[Ref]:
    """Every reference that occurs in a value."""
    found: set[Ref] = set()
    rest = [value]
    while rest:
        one = rest.pop()
        if type(one) is Ref:
            found.add(one)
        elif type(one) in _LEAVES:
            continue
        elif isinstance(one, Mapping):
            rest.extend(one.values())
        elif isinstance(one, list | tuple):
            rest.extend(one)
    return frozenset(found)


def show_path(path: Path) -> str:
    """``a.b[0].c``, as people write it."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def canonical(value: Any) -> bytes:
    """The bytes a digest is taken over: compact JSON, keys sorted, UTF-8, no NaN. Only resolved values.

    Integral floats are written as integers, so that YAML's ``1`` and AWS's ``1.0`` are one value.
    """
    return _ENCODER.encode(_plain(value, _refuse)).encode()


def laid_open(value: Any) -> bytes:
    """As ``canonical``, with references by their text and bindings by their value: for an order, never a digest."""
    return _ENCODER.encode(_plain(value, _open)).encode()


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _plain(value: Any, unresolved: Callable[[Ref | Bound], Any]) -> Any:
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is FrozenMap or isinstance(value, Mapping):
        return {k: _plain(v, unresolved) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v, unresolved) for v in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Ref | Bound):
        return _plain(unresolved(value), unresolved)
    return value


def _refuse(value: Ref | Bound) -> Any:
    raise TypeError(f"an unresolved value has no digest: {value}")


def _open(value: Ref | Bound) -> Any:
    return value.value if isinstance(value, Bound) else str(value)


def digest(value: Any) -> str:
    """sha256 of the canonical form, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()
