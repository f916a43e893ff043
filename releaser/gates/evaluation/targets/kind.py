"""What a kind of target is, and what it is built from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from releaser.core.address import Address
from releaser.core.evaluation.evidence import Via
from releaser.engine.ports import Runtime
from releaser.gates.evaluation.ports import Target


@dataclass(frozen=True, slots=True)
class Live:
    """A resource in the account. ``body``: as desired, references resolved; ``alias``: the id that is called."""

    id: str
    arn: str
    version: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    alias: str = ""
    stamp: str = ""
    """Its behaviour stamp. What has no versions, and what is called by an alias, is told apart by it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a target is built from."""

    use_case: str
    target: Mapping[str, str]
    runtime: Runtime
    place: str
    """Account and region, as ``111111111111/eu-central-1``."""
    via: Via
    resources: Mapping[Address, Live]
    models: Mapping[str, Mapping[str, Any]]
    """The manifest's ``models``."""
    brought: Mapping[str, bytes] = field(default_factory=dict)
    """Data set -> its bytes, verified: results that are brought."""
    applications: Mapping[str, str] = field(default_factory=dict)
    """Name under ``evaluation.applications`` -> URL."""
    epoch: str = ""
    """Replies of what can change under its name are used again only within one epoch, as a release or a run; without
    one they are never."""

    def live(self, kind: str, name: str) -> Live:
        """The resource of an entry. Raises KeyError when the account has none that behaves as declared."""
        return self.resources[Address(self.use_case, kind, name)]

    def published(self, kind: str, name: str) -> Live:
        """The same with a version of its own: a draft is never evaluated in its place, and a guardrail that is called
        without a version may not be applied at all."""
        found = self.live(kind, name)
        if not found.version or found.version == "DRAFT":
            raise KeyError(Address(self.use_case, kind, name))
        return found

    def aliased(self, kind: str, name: str) -> Live:
        """The same with an alias to call it by, which whoever built this has checked to lead to its version."""
        found = self.live(kind, name)
        if not found.alias:
            raise KeyError(Address(self.use_case, kind, name))
        return found

    def moment(self, live: Live | None = None) -> str:
        """What tells apart two states of what can change under its name: stamp, epoch, or this object alone."""
        return (live.stamp if live else "") or self.epoch or uuid4().hex

    @property
    def blocked_messages(self) -> frozenset[str]:
        """What the use case's guardrails say in the place of what they block."""
        bodies = (live.body for address, live in self.resources.items() if address.kind == "guardrail")
        members = ("blockedInputMessaging", "blockedOutputsMessaging")
        return frozenset(str(b[m]) for b in bodies for m in members if b.get(m))


@dataclass(frozen=True, slots=True)
class Kind:
    """``build`` raises KeyError with the address of what the account does not have yet."""

    name: str
    build: Callable[[Wanted], Target]
    needs: Callable[[Mapping[str, str]], tuple[tuple[str, str], ...]]
    """(kind, entry) of what a suite's target consists of."""
    inline: bool = False
    """Whether it can be reached with nothing published."""
    via: Via | None = None
    """How it is reached, where that is the same before and after a merge."""
    aliased: bool = False
    """Whether it is called by an alias, which must lead to the version that is meant."""
    beside: frozenset[str] = frozenset()
    """Other members that a suite's ``target`` may have: what the target does with them is part of what it is."""
