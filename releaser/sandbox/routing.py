"""Which operation a request means, and its parameters as the service model names them.

Routes are computed once: by target header (json), by ``Action`` (query), by method and path (rest-json, rest-xml), by
the name in the path (rpc-v2-cbor). Services that sign with the same name (``bedrock``, ``bedrock-agent`` and their
runtimes; ``appconfig`` and ``appconfigdata``) share one path space; of two with the same path ``model``'s first has it.
Models in ``model.LATE`` are read at the first request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from releaser.sandbox import cbor, rest_json, rest_xml
from releaser.sandbox.errors import AwsError, not_in_the_sandbox
from releaser.sandbox.model import LATE, SERVED, Operation, Service, Shape, load
from releaser.sandbox.request import Request

CBOR = "smithy-rpc-v2-cbor"
Found = tuple[Operation, dict[str, Any], str]
"""An operation, its parameters, and the protocol that it was asked in."""


class Router:
    """Finds operations. Operations without a handler are found too, so that the gap can be named."""

    def __init__(self, services: Iterable[Service]) -> None:
        self.services = {service.name: service for service in services}
        self.operations = {op.key: op for s in self.services.values() for op in s.operations.values()}
        self._rest: dict[str, rest_json.Routes] = {}

    def resolve(self, request: Request, signing_name: str) -> Found:
        """The operation and its parameters, unvalidated, and how they were sent."""
        services = self._signed(signing_name)
        target = request.headers.get("x-amz-target")
        if target:
            return self._by_target(target, request, services)
        if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
            return _by_name(request, services)
        if signing_name == "s3":
            return (*self.s3.resolve(request), "rest-xml")
        if any("query" in service.protocols for service in services):
            return _by_action(request, services[0])
        if any(service.protocol == "rest-json" for service in services):
            found = self._routes(signing_name, services).resolve(request)
            if found is not None:
                return (*found, "rest-json")
        raise _unplayed(request, signing_name)

    @cached_property
    def s3(self) -> rest_xml.Routes:
        """S3's routes."""
        return rest_xml.Routes(self.know("s3"))

    @property
    def names(self) -> tuple[str, ...]:
        """The services played, whether their models were read yet or not."""
        return (*SERVED, *LATE)

    def know(self, name: str) -> Service:
        """A service by name; its model is read if it was not yet."""
        if name not in self.services:
            service = self.services[name] = load(name)
            self.operations |= {operation.key: operation for operation in service.operations.values()}
        return self.services[name]

    def operations_called(self, name: str, service: str | None) -> list[Operation]:
        """The operations of this name, in one service or in all: late models are read when no other has it."""
        if service is not None and service in self.names:
            self.know(service)
        elif not any(operation.name == name for operation in self.operations.values()):
            for late in LATE:
                self.know(late)
        wanted = (service,) if service else tuple(self.services)
        return [op for op in self.operations.values() if op.name == name and op.service.name in wanted]

    def _signed(self, signing_name: str) -> list[Service]:
        for name in LATE:
            if LATE[name] == signing_name:
                self.know(name)
        return [service for service in self.services.values() if service.signing_name == signing_name]

    def _routes(self, signing_name: str, services: list[Service]) -> rest_json.Routes:
        if signing_name not in self._rest:
            self._rest[signing_name] = rest_json.Routes(services)
        return self._rest[signing_name]

    def _by_target(self, target: str, request: Request, services: list[Service]) -> Found:
        prefix, _, name = target.rpartition(".")
        service = next((one for one in services if one.target_prefix == prefix), None)
        if service is None or name not in service.operations:
            raise not_in_the_sandbox(f"{service.name if service else prefix}.{name}", "json")
        return service.operations[name], rest_json.json_object(request.body), "json"


def _by_name(request: Request, services: list[Service]) -> Found:
    """``/service/<target prefix>/operation/<name>``."""
    parts = request.path.strip("/").split("/")
    name = parts[3] if len(parts) == 4 else "(no operation)"
    service = next((one for one in services if len(parts) == 4 and one.target_prefix == parts[1]), None)
    if service is None or name not in service.operations:
        raise not_in_the_sandbox(f"{service.name if service else request.path}.{name}", CBOR)
    params = cbor.decode(request.body) if request.body else {}
    if not isinstance(params, dict):
        raise AwsError("SerializationException", "the body is not a CBOR map", 400, CBOR)
    return service.operations[name], params, CBOR


def _by_action(request: Request, service: Service) -> Found:
    form = {k: v[0] for k, v in parse_qs(request.body.decode(), keep_blank_values=True).items()}
    form.update({k: v[0] for k, v in parse_qs(request.query, keep_blank_values=True).items()})
    name = form.pop("Action", "(no Action)")
    form.pop("Version", None)
    if name not in service.operations:
        raise not_in_the_sandbox(f"{service.name}.{name}", "query")
    operation = service.operations[name]
    return operation, _from_form(operation.input, form) if operation.input else {}, "query"


def _unplayed(request: Request, signing_name: str) -> AwsError:
    action = parse_qs(request.body.decode(errors="replace")).get("Action")
    if action:
        return not_in_the_sandbox(f"{signing_name}.{action[0]}", "query")
    protocol = "rest-xml" if signing_name in ("s3express", "route53", "cloudfront") else "rest-json"
    return not_in_the_sandbox(f"{signing_name} ({request.method} {request.path})", protocol)


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
            if index:
                items.setdefault(int(index), {})[inner] = text
        return [_form_shape(shape.part("member"), items[index]) for index in sorted(items)]
    if shape.type == "timestamp":
        from datetime import datetime

        return datetime.fromisoformat(rest.get("", "")).timestamp()
    return rest_json.scalar(shape, rest.get("", ""))
