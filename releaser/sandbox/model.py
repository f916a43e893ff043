"""AWS's service models, as botocore ships them: the sandbox's only idea of what a call looks like.

Only what is asked for is compiled; shapes are memoised, since recursion and sharing are common in the models.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

SERVED = ("bedrock", "bedrock-agent", "sts", "ssm", "resourcegroupstaggingapi", "service-quotas")
LATE = {
    "s3": "s3",
    "appconfig": "appconfig",
    "appconfigdata": "appconfig",
    "cloudwatch": "monitoring",
    "kms": "kms",
    "iam": "iam",
    "bedrock-agent-runtime": "bedrock",
    "bedrock-runtime": "bedrock",
}
"""Services whose models are read when they are first spoken of, with the names they sign with."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a structure: its wire name, where it travels (body, uri, querystring), its shape."""

    name: str
    wire: str
    location: str
    shape: Shape
    is_token: bool


@dataclass(eq=False)
class Shape:
    """One shape of a service model, with its constraints unread until asked for."""

    service: Service
    name: str
    raw: Mapping[str, Any]

    @property
    def type(self) -> str:
        """The model's type name: structure, list, map, string, integer, ..."""
        return str(self.raw["type"])

    @cached_property
    def members(self) -> dict[str, Member]:
        """The members of a structure by name."""
        return {name: self._member(name, ref) for name, ref in self.raw.get("members", {}).items()}

    def _member(self, name: str, ref: Mapping[str, Any]) -> Member:
        shape = self.service.shape(ref["shape"])
        wire = ref.get("locationName", name)
        return Member(name, wire, ref.get("location", "body"), shape, bool(ref.get("idempotencyToken")))

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Names of the members that must be present."""
        return tuple(self.raw.get("required", ()))

    @property
    def is_union(self) -> bool:
        """Whether exactly one member may be set."""
        return bool(self.raw.get("union"))

    @property
    def is_document(self) -> bool:
        """Whether any JSON value is allowed here."""
        return bool(self.raw.get("document"))

    def part(self, which: str) -> Shape:
        """The shape of a list's ``member``, or of a map's ``key`` or ``value``."""
        return self.service.shape(self.raw[which]["shape"])


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation of one service."""

    service: Service
    name: str
    raw: Mapping[str, Any] = field(repr=False)

    @cached_property
    def key(self) -> str:
        """``service.Operation``: how rates, faults and counters name it."""
        return f"{self.service.name}.{self.name}"

    @property
    def method(self) -> str:
        """The HTTP method."""
        return str(self.raw["http"]["method"])

    @property
    def uri(self) -> str:
        """The URI template."""
        return str(self.raw["http"]["requestUri"])

    @cached_property
    def status(self) -> int:
        """The HTTP status of success."""
        return int(self.raw["http"].get("responseCode", 200))

    @cached_property
    def input(self) -> Shape | None:
        """The input structure, if the operation takes one."""
        ref = self.raw.get("input")
        return self.service.shape(ref["shape"]) if ref else None

    @cached_property
    def output(self) -> Shape | None:
        """The output structure, if the operation has one."""
        ref = self.raw.get("output")
        return self.service.shape(ref["shape"]) if ref else None

    @cached_property
    def stream(self) -> Shape | None:
        """The events of the output, where it is a stream of them."""
        members = self.output.members.values() if self.output else ()
        return next((one.shape for one in members if one.shape.raw.get("eventstream")), None)

    @cached_property
    def is_read(self) -> bool:
        """Whether the name says that nothing is changed (Get, List, Describe, Head)."""
        return self.name.startswith(("Get", "List", "Describe", "Head"))

    @cached_property
    def is_list(self) -> bool:
        """Whether this operation answers with rows that a stale replica could serve."""
        return self.name.startswith(("List", "Describe")) or self.name in (
            "GetResources",
            "GetParametersByPath",
        )

    @cached_property
    def token_member(self) -> str | None:
        """The member that carries the idempotency token."""
        members = self.input.members.values() if self.input else ()
        return next((m.name for m in members if m.is_token), None)


class Service:
    """A service model: its metadata, operations and shapes."""

    def __init__(self, name: str, raw: Mapping[str, Any], wrong_patterns: frozenset[str] = frozenset()) -> None:
        self.name = name
        self.wrong_patterns = wrong_patterns
        self.raw = raw
        meta = raw["metadata"]
        self.protocol: str = meta["protocol"]
        self.protocols: tuple[str, ...] = tuple(meta.get("protocols", (self.protocol,)))
        self.signing_name: str = meta.get("signingName") or meta["endpointPrefix"]
        self.target_prefix: str = meta.get("targetPrefix", "")
        self.xml_namespace: str = meta.get("xmlNamespace", "")
        self.operations = {name: Operation(self, name, op) for name, op in raw["operations"].items()}
        self._shapes: dict[str, Shape] = {}

    def shape(self, name: str) -> Shape:
        """The shape called ``name``, one object per name."""
        found = self._shapes.get(name)
        if found is None:
            found = self._shapes[name] = Shape(self, name, self.raw["shapes"][name])
        return found

    def error(self, name: str) -> tuple[str, int | None]:
        """Code and HTTP status which the model gives to an error, wherever it is declared."""
        trait = self.raw["shapes"].get(name, {}).get("error") or {}
        return trait.get("code", name), trait.get("httpStatusCode")


def load(name: str) -> Service:
    """The newest model of a service that the installed botocore has."""
    from botocore.loaders import Loader

    return Service(name, Loader().load_service_model(name, "service-2"))


def load_served(wrong_patterns: Collection[tuple[str, str]] = ()) -> Iterator[Service]:
    """Models of all services which the sandbox plays. ``wrong_patterns``: service and shape."""
    from botocore.loaders import Loader

    loader = Loader()
    for name in SERVED:
        wrong = frozenset(shape for service, shape in wrong_patterns if service == name)
        yield Service(name, loader.load_service_model(name, "service-2"), wrong)
