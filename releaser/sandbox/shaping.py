"""Honest output: a reply has what the output shape has, in the wire's form, or the sandbox fails loudly.

Names and required members are checked. Values are not held to the output's own lengths and patterns: the
models are known to be wrong there (``modelName`` at most 20 characters), and AWS does not follow them.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from releaser.sandbox.model import Shape

Shaper = Callable[[Any], Any]

_compiled: dict[tuple[Shape, bool], Shaper] = {}


class ShapeViolation(AssertionError):
    """The sandbox was about to send what AWS's model does not allow: a bug of the sandbox."""


def shape_output(shape: Shape | None, value: dict[str, Any], *, epoch_times: bool) -> dict[str, Any]:
    """``value`` in wire form. ``epoch_times``: timestamps without a format are numbers, not ISO 8601."""
    if shape is None:
        if value:
            raise ShapeViolation(f"no output shape, yet {sorted(value)}")
        return {}
    shaped: dict[str, Any] = shaper(shape, epoch_times)(value)
    return shaped


def shaper(shape: Shape, epoch_times: bool) -> Shaper:
    """The compiled serialiser of a shape."""
    made = _compiled.get((shape, epoch_times))
    if made is None:
        made = _compiled[shape, epoch_times] = _build(shape, epoch_times)
    return made


def _build(shape: Shape, epoch_times: bool) -> Shaper:
    match shape.type:
        case "structure":
            return (lambda value: value) if shape.is_document else _structure(shape, epoch_times)
        case "list":
            return _list(shape, epoch_times)
        case "map":
            return _map(shape, epoch_times)
        case "timestamp":
            return _timestamp(shape, epoch_times)
        case "float":
            return float32
        case "blob":
            return _base64
        case _:
            return lambda value: value


def _structure(shape: Shape, epoch_times: bool) -> Shaper:
    members, required, name = shape.members, shape.required, shape.name

    def apply(value: Any) -> Any:
        out = {}
        for key, item in value.items():
            if item is None:
                continue
            member = members.get(key)
            if member is None:
                raise ShapeViolation(f"{name} has no member {key}")
            out[member.wire] = shaper(member.shape, epoch_times)(item)
        for key in required:
            if members[key].wire not in out:
                raise ShapeViolation(f"{name} requires {key}")
        if shape.is_union and len(out) != 1:
            raise ShapeViolation(f"{name} is a union, got {sorted(out)}")
        return out

    return apply


def _list(shape: Shape, epoch_times: bool) -> Shaper:
    element = shape.part("member")

    def apply(value: Any) -> Any:
        inner = shaper(element, epoch_times)
        return [inner(item) for item in value]

    return apply


def _map(shape: Shape, epoch_times: bool) -> Shaper:
    element = shape.part("value")

    def apply(value: Any) -> Any:
        inner = shaper(element, epoch_times)
        return {key: inner(item) for key, item in value.items()}

    return apply


def _timestamp(shape: Shape, epoch_times: bool) -> Shaper:
    form = shape.raw.get("timestampFormat") or ("unixTimestamp" if epoch_times else "iso8601")
    return (lambda value: round(value, 3)) if form == "unixTimestamp" else iso8601


def _base64(value: Any) -> Any:
    """Blobs inside JSON and XML are text."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def iso8601(seconds: float) -> str:
    """Seconds since the epoch as AWS writes them, to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def float32(value: float) -> float:
    """A model's ``float`` is four bytes wide: 0.2 comes back as 0.20000000298023224."""
    widened: float = struct.unpack("f", struct.pack("f", value))[0]
    return widened
