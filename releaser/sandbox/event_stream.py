"""Event streams: AWS's binary frames, each with headers, a payload and two CRC-32 sums.

Source: Smithy, "Amazon Event Stream Specification": a prelude of the total length, the headers' length and a checksum;
headers of a name, a type (7: string) and a value; the payload; the checksum of everything before.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable
from typing import Any

from releaser.sandbox.model import Shape
from releaser.sandbox.shaping import ShapeViolation, shape_output

CONTENT_TYPE = "application/vnd.amazon.eventstream"
Event = tuple[str, dict[str, Any]]
"""The stream's member, and what it holds."""


def encode(
    event_type: str, payload: bytes, content_type: str = "application/json", message_type: str = "event"
) -> bytes:
    """One frame. ``message_type``: event, or exception (whose type is ``event_type``)."""
    kind = ":exception-type" if message_type == "exception" else ":event-type"
    named = {kind: event_type, ":content-type": content_type, ":message-type": message_type}
    headers = b"".join(_header(name, value) for name, value in named.items())
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))


def serialise(stream: Shape, events: Iterable[Event]) -> bytes:
    """The frames of events, each held to the model's shape of it; ShapeViolation when the stream has no such member."""
    return b"".join(_frame(stream, name, value) for name, value in events)


def _frame(stream: Shape, name: str, value: dict[str, Any]) -> bytes:
    member = stream.members.get(name)
    if member is None:
        raise ShapeViolation(f"{stream.name} has no event {name}")
    body = json.dumps(shape_output(member.shape, value, epoch_times=False), separators=(",", ":"), ensure_ascii=False)
    exception = bool(member.shape.raw.get("exception"))
    return encode(name, body.encode(), message_type="exception" if exception else "event")


def split(body: bytes) -> list[bytes]:
    """The frames of a stream; what is left of a frame that was cut comes last."""
    found, at = [], 0
    while at < len(body):
        whole = len(body) - at >= 4
        size = int.from_bytes(body[at : at + 4], "big") if whole else len(body) - at
        found.append(body[at : at + size])
        at += size
    return found


def broken(body: bytes, code: str, message: str, after: int | None) -> bytes:
    """The first frames of a stream (half of them unless ``after`` says how many), and then an exception."""
    found = split(body)
    kept = found[: len(found) // 2 if after is None else after]
    exception = encode(code, json.dumps({"message": message}).encode(), message_type="exception")
    return b"".join([*kept, exception])


def _header(name: str, value: str) -> bytes:
    """Type 7: a string, after its length in two bytes."""
    raw = value.encode()
    return struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", 7, len(raw)) + raw
