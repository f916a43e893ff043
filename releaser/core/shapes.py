"""AWS's own limits: a service model's input shapes as fast, pure checks.

boto3 checks required members and minimum lengths; here patterns, maxima, enums and unions are checked,
offline.
Model patterns are known to be wrong in places, so every rule has a code that a manifest can waive.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from releaser.core.address import Bound, Ref
from releaser.core.patterns import translate
from releaser.core.values import Path
from releaser.core.wording import clip, named

Rule = Literal["type", "required", "unknown", "union", "enum", "pattern", "min", "max"]


@dataclass(frozen=True, slots=True)
class Violation:
    """A value that AWS would reject. ``allowed`` names what would do, for a suggestion."""

    path: Path
    rule: Rule
    message: str
    allowed: tuple[str, ...] = ()


# A check answers None, or violations whose paths begin at the checked value.
_Found = list[Violation] | None
_Check = Callable[[Any], _Found]


class Shape:
    """One shape of a service model; ``members``, ``member``, ``key`` and ``value`` lead to others."""

    def __init__(self, model: ServiceModel, name: str, raw: Mapping[str, Any]) -> None:
        self.model, self.name, self.raw = model, name, raw
        self.type: str = raw["type"]

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(self.raw.get("required", ()))

    @cached_property
    def members(self) -> Mapping[str, Shape]:
        """A structure's members, by name."""
        return {k: self.model.shape(v) for k, v in self.raw.get("members", {}).items()}

    @property
    def member(self) -> Shape:
        """What a list holds."""
        return self.model.shape(self.raw["member"])

    @property
    def key(self) -> Shape:
        return self.model.shape(self.raw["key"])

    @property
    def value(self) -> Shape:
        return self.model.shape(self.raw["value"])

    @property
    def is_document(self) -> bool:
        """Any JSON is accepted."""
        return bool(self.raw.get("document"))

    @property
    def is_float(self) -> bool:
        return self.type in ("float", "double")

    @property
    def is_union(self) -> bool:
        return bool(self.raw.get("union"))

    @property
    def is_sensitive(self) -> bool:
        return bool(self.raw.get("sensitive"))

    @property
    def enum(self) -> tuple[str, ...]:
        return tuple(self.raw.get("enum", ()))

    @property
    def pattern(self) -> str | None:
        return self.raw.get("pattern")

    @property
    def tokens(self) -> tuple[str, ...]:
        """Members that carry an idempotency token."""
        return tuple(self.raw.get("tokens", ()))

    @cached_property
    def verdict(self) -> _Check:
        """The compiled check of this shape."""
        return _compile(self)

    def without(self, names: frozenset[str]) -> Shape:
        """The same structure less some members: what of a request stands in a manifest."""
        members = {k: v for k, v in self.raw["members"].items() if k not in names}
        required = [k for k in self.required if k not in names]
        return Shape(self.model, self.name, {**self.raw, "members": members, "required": required})


