"""Every way in which one field of a live resource can be changed, with the paths that a plan must then name."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kinds.cases import is_document, shape_of
from kinds.rules import KNOWN
from kinds.synthesis import Synthesis, fits, number, text
from releaser.core.diff import short_digest
from releaser.core.kind import Kind
from releaser.core.shapes import Shape
from releaser.core.values import Path, leaves

_ABSENT = object()
Placed = tuple[Path, Any]


@dataclass(frozen=True)
class LiveChange:
    """One field changed: ``body`` is what is live then. ``paths``: what a plan must name, and nothing else."""

    at: Path
    body: dict[str, Any]
    paths: frozenset[str]


def live_changes(kind: Kind, body: Mapping[str, Any]) -> Iterator[LiveChange]:
    """One change per leaf of the body: another value where there is one, another choice of a union otherwise."""
    shape = None if is_document(kind) else shape_of(kind)
    for at, value in leaves(body):
        for place, new in _others(kind, shape, at, value, body):
            changed = put(body, place, new)
            paths = _paths(kind, body, changed, place) if new is not _ABSENT else {shown(kind, body, place)}
            yield LiveChange(at, changed, frozenset(paths))


def omissions(kind: Kind, body: Mapping[str, Any]) -> Iterator[LiveChange]:
    """Every optional member left out, alone; with it goes all that is below it."""
    if is_document(kind):
        return
    for at in _optional(shape_of(kind), body, ()):
        changed = put(body, at, _ABSENT)
        item = _keyed_item(kind, at)
        paths = {shown(kind, b, item) for b in (body, changed)} if item else {shown(kind, body, at)}
        yield LiveChange(at, changed, frozenset(paths))


def pattern_of(at: Path) -> str:
    """A path with its list positions left out."""
    return "".join("[]" if isinstance(part, int) else f".{part}" for part in at).removeprefix(".")


def put(body: Mapping[str, Any], at: Path, new: Any) -> dict[str, Any]:
    """A copy of the body with another value at a path."""
    changed: Any = dict(body)
    holder = changed
    for part in at[:-1]:  # what is not on the way is shared: nobody changes a body in place
        holder[part] = copy.copy(holder[part])
        holder = holder[part]
    if new is _ABSENT:
        del holder[at[-1]]
    else:
        holder[at[-1]] = new
    return changed  # type: ignore[no-any-return]


def value_at(body: Any, at: Path) -> Any:
    """What stands at a path."""
    for part in at:
        body = body[part]
    return body


def _others(kind: Kind, shape: Shape | None, at: Path, value: Any, body: Mapping[str, Any]) -> Iterator[Placed]:
    """Where to put what: one other value, if the field has any."""
    inner = _shape_at(shape, at) if shape is not None else None
    if inner is None or inner.is_document:
        yield at, _other_json(value)
    elif inner.type == "structure":
        # An empty structure is a choice of a union: choose another.
        yield at[:-1], _other_choice(shape, at)
    elif inner.type == "boolean":
        yield at, not value
    elif inner.type == "string":
        yield from _other_texts(kind, inner, at, value, body)
    else:
        yield at, next(n for n in (number(inner, i) for i in range(9)) if n != value)


def _other_texts(kind: Kind, shape: Shape, at: Path, value: str, body: Mapping[str, Any]) -> Iterator[Placed]:
    item = _keyed_item(kind, at)
    taken = {value}
    if item is not None:
        # The key of a list item stays unique.
        taken |= {value_at(other, at[len(item) :]) for other in value_at(body, item[:-1])}
    if KNOWN.get(shape.name) == value and not shape.enum:
        # Another KMS key will do; there is no other guardrail profile.
        samples = [value[:-2] + "77"]
    else:
        samples = [text(shape, str(at[-1]), n, {}) for n in (range(len(shape.enum)) if shape.enum else (41,))]
    free = [t for t in samples if t not in taken and fits(shape, t)]
    if free:
        yield at, free[0]
    elif item is not None and len(value_at(body, item[:-1])) > 1:
        # A set that holds every value there is: take one out.
        yield item, _ABSENT


def _keyed_item(kind: Kind, at: Path) -> Path | None:
    """The list item that this leaf tells apart from others."""
    for depth in (len(at), len(at) - 1):
        item = at[:depth]
        if item and isinstance(item[-1], int):
            key = kind.fields.unordered.get(pattern_of(item[:-1]), ())
            if key != () and at[depth:] == tuple(k for k in [str(key or "").removeprefix("#")] if k):
                return item
    return None


def _other_json(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1e-9 if isinstance(value, float) else value + 1
        case str():
            return value + "!"
        case None:
            return 0
        case list():
            return {}
        case _:
            return {"more": None}


def _other_choice(shape: Shape | None, at: Path) -> dict[str, Any]:
    assert shape is not None
    union = _shape_at(shape, at[:-1])
    assert union.is_union, at
    other = next(m for m in union.members if m != at[-1])
    return {other: Synthesis(known=KNOWN, length=1, bare=True).everything(union.members[other])[0]}


def _shape_at(shape: Shape, at: Path) -> Shape:
    """The shape at a path, or the document on the way to it."""
    for part in at:
        if shape.is_document:
            return shape
        shape = _below(shape, part)
    return shape


def _below(shape: Shape, part: str | int) -> Shape:
    if isinstance(part, int):
        return shape.member
    return shape.value if shape.type == "map" else shape.members[part]


def _optional(shape: Shape, value: Any, at: Path) -> Iterator[Path]:
    if shape.is_document:
        return
    if isinstance(value, Mapping):
        for name, item in value.items():
            if shape.type == "map" or (name not in shape.required and not shape.is_union):
                yield (*at, name)
            yield from _optional(_below(shape, name), item, (*at, name))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _optional(shape.member, item, (*at, i))


def shown(kind: Kind, body: Mapping[str, Any], at: Path) -> str:
    """A path as a plan names it: list items by their key."""
    text_, pattern, here = "", "", body
    for part in at:
        here = here[part]  # type: ignore[index]
        if isinstance(part, int):
            text_ += f"[{label(kind, pattern, here, part)}]"
            pattern += "[]"
        else:
            text_ += f".{part}" if text_ else part
            pattern += f".{part}" if pattern else part
    return text_


def label(kind: Kind, pattern: str, item: Any, index: int) -> str:
    """What tells a list item apart in a path."""
    if pattern not in kind.fields.unordered:
        return str(index)
    key = kind.fields.unordered[pattern] or ""
    member = key.removeprefix("#")
    name = str(item.get(member) if member else item)
    return f"#{short_digest(name)[:8]}" if key.startswith("#") else name


def _paths(kind: Kind, old: Mapping[str, Any], new: Mapping[str, Any], at: Path) -> frozenset[str]:
    """The path of the change; a changed key is one item gone and another come; a changed choice likewise."""
    for depth in range(1, len(at) + 1):
        if isinstance(at[depth - 1], int):
            pair = frozenset({shown(kind, old, at[:depth]), shown(kind, new, at[:depth])})
            if len(pair) == 2:
                return pair
    before, after = value_at(old, at), value_at(new, at)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = {k for k in {*before, *after} if before.get(k, _ABSENT) != after.get(k, _ABSENT)}
        return frozenset(f"{shown(kind, old, at)}.{k}" for k in names)
    return frozenset({shown(kind, old, at)})
