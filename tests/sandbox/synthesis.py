"""Inputs made from the service model alone, as botocore ships it: every optional member set, or one thing wrong."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from botocore.loaders import Loader
from hypothesis import strategies as st

Strategy = st.SearchStrategy[Any]


@cache
def service(name: str) -> dict[str, Any]:
    """A raw service model."""
    return Loader().load_service_model(name, "service-2")


def body_members(name: str, operation: str) -> dict[str, str]:
    """Shape names of the members of an operation's input, without idempotency tokens."""
    model = service(name)
    members = model["shapes"][model["operations"][operation]["input"]["shape"]]["members"]
    return {m: ref["shape"] for m, ref in members.items() if not ref.get("idempotencyToken")}


def every_field(name: str, operation: str, choose: Callable[[str], str | None]) -> Strategy:
    """Inputs with every member set, at every depth. ``choose`` picks the member of a union by shape name."""
    members = body_members(name, operation)
    return st.fixed_dictionaries({m: value(name, shape, choose) for m, shape in members.items()})


def value(name: str, shape_name: str, choose: Callable[[str], str | None]) -> Strategy:
    """Values of one shape, within enum, pattern, minimum and maximum."""
    shape = service(name)["shapes"][shape_name]
    match shape["type"]:
        case "structure" if shape.get("document"):
            leaf = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from([0.5, 1.25, "x", "Köln"])
            return st.dictionaries(st.sampled_from(["Key", "snake_key", "camelKey"]), leaf | st.lists(leaf, max_size=2))
        case "structure":
            members = shape.get("members", {})
            if shape.get("union"):
                only = choose(shape_name) or next(iter(members))
                members = {only: members[only]}
            return st.fixed_dictionaries({m: value(name, r["shape"], choose) for m, r in members.items()})
        case "list":
            low, high = shape.get("min", 0), min(shape.get("max", 3), 3)
            return st.lists(value(name, shape["member"]["shape"], choose), min_size=max(low, 1), max_size=high)
        case "map":
            key, item = (value(name, shape[part]["shape"], choose) for part in ("key", "value"))
            return st.dictionaries(key, item, min_size=1, max_size=3)
        case "string":
            return _string(shape)
        case "boolean":
            return st.booleans()
        case "integer" | "long":
            return st.integers(shape.get("min", 0), shape.get("max", 1000))
        case "float" | "double":
            width = 32 if shape["type"] == "float" else 64
            return st.floats(shape.get("min", 0.0), shape.get("max", 1.0), width=width)
    raise NotImplementedError(shape["type"])


def _string(shape: dict[str, Any]) -> Strategy:
    low, high = shape.get("min", 0), shape.get("max", 60)
    if "enum" in shape:
        return st.sampled_from(shape["enum"])
    if "pattern" in shape:
        high = shape.get("max", 1000)
        made = st.from_regex(shape["pattern"], fullmatch=True, alphabet=string.printable)
        return made.filter(lambda text: max(low, 1) <= len(text) <= high and text.strip() == text)
    alphabet = string.ascii_letters + string.digits + " -äß漢"
    return st.text(alphabet, min_size=max(low, 1), max_size=min(high, low + 12))


def mistakes(name: str, shape_name: str, good: Any) -> Iterator[tuple[str, Any]]:
    """(what is wrong, value) pairs: each value is ``good`` with one violation of the model in it."""
    shape = service(name)["shapes"][shape_name]
    if shape.get("document"):
        return  # any JSON will do
    yield "wrong type", [good] if shape["type"] != "list" else {"not": "a list"}
    match shape["type"]:
        case "string":
            yield from _bad_strings(shape, good)
        case "integer" | "long" | "float" | "double":
            if "max" in shape:
                yield "too large", shape["max"] + 1
            if "min" in shape:
                yield "too small", shape["min"] - 1
        case "structure":
            yield "unknown member", {**good, "noSuchMember": 1}
            if not shape.get("union"):
                for required in shape.get("required", ()):
                    yield f"no {required}", {k: v for k, v in good.items() if k != required}
            for member, ref in shape.get("members", {}).items():
                if member in good:
                    for what, bad in mistakes(name, ref["shape"], good[member]):
                        yield f"{member}: {what}", {**good, member: bad}
        case "list":
            if "max" in shape:
                yield "too many", (good * (shape["max"] + 1))[: shape["max"] + 1]
            if shape.get("min"):
                yield "too few", []
            for what, bad in mistakes(name, shape["member"]["shape"], good[0]):
                yield f"element: {what}", [bad, *good[1:]]


def _bad_strings(shape: dict[str, Any], good: str) -> Iterator[tuple[str, Any]]:
    if "max" in shape:
        yield "too long", (good or "x") * (shape["max"] // max(len(good), 1) + 1) + "x"
    if shape.get("min"):
        yield "too short", ""
    if "enum" in shape:
        yield "not in the enum", "NO_SUCH_VALUE"
    if "pattern" in shape and not _takes_anything(shape["pattern"], good + "\u2603"):
        yield "off the pattern", good + "\u2603"


def _takes_anything(pattern: str, text: str) -> bool:
    """Whether even this is within the pattern, as with ``s3://.{1,128}``; Java's own classes are not Python's."""
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return False
