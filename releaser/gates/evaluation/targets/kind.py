"""What a kind of target is, and what it is built from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

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

    def live(self, kind: str, name: str) -> Live:
        """The resource of an entry. Raises KeyError when the account has none that behaves as declared."""
        return self.resources[Address(self.use_case, kind, name)]


@dataclass(frozen=True, slots=True)
class Kind:
    """``build`` raises KeyError with the address of what the account does not have yet."""

    name: str
    build: Callable[[Wanted], Target]
    needs: Callable[[Mapping[str, str]], tuple[tuple[str, str], ...]]
    """(kind, entry) of what a suite's target consists of."""
    inline: bool = False
    """Whether it can be reached with nothing published."""
