"""What AWS said, in manifest shape. A denied read is not an absence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from releaser.core.address import Address
from releaser.core.record import Binding
from releaser.core.values import EMPTY, FrozenMap


class Depth(StrEnum):
    """How we know: read now, or assumed because the list row still matches the last record."""

    READ = "read"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Version:
    """A published version. ``stamp`` (16 digits) is an index; ``body_digest`` is the proof, None while unread."""

    version: str
    stamp: str | None = None
    body_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A live resource that is ours. ``body`` is in comparable form; None when assumed."""

    id: str
    arn: str
    name: str
    revision: str
    depth: Depth
    body: FrozenMap | None = None
    tags: FrozenMap = EMPTY
    versions: tuple[Version, ...] = ()
    status: str = "ready"
    reason: str = ""
    is_adopted: bool = False
    """Found by its name alone: nobody's tag is on it."""

    def outputs(self, version: str | None, version_arn: bool) -> dict[str, str]:
        """The values that others may refer to."""
        found = {"id": self.id, "arn": self.arn}
        if version is not None:
            found["version"] = version
            if version_arn:
                found["versionArn"] = f"{self.arn}:{version}"
        return found


@dataclass(frozen=True, slots=True)
class Absent:
    """Looked for and not there. ``was`` is the id that the last record knew."""

    was: str = ""
    siblings: int = 0
    """How many of its kind its parent holds, for what exists inside another resource."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A read failed or was denied: nothing may be concluded."""

    reason: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """Something that is not ours stands under our name."""

    id: str
    name: str
    owner: str = ""


Observation = Seen | Absent | Unreadable | Foreign


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The live account as far as a set of use cases is concerned."""

    environment: str
    account: str
    region: str
    observations: Mapping[Address, Observation]
    retired: Mapping[Address, tuple[Binding, ...]] = field(default_factory=dict)
    """Resources of ours that are no longer declared, with the binding that knows them, still live."""
    totals: Mapping[str, int] = field(default_factory=dict)
    """Kind -> how many of it the account holds (for quotas)."""

    @property
    def assumed(self) -> int:
        return sum(isinstance(o, Seen) and o.depth is Depth.ASSUMED for o in self.observations.values())

    @property
    def read(self) -> int:
        return len(self.observations) - self.assumed
