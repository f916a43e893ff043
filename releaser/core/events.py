"""The facts that a run tells: a closed union, heard by the console, the log and the audit."""

from __future__ import annotations

from dataclasses import dataclass

from releaser.core.outcome import Outcome
from releaser.core.plan import StepKey


@dataclass(frozen=True, slots=True)
class RunStarted:
    environment: str
    use_cases: int
    steps: int


@dataclass(frozen=True, slots=True)
class StepStarted:
    key: StepKey


@dataclass(frozen=True, slots=True)
class StepEnded:
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class UseCaseEnded:
    use_case: str
    release: str
    succeeded: bool
    message: str = ""
    goes_on: bool = False
    """A later run continues."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A sentence for people: what the run does now."""

    message: str


@dataclass(frozen=True, slots=True)
class Evaluating:
    """How far the evaluation of a suite is; heard about twice a second and at its end.

    ``rate``: answers a second. ``cost``: None where there are no prices.
    """

    suite: str
    done: int
    total: int
    rate: float
    errors: int
    cost: float | None = None


Event = RunStarted | StepStarted | StepEnded | UseCaseEnded | Noted | Evaluating
