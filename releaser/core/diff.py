"""Field by field: what differs between two normal bodies, with list items told apart by their key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from releaser.core.address import Ref
from releaser.core.values import canonical


class Origin(StrEnum):
    """Whose change it is: git's, or somebody's behind git's back."""

    INTENT = "intent"
    DRIFT = "drift"


class _Missing:
    def __repr__(self) -> str:
        return "(absent)"


MISSING: Any = _Missing()
"""The member is not there; distinct from null."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One difference: ``before`` is live, ``after`` is desired; a Ref in ``after`` is known after apply."""

    path: str
    before: Any
    after: Any
    origin: Origin = Origin.INTENT
    pattern: str = ""
    """The path with its list keys left out, as ``a.list[].b``: a key may be anything, brackets included."""


def differences(
    before: Any, after: Any, keys: Mapping[str, str | None], at: str = "", pattern: str = ""
) -> Iterator[FieldChange]:
    """Every leaf that differs. ``keys`` is the kind's ``unordered``: list pattern -> key member."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}):
            below = f"{at}.{name}" if at else name
            wider = f"{pattern}.{name}" if pattern else name
            yield from differences(before.get(name, MISSING), after.get(name, MISSING), keys, below, wider)
    elif isinstance(before, tuple) and isinstance(after, tuple):
        yield from _lists(before, after, keys, at, pattern)
    elif _differs(before, after):
        yield FieldChange(at, before, after, pattern=pattern)


def _differs(before: Any, after: Any) -> bool:
    if type(before) is bool or type(after) is bool:
        return before is not after
    return bool(before != after)


def _lists(
    before: tuple[Any, ...], after: tuple[Any, ...], keys: Mapping[str, str | None], at: str, pattern: str
) -> Iterator[FieldChange]:
    old, new = _keyed(before, keys, pattern), _keyed(after, keys, pattern)
    for name in [*old, *(n for n in new if n not in old)]:
        yield from differences(old.get(name, MISSING), new.get(name, MISSING), keys, f"{at}[{name}]", f"{pattern}[]")


def _keyed(items: tuple[Any, ...], keys: Mapping[str, str | None], pattern: str) -> dict[str, Any]:
    """Items by what tells them apart. ``#member`` and ``#`` show a digest: free text stays out of paths."""
    if pattern not in keys:
        return {str(i): item for i, item in enumerate(items)}
    spec = keys[pattern]
    member = (spec or "").removeprefix("#")
    found: dict[str, Any] = {}
    for item in items:
        name = str(item.get(member)) if member and isinstance(item, Mapping) else str(item)
        if spec is not None and spec.startswith("#"):
            name = f"#{short_digest(name)[:8]}"
        while name in found:
            name += "'"
        found[name] = item
    return found


def field_digests(body: Mapping[str, Any], keys: Mapping[str, str | None]) -> dict[str, str]:
    """Path -> 12 digits of the digest of its value, for the record: tells later which side changed a field."""
    found: dict[str, str] = {}
    for change in differences(None if not body else {}, body, keys):
        for path, value in _flat(change.path, change.after, keys, change.pattern):
            found[veil(path)] = short_digest(value)
    return found


def _flat(at: str, value: Any, keys: Mapping[str, str | None], pattern: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from _flat(f"{at}.{name}" if at else name, item, keys, f"{pattern}.{name}" if pattern else name)
    elif isinstance(value, tuple) and value:
        for name, item in _keyed(value, keys, pattern).items():
            yield from _flat(f"{at}[{name}]", item, keys, f"{pattern}[]")
    else:
        yield at, value


def leaf_changes(change: FieldChange, keys: Mapping[str, str | None]) -> Iterator[FieldChange]:
    """The change as one for each leaf: a whole member that comes or goes is told by all that it holds."""
    if change.before is MISSING:
        for path, pattern, value in _leaves(change.path, change.pattern, change.after, keys):
            yield replace(change, path=path, pattern=pattern, after=value)
    elif change.after is MISSING:
        for path, pattern, value in _leaves(change.path, change.pattern, change.before, keys):
            yield replace(change, path=path, pattern=pattern, before=value)
    else:
        yield change


def _leaves(at: str, pattern: str, value: Any, keys: Mapping[str, str | None]) -> Iterator[tuple[str, str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            wider = f"{pattern}.{name}" if pattern else name
            yield from _leaves(f"{at}.{name}" if at else name, wider, item, keys)
    elif isinstance(value, tuple) and value:
        for name, item in _keyed(value, keys, pattern).items():
            yield from _leaves(f"{at}[{name}]", f"{pattern}[]", item, keys)
    else:
        yield at, pattern, value


def short_digest(value: Any) -> str:
    """12 hex digits; a reference counts by its text."""
    text = canonical(str(value) if isinstance(value, Ref) else value)
    return hashlib.sha256(b'{"v":' + text + b"}").hexdigest()[:12]


def with_origins(
    changes: list[FieldChange], released: Mapping[str, str], keys: Mapping[str, str | None]
) -> list[FieldChange]:
    """Three ways: a field whose desired value is the released one was changed live (drift); the rest is intent."""
    if not released:
        return changes
    return [_judge(c, released, keys) for c in changes]


def _judge(change: FieldChange, released: Mapping[str, str], keys: Mapping[str, str | None]) -> FieldChange:
    """Drift is live against released, whatever git asks for by now."""
    prefix = veil(change.path)
    then = {p: d for p, d in released.items() if p == prefix or p.startswith((f"{prefix}.", f"{prefix}["))}
    live: dict[str, str] = {}
    if change.before is not MISSING:
        flat = _flat(change.path, change.before, keys, change.pattern)
        live = {veil(p): short_digest(v) for p, v in flat}
    return replace(change, origin=Origin.INTENT if then == live else Origin.DRIFT)


def is_below(pattern: str, places: Iterable[str]) -> bool:
    """Whether a pattern is one of the places, or something in it or around it."""
    return any(
        pattern == p or pattern.startswith((f"{p}.", f"{p}[")) or p.startswith((f"{pattern}.", f"{pattern}["))
        for p in places
    )


_KEY = re.compile(r"\[([^\]]*)\]")
_PLAIN = re.compile(r"#?[A-Z0-9_']+|#[0-9a-f']+")


def veil(path: str) -> str:
    """The path with every list key that may be somebody's text as a digest: records are read by many."""
    return _KEY.sub(lambda m: m[0] if _PLAIN.fullmatch(m[1]) else f"[#{short_digest(m[1])[:8]}]", path)
