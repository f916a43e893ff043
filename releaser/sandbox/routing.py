"""Which operation a request means, and its parameters as the service model names them.

Routes are computed once: by target header (json), by ``Action`` (query), by method and path (rest-json).
``bedrock`` and ``bedrock-agent`` sign with the same name and share one path space, told apart by their
paths alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, unquote

from releaser.sandbox import rest_xml
from releaser.sandbox.errors import AwsError, not_in_the_sandbox, violations
from releaser.sandbox.model import Operation, Service, Shape, load
from releaser.sandbox.request import Request

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


class Router:
    """Finds operations. Operations without a handler are found too, so that the gap can be named."""

    def __init__(self, services: Iterable[Service]) -> None:
        self.services = {service.name: service for service in services}
        self.operations = {op.key: op for s in self.services.values() for op in s.operations.values()}
        self._targets = {s.target_prefix: s for s in self.services.values() if s.target_prefix}
        self._paths: dict[tuple[str, int], list[Route]] = {}
        for service in self.services.values():
            if service.protocol == "rest-json":
                for operation in service.operations.values():
                    self._add(operation)
        for routes in self._paths.values():
            routes.sort(key=lambda route: sum(part is None for part in route.segments))

    def resolve(self, request: Request, signing_name: str) -> tuple[Operation, dict[str, Any]]:
        """The operation and its parameters, unvalidated."""
        target = request.headers.get("x-amz-target")
        if target:
            return self._by_target(target, request)
        if signing_name == "sts":
            return self._by_action(request)
        if signing_name == "s3":
            return self.s3.resolve(request)
        if signing_name == "bedrock":
            found = self.match(request)
            if found is None:
                raise _unplayed_bedrock(request)
            return found[0], _rest_params(*found, request)
        raise _unplayed(request, signing_name)

    @cached_property
    def s3(self) -> rest_xml.Routes:
        """S3's routes. Its model is large: it is read when S3 is first spoken of."""
        service = load("s3")
        self.services["s3"] = service
        self.operations |= {operation.key: operation for operation in service.operations.values()}
        return rest_xml.Routes(service)

    def operations_called(self, name: str, service: str | None) -> list[Operation]:
        """The operations of this name, in one service or in all: S3's model is read when no other has it."""
        if service == "s3" or not any(operation.name == name for operation in self.operations.values()):
            _ = self.s3
        wanted = (service,) if service else tuple(self.services)
        return [op for op in self.operations.values() if op.name == name and op.service.name in wanted]

    def match(self, request: Request) -> tuple[Operation, dict[str, str]] | None:
        """The rest-json operation with this method and path, and the path's parameters."""
        parts = _split(request.path)
        for route in self._paths.get((request.method, len(parts)), ()):
            bound = route.bind(parts)
            if bound is not None:
                return route.operation, bound
        return None

    def _add(self, operation: Operation) -> None:
        parts = _split(operation.uri.partition("?")[0])
        names = tuple(part[1:-1].rstrip("+") for part in parts if part.startswith("{"))
        segments: Segments = tuple(None if part.startswith("{") else part for part in parts)
        self._paths.setdefault((operation.method, len(parts)), []).append(Route(operation, segments, names))

    def _by_target(self, target: str, request: Request) -> tuple[Operation, dict[str, Any]]:
        prefix, _, name = target.rpartition(".")
        service = self._targets.get(prefix)
        if service is None or name not in service.operations:
            raise not_in_the_sandbox(f"{service.name if service else prefix}.{name}", "json")
        return service.operations[name], _json_object(request.body)

    def _by_action(self, request: Request) -> tuple[Operation, dict[str, Any]]:
        form = {k: v[0] for k, v in parse_qs(request.body.decode(), keep_blank_values=True).items()}
        form.update({k: v[0] for k, v in parse_qs(request.query, keep_blank_values=True).items()})
        name = form.pop("Action", "(no Action)")
        form.pop("Version", None)
        service = self.services["sts"]
        if name not in service.operations:
            raise not_in_the_sandbox(f"sts.{name}", "query")
        operation = service.operations[name]
        return operation, _from_form(operation.input, form) if operation.input else {}


def _unplayed_bedrock(request: Request) -> AwsError:
    """The gap by name: Bedrock's runtime services share the control plane's signing name and path space."""
    found = Router(load(name) for name in ("bedrock-runtime", "bedrock-agent-runtime")).match(request)
    return not_in_the_sandbox(found[0].key if found else f"bedrock ({request.method} {request.path})")


def _unplayed(request: Request, signing_name: str) -> AwsError:
    action = parse_qs(request.body.decode(errors="replace")).get("Action")
    if action:
        return not_in_the_sandbox(f"{signing_name}.{action[0]}", "query")
    protocol = "rest-xml" if signing_name in ("s3express", "route53", "cloudfront") else "rest-json"
    return not_in_the_sandbox(f"{signing_name} ({request.method} {request.path})", protocol)


def _split(path: str) -> list[str]:
    return path.strip("/").split("/")


def _json_object(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        value = json.loads(body)
    except ValueError as error:
        raise AwsError("SerializationException", f"the body is not JSON: {error}", 400) from error
    if not isinstance(value, dict):
        raise AwsError("SerializationException", "the body is not a JSON object", 400)
    return value


def _rest_params(operation: Operation, bound: dict[str, str], request: Request) -> dict[str, Any]:
    params: dict[str, Any] = {}
    shape = operation.input
    if shape is None:
        return params
    query = parse_qs(request.query, keep_blank_values=True) if request.query else {}
    body = _json_object(request.body)
    for member in shape.members.values():
        if member.location == "uri":
            params[member.name] = bound[member.wire]
        elif member.location == "querystring" and member.wire in query:
            params[member.name] = _from_query(member.shape, query.pop(member.wire))
        elif member.location == "body" and member.wire in body:
            params[member.name] = body.pop(member.wire)
    surplus = [*query, *body]
    if surplus:
        what = "failed to satisfy constraint: Member must be a member that the operation knows"
        raise violations([f"Value at '{name}' {what}" for name in surplus])
    return params


def _from_query(shape: Shape, values: list[str]) -> Any:
    if shape.type == "list":
        return [_scalar(shape.part("member"), value) for value in values]
    return _scalar(shape, values[-1])


def _scalar(shape: Shape, text: str) -> Any:
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


def _from_form(shape: Shape, form: Mapping[str, str]) -> dict[str, Any]:
    """Parameters of the query protocol: ``Tags.member.1.Key=...``."""
    heads: dict[str, dict[str, str]] = {}
    for key, text in form.items():
        head, _, rest = key.partition(".")
        heads.setdefault(head, {})[rest] = text
    return {name: _form_value(shape.members.get(name), rest) for name, rest in heads.items()}


def _form_value(member: Any, rest: dict[str, str]) -> Any:
    if member is None:
        return rest.get("")
    return _form_shape(member.shape, rest)


def _form_shape(shape: Shape, rest: dict[str, str]) -> Any:
    if shape.type == "structure":
        return _from_form(shape, rest)
    if shape.type == "list":
        items: dict[int, dict[str, str]] = {}
        for key, text in rest.items():
            _, _, tail = key.partition(".")
            index, _, inner = tail.partition(".")
            items.setdefault(int(index or 0), {})[inner] = text
        return [_form_shape(shape.part("member"), items[index]) for index in sorted(items)]
    return _scalar(shape, rest.get("", ""))