class ServiceModel:
    """The inputs of a service's operations, from a table written by ``releaser schema``."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.service: str = table["service"]
        self.botocore: str = table["botocore"]
        self._operations: Mapping[str, str] = table["operations"]
        self._raw: Mapping[str, Any] = table["shapes"]
        self._shapes: dict[str, Shape] = {}

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(self._operations)

    def input(self, operation: str) -> Shape:
        """The input shape of an operation. KeyError for an operation that is not in the table."""
        return self.shape(self._operations[operation])

    def extended(self, shapes: Mapping[str, Mapping[str, Any]]) -> ServiceModel:
        """The same model with further shapes."""
        table = {"service": self.service, "botocore": self.botocore, "operations": self._operations}
        return ServiceModel({**table, "shapes": {**self._raw, **shapes}})

    def shape(self, name: str) -> Shape:
        found = self._shapes.get(name)
        if found is None:
            found = self._shapes[name] = Shape(self, name, self._raw[name])
        return found


def check(shape: Shape, value: Any) -> Iterator[Violation]:
    """Everything that AWS would reject. A Ref passes for any text; a Bound is judged by its value."""
    yield from shape.verdict(value) or ()


def _below(part: str | int, found: list[Violation]) -> list[Violation]:
    return [Violation((part, *v.path), v.rule, v.message, v.allowed) for v in found]


def _one(rule: Rule, message: str, *path: str | int, allowed: tuple[str, ...] = ()) -> list[Violation]:
    return [Violation(path, rule, message, allowed)]


def _compile(shape: Shape) -> _Check:
    if shape.is_document:
        return lambda _: None
    if shape.type == "structure":
        return _structure(shape)
    if shape.type == "list":
        return _list(shape)
    if shape.type == "map":
        return _map(shape)
    if shape.type == "string":
        return _string(shape)
    return _scalar(shape)


def _structure(shape: Shape) -> _Check:
    members = shape.members
    checks: dict[str, _Check] = {}
    required = shape.required
    union = shape.is_union
    names = tuple(members)

    def verdict(value: Any) -> _Found:
        if not isinstance(value, Mapping):
            return _one("type", f"must be a mapping, not {named(value)}")
        found: list[Violation] = []
        for name, item in value.items():
            member = checks.get(name)
            if member is None:
                if name not in members:
                    found += _one("unknown", f"AWS knows no member {name!r} here", name, allowed=names)
                    continue
                # Compiled at first use: shapes may contain themselves.
                member = checks[name] = members[name].verdict
            wrong = member(item)
            if wrong:
                found += _below(name, wrong)
        for name in required:
            if name not in value:
                found += _one("required", f"{name!r} is missing", name)
        if union and len(value) != 1:
            found += _one("union", "exactly one of " + ", ".join(names) + " must be given", allowed=names)
        return found or None

    return verdict


def _list(shape: Shape) -> _Check:
    member = shape.member
    low, high = shape.raw.get("min"), shape.raw.get("max")

    def verdict(value: Any) -> _Found:
        if not isinstance(value, list | tuple):
            return _one("type", f"must be a list, not {named(value)}")
        inner = member.verdict
        found: list[Violation] = []
        for index, item in enumerate(value):
            wrong = inner(item)
            if wrong:
                found += _below(index, wrong)
        return found + _size(len(value), low, high, "item") or None

    return verdict


def _map(shape: Shape) -> _Check:
    key, item = shape.key, shape.value
    low, high = shape.raw.get("min"), shape.raw.get("max")

    def verdict(value: Any) -> _Found:
        if not isinstance(value, Mapping):
            return _one("type", f"must be a mapping, not {named(value)}")
        found: list[Violation] = []
        for name, entry in value.items():
            for wrong in (key.verdict(name), item.verdict(entry)):
                if wrong:
                    found += _below(name, wrong)
        return found + _size(len(value), low, high, "entry") or None

    return verdict


def _string(shape: Shape) -> _Check:
    low, high = shape.raw.get("min"), shape.raw.get("max")
    allowed = frozenset(shape.enum)
    pattern = shape.pattern
    matcher: list[re.Pattern[str] | None] = []

    def verdict(value: Any) -> _Found:
        if type(value) is not str:
            if isinstance(value, Ref):
                return None
            if not isinstance(value, Bound):
                return _one("type", f"must be a text, not {named(value)}")
            value = value.value
        if allowed:
            return None if value in allowed else _not_in(value, shape.enum)
        wrong = _size(len(value), low, high, "character")
        if wrong or pattern is None:
            return wrong or None
        if not matcher:
            matcher.append(translate(pattern))
        if matcher[0] is not None and not matcher[0].fullmatch(value):
            return _one("pattern", f"{clip(value)!r} does not match AWS's pattern {clip(pattern, 120)}")
        return None

    return verdict


_TYPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "integer": ((int,), "a whole number"),
    "long": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "double": ((int, float), "a number"),
    "boolean": ((bool,), "true or false"),
    "blob": ((str, bytes), "a text"),
    "timestamp": ((str,), "a time as text"),
}


def _scalar(shape: Shape) -> _Check:
    accepted, wanted = _TYPES[shape.type]
    low, high = shape.raw.get("min"), shape.raw.get("max")
    numeric = int in accepted

    def verdict(value: Any) -> _Found:
        if not isinstance(value, accepted) or (numeric and isinstance(value, bool)):
            return _one("type", f"must be {wanted}, not {named(value)}")
        if numeric and low is not None and value < low:
            return _one("min", f"{value} is less than AWS's minimum of {low}")
        if numeric and high is not None and value > high:
            return _one("max", f"{value} is more than AWS's maximum of {high}")
        return None

    return verdict


def _size(length: int, low: int | None, high: int | None, noun: str) -> list[Violation]:
    if low is not None and length < low:
        return _one("min", f"{_count(length, noun)}; AWS needs at least {low:,}")
    if high is not None and length > high:
        return _one("max", f"{_count(length, noun)}; AWS allows at most {high:,}")
    return []


def _count(number: int, noun: str) -> str:
    plural = "entries" if noun == "entry" else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def _not_in(value: str, allowed: tuple[str, ...]) -> list[Violation]:
    shown = ", ".join(allowed[:8]) + (f" and {len(allowed) - 8} more" if len(allowed) > 8 else "")
    return _one("enum", f"{clip(value)!r} is not one of {shown}", allowed=allowed)
