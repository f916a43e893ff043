"""The rest-json protocol: which operation a path means, its parameters, and the body and headers of a reply.

Source: the service models' traits (``location``, ``locationName``, ``payload``). A blob that is the payload travels as
it is, an event stream as frames (a handler gives its events); everything else is JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from releaser.sandbox import event_stream
from releaser.sandbox.errors import AwsError
from releaser.sandbox.model import Operation, Service, Shape
from releaser.sandbox.request import Request
from releaser.sandbox.shaping import ShapeViolation, shape_output

Segments = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """A path: literal segments, and None where a parameter stands."""

    operation: Operation
    segments: Segments
    names: tuple[str, ...]

    def bind(self, parts: list[str]) -> dict[str, str] | None:
        """The path's parameters when it matches."""
        for mine, theirs in zip(self.segments, parts, strict=True):
            if mine is not None and mine != theirs:
                return None
        values = [unquote(part) for mine, part in zip(self.segments, parts, strict=True) if mine is None]
        return dict(zip(self.names, values, strict=True))


class Routes:
    """Operations of services that share one path space, by method and path."""

    def __init__(self, services: Iterable[Service]) -> None:
        self._paths: dict[tuple[str, int], list[Route]] = {}
        for service in services:
            for operation in service.operations.values():
                parts = _split(operation.uri.partition("?")[0])
                names = tuple(part[1:-1].rstrip("+") for part in parts if part.startswith("{"))
                segments: Segments = tuple(None if part.startswith("{") else part for part in parts)
                self._paths.setdefault((operation.method, len(parts)), []).append(Route(operation, segments, names))
        for routes in self._paths.values():
            routes.sort(key=lambda route: sum(part is None for part in route.segments))

    def match(self, request: Request) -> tuple[Operation, dict[str, str]] | None:
        """The operation with this method and path, and the path's parameters."""
        parts = _split(request.path)
        for route in self._paths.get((request.method, len(parts)), ()):
            bound = route.bind(parts)
            if bound is not None:
                return route.operation, bound
        return None

    def resolve(self, request: Request) -> tuple[Operation, dict[str, Any]] | None:
        """The operation and its parameters, unvalidated."""
        found = self.match(request)
        return (found[0], _params(*found, request)) if found else None


def _split(path: str) -> list[str]:
    return path.strip("/").split("/")


def json_object(body: bytes) -> dict[str, Any]:
    """A request's JSON body; nothing is an empty object."""
    if not body:
        return {}
    try:
        value = json.loads(body)
    except ValueError as error:
        raise AwsError("SerializationException", f"the body is not JSON: {error}", 400) from error
    if not isinstance(value, dict):
        raise AwsError("SerializationException", "the body is not a JSON object", 400)
    return value


def _params(operation: Operation, bound: dict[str, str], request: Request) -> dict[str, Any]:
    params: dict[str, Any] = {}
    shape = operation.input
    if shape is None:
        return params
    query = parse_qs(request.query, keep_blank_values=True) if request.query else {}
    payload = shape.raw.get("payload")
    body = {} if payload else json_object(request.body)
    for member in shape.members.values():
        if member.location == "uri":
            text = bound[member.wire]
            params[member.name] = scalar(member.shape, text)
        elif member.location == "querystring" and member.wire in query:
            params[member.name] = _from_query(member.shape, query.pop(member.wire))
        elif member.location == "header" and member.wire.lower() in request.headers:
            params[member.name] = scalar(member.shape, request.headers[member.wire.lower()])
        elif member.name == payload and request.body:
            params[member.name] = request.body if member.shape.type == "blob" else json_object(request.body)
        elif member.location == "body" and member.wire in body:
            params[member.name] = body.pop(member.wire)
    # What nobody asked for stays in, under names that no member has: the validation says so.
    surplus = {f"?{name}": values for name, values in query.items()}
    surplus |= {f"body.{name}" if name in shape.members else name: value for name, value in body.items()}
    return params | surplus


def _from_query(shape: Shape, values: list[str]) -> Any:
    if shape.type == "list":
        return [scalar(shape.part("member"), value) for value in values]
    return scalar(shape, values[-1])


def scalar(shape: Shape, text: str) -> Any:
    """What a text in a path, a query or a header stands for; the text itself when it is none of that kind."""
    try:
        if shape.type in ("integer", "long"):
            return int(text)
        if shape.type in ("float", "double"):
            return float(text)
    except ValueError:
        return text
    if shape.type == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


def serialise(operation: Operation, result: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    """Headers and body of a success; ShapeViolation when the model does not have a member."""
    shape = operation.output
    if shape is None or not _beside_json(shape):
        shaped = shape_output(shape, result, epoch_times=False)
        bare = shape is None and operation.status == 204
        return {}, b"" if bare else json.dumps(shaped, separators=(",", ":"), ensure_ascii=False).encode()
    headers: dict[str, str] = {}
    body = b""
    for name, value in result.items():
        member = shape.members.get(name)
        if member is None or (member.location != "header" and name != shape.raw.get("payload")):
            raise ShapeViolation(f"{operation.key} has no output member {name}, or cannot send it")
        if value is None:
            continue
        if name != shape.raw.get("payload"):
            headers[member.wire] = str(value)
        elif member.shape.raw.get("eventstream"):
            headers["Content-Type"] = event_stream.CONTENT_TYPE
            body = event_stream.serialise(member.shape, value)
        else:
            body = value
    return headers, body


def _beside_json(shape: Shape) -> bool:
    """Whether something of an output is no JSON: headers, or a stream of events."""
    return any(one.location == "header" or one.shape.raw.get("eventstream") for one in shape.members.values())
