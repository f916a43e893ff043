"""What one module in ``kinds/`` declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.settings import Value

Handler = Callable[[Call], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Taggable:
    """How a kind's resources are tagged.

    ``service``: which API's TagResource takes the ARN. ``resource``: the ARN's resource prefix, such as
    ``guardrail/``. ``exists``: whether that ARN (resource part) exists. ``group_type``: the resource type
    in the tagging API's GetResources, None where AWS does not list the kind; ``grouped`` may leave out
    single ARNs. ``below``: for a kind whose ARNs go on from another kind's, what they go on with.
    """

    service: str
    prefix: str
    exists: Callable[[Call, str], bool]
    group_type: str | None = None
    grouped: Callable[[str], bool] = lambda resource: True
    arn_service: str = "bedrock"
    below: str = ""


@dataclass(slots=True)
class Kind:
    """A kind of resource: its handlers and what it adds to quotas, switches, rates and delays.

    Switches list their possible values, the default first; one value alone means any value.
    """

    name: str
    quotas: Mapping[str, int] = field(default_factory=dict)
    switches: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    rates: Mapping[str, Rate] = field(default_factory=dict)
    delays: Mapping[str, float] = field(default_factory=dict)
    taggables: tuple[Taggable, ...] = ()
    wrong_patterns: frozenset[tuple[str, str]] = frozenset()
    """Service and shape whose pattern in the model real values do not match: it is not held against anybody."""
    handlers: dict[str, Handler] = field(default_factory=dict)

    def operation(self, service: str, name: str) -> Callable[[Handler], Handler]:
        """Marks a function as the answer to an operation."""

        def mark(handler: Handler) -> Handler:
            self.handlers[f"{service}.{name}"] = handler
            return handler

        return mark


@dataclass(slots=True)
class Kinds:
    """All kinds found, merged."""

    handlers: dict[str, Handler] = field(default_factory=dict)
    quotas: dict[str, int] = field(default_factory=dict)
    switches: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    rates: dict[str, Rate] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)
    tagged: list[Taggable] = field(default_factory=list)
    wrong_patterns: set[tuple[str, str]] = field(default_factory=set)

    def add(self, kind: Kind) -> None:
        """Takes a kind in; two kinds may not answer the same operation."""
        twice = set(self.handlers) & set(kind.handlers)
        if twice:
            raise ValueError(f"{kind.name} answers {sorted(twice)}, which another kind answers")
        self.handlers.update(kind.handlers)
        self.quotas.update(kind.quotas)
        self.switches.update(kind.switches)
        self.rates.update(kind.rates)
        self.delays.update(kind.delays)
        self.tagged.extend(kind.taggables)
        self.wrong_patterns |= kind.wrong_patterns

    def taggables(self) -> tuple[Taggable, ...]:
        """All taggable kinds."""
        return tuple(self.tagged)
