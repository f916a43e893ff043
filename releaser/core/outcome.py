"""What became of a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from releaser.core.address import Address
from releaser.core.kind import REMOVAL
from releaser.core.plan import StepKey
from releaser.core.record import Binding

UNDERWAY = "P355"
ROLLED_BACK = "P356"


class Status(StrEnum):
    """UNKNOWN: sent, and the answer was lost; the next run observes, nobody guesses."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one step, with AWS's request ids and what it took."""

    key: StepKey
    status: Status
    message: str = ""
    code: str = ""
    hint: str = ""
    request_ids: tuple[str, ...] = ()
    started_at: str = ""
    duration_ms: int = 0

    @property
    def is_removal(self) -> bool:
        return self.key.verb in REMOVAL


@dataclass(frozen=True, slots=True)
class UseCaseResult:
    """The result of one use case in one run."""

    use_case: str
    outcomes: tuple[Outcome, ...]
    verified: bool = False
    bindings: Mapping[Address, Binding] = field(default_factory=dict)
    retired: Mapping[Address, tuple[Binding, ...]] = field(default_factory=dict)
    message: str = ""
    code: str = ""
    hint: str = ""
    retires: bool = False
    exit_code: int = 0
    """Of what went wrong."""

    @property
    def is_underway(self) -> bool:
        """A roll-out goes on, or evidence is awaited, and a later run continues."""
        return self.code == UNDERWAY or self.exit_code == 5

    @property
    def succeeded(self) -> bool:
        """Verified. A removal that failed is told and tried again; it does not undo a release. Where removal is all
        that was asked, it must be done."""
        may_fail = not self.retires
        return self.verified and all(o.status is Status.DONE or (o.is_removal and may_fail) for o in self.outcomes)
