"""CBOR (RFC 8949), as far as Smithy's rpc-v2-cbor protocol uses it: no dependency for it, and no surprise in it."""

from __future__ import annotations

import struct
from typing import Any

from releaser.sandbox.errors import AwsError
from releaser.sandbox.model import Shape

_BREAK = object()
_DEEPEST = 64


def encode(shape: Shape | None, value: Any) -> bytes:
    """A value of a shape; timestamps (seconds) get tag 1, as the protocol asks."""
    if shape is not None and shape.type == "timestamp":
        return b"\xc1" + b"\xfb" + struct.pack(">d", value)
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int() if shape is None or shape.type not in ("float", "double"):
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case int() | float():
            return b"\xfb" + struct.pack(">d", value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            raw = value.encode()
            return _head(3, len(raw)) + raw
        case list():
            part = shape.part("member") if shape is not None and shape.type == "list" else None
            return _head(4, len(value)) + b"".join(encode(part, item) for item in value)
        case dict():
            items = (encode(None, name) + encode(_below(shape, name), item) for name, item in value.items())
            return _head(5, len(value)) + b"".join(items)
        case _:
            raise TypeError(f"CBOR of {type(value).__name__}")


def _below(shape: Shape | None, name: str) -> Shape | None:
    if shape is None:
        return None
    if shape.type == "map":
        return shape.part("value")
    return shape.members[name].shape if name in shape.members else None


def _head(major: int, size: int) -> bytes:
    if size < 24:
        return bytes([major << 5 | size])
    for code, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if size < 1 << (8 * struct.calcsize(form)):
            return bytes([major << 5 | code]) + struct.pack(form, size)
    raise ValueError("an integer of more than 64 bits")


def decode(data: bytes) -> Any:
    """The value; a timestamp is its number."""
    try:
        reader = _Reader(data)
        value = reader.value(0)
    except (IndexError, ValueError, struct.error, TypeError) as error:
        raise AwsError("SerializationException", f"the body is not CBOR: {error}", 400) from error
    if reader.at != len(data) or value is _BREAK:
        raise AwsError("SerializationException", "the body is not one CBOR value", 400)
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise IndexError("it ends too soon")
        self.at += size
        return self.data[self.at - size : self.at]

    def value(self, depth: int) -> Any:
        if depth > _DEEPEST:
            raise IndexError("it is nested too deep")
        first = self.take(1)[0]
        major, low = first >> 5, first & 31
        if major == 7:
            return self.simple(low)
        if low == 31:
            return self.open_ended(major, depth)
        size = low if low < 24 else int.from_bytes(self.take(1 << (low - 24)), "big")
        match major:
            case 0:
                return size
            case 1:
                return -1 - size
            case 2:
                return self.take(size)
            case 3:
                return self.take(size).decode()
            case 4:
                return [self.value(depth + 1) for _ in range(size)]
            case 5:
                return {self.value(depth + 1): self.value(depth + 1) for _ in range(size)}
            case _:  # a tag: what it says does not matter here
                return self.value(depth + 1)

    def simple(self, low: int) -> Any:
        match low:
            case 20 | 21:
                return low == 21
            case 22 | 23:
                return None
            case 25 | 26 | 27:
                form = {25: ">e", 26: ">f", 27: ">d"}[low]
                return struct.unpack(form, self.take(struct.calcsize(form)))[0]
            case 31:
                return _BREAK
            case _:
                raise IndexError(f"no simple value {low}")

    def open_ended(self, major: int, depth: int) -> Any:
        items: list[Any] = []
        while (item := self.value(depth + 1)) is not _BREAK:
            items.append(item)
        match major:
            case 2:
                return b"".join(items)
            case 3:
                return "".join(items)
            case 4:
                return items
            case 5:
                return dict(zip(items[::2], items[1::2], strict=True))
            case _:
                raise IndexError(f"no open end for major type {major}")
