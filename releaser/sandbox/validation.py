"""Strict input: every constraint of the service model, all violations at once.

boto3 checks types, required members and minima; AWS checks the rest, and so does this: unknown members,
unions, enums, patterns (Java's full match), minima and maxima. The wording is AWS's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from releaser.sandbox.model import Shape
from releaser.sandbox.patterns import full_match

Check = Callable[[Any, str, list[str]], None]

_FAILED = "failed to satisfy constraint: Member must"
_compiled: dict[Shape, Check] = {}


def check_input(shape: Shape, params: dict[str, Any]) -> list[str]:
    """All violations in ``params``, in AWS's wording; empty when AWS would accept it."""
    found: list[str] = []
    checker(shape)(params, "", found)
    return found


def checker(shape: Shape) -> Check:
    """The compiled check of a shape."""
    made = _compiled.get(shape)
    if made is None:
        made = _compiled[shape] = _BUILDERS.get(shape.type, _any)(shape)
    return made


def _complain(found: list[str], path: str, value: object, what: str) -> None:
    shown = value if isinstance(value, str | int | float) else type(value).__name__
    found.append(f"Value '{shown}' at '{path}' {_FAILED} {what}")


def _any(shape: Shape) -> Check:
    return lambda value, path, found: None


def _structure(shape: Shape) -> Check:
    if shape.is_document:
        return _any(shape)
    members, required, union = shape.members, shape.required, shape.is_union

    def check(value: Any, path: str, found: list[str]) -> None:
        if not isinstance(value, dict):
            _complain(found, path, value, "be an object")
            return
        prefix = f"{path}." if path else ""
        missing = [name for name in required if value.get(name) is None]
        found.extend(f"Value null at '{prefix}{name}' {_FAILED} not be null" for name in missing)
        present = 0
        for name, item in value.items():
            member = members.get(name)
            if member is None:
                found.append(f"Value at '{prefix}{name}' {_FAILED} be a member that the operation knows")
            elif item is not None:
                present += 1
                checker(member.shape)(item, prefix + name, found)
        if union and present != 1:
            found.append(f"Value at '{path}' {_FAILED} have exactly one of {sorted(members)} set")

    return check


def _bounds(shape: Shape, noun: str) -> Callable[[Any, int | float, str, list[str]], None]:
    low, high = shape.raw.get("min"), shape.raw.get("max")

    def check(value: Any, size: int | float, path: str, found: list[str]) -> None:
        if low is not None and size < low:
            _complain(found, path, value, f"have {noun} greater than or equal to {low}")
        if high is not None and size > high:
            _complain(found, path, value, f"have {noun} less than or equal to {high}")

    return check


def _list(shape: Shape) -> Check:
    bounds, element = _bounds(shape, "length"), shape.part("member")

    def check(value: Any, path: str, found: list[str]) -> None:
        if not isinstance(value, list):
            _complain(found, path, value, "be a list")
            return
        bounds(value, len(value), path, found)
        inner = checker(element)
        for index, item in enumerate(value, 1):
            inner(item, f"{path}.{index}.member", found)

    return check


def _map(shape: Shape) -> Check:
    bounds, key_shape, value_shape = _bounds(shape, "length"), shape.part("key"), shape.part("value")

    def check(value: Any, path: str, found: list[str]) -> None:
        if not isinstance(value, dict):
            _complain(found, path, value, "be a map")
            return
        bounds(value, len(value), path, found)
        for key, item in value.items():
            checker(key_shape)(key, path, found)
            checker(value_shape)(item, f"{path}.{key}.member", found)

    return check


def _string(shape: Shape) -> Check:
    bounds, enum, pattern = _bounds(shape, "length"), shape.raw.get("enum"), shape.raw.get("pattern")
    wrong = shape.name in shape.service.wrong_patterns
    matches = full_match(pattern) if pattern and not wrong else None

    def check(value: Any, path: str, found: list[str]) -> None:
        if not isinstance(value, str):
            _complain(found, path, value, "be a string")
            return
        bounds(value, len(value), path, found)
        if enum and value not in enum:
            _complain(found, path, value, f"satisfy enum value set: [{', '.join(enum)}]")
        if matches is not None and not matches(value):
            _complain(found, path, value, f"satisfy regular expression pattern: {pattern}")

    return check


def _number(types: tuple[type, ...], noun: str) -> Callable[[Shape], Check]:
    def build(shape: Shape) -> Check:
        low, high = shape.raw.get("min"), shape.raw.get("max")

        def check(value: Any, path: str, found: list[str]) -> None:
            if isinstance(value, bool) or not isinstance(value, types):
                _complain(found, path, value, f"be {noun}")
                return
            if low is not None and not value >= low:
                _complain(found, path, value, f"have value greater than or equal to {low}")
            if high is not None and not value <= high:
                _complain(found, path, value, f"have value less than or equal to {high}")

        return check

    return build


def _boolean(shape: Shape) -> Check:
    def check(value: Any, path: str, found: list[str]) -> None:
        if not isinstance(value, bool):
            _complain(found, path, value, "be a boolean")

    return check


_BUILDERS: dict[str, Callable[[Shape], Check]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "boolean": _boolean,
    "integer": _number((int,), "an integer"),
    "long": _number((int,), "a long"),
    "float": _number((int, float), "a float"),
    "double": _number((int, float), "a double"),
}
