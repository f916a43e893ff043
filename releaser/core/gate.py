"""Verdicts, and the permission that only a gate can give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from releaser.core.plan import Plan, UseCasePlan, Wave


class Result(StrEnum):
    """INCONCLUSIVE and PENDING are not PASS: nothing passes on missing evidence."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    ERROR = "ERROR"
    PENDING = "PENDING"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A gate's result. ``use_case`` '' concerns the whole plan."""

    gate: str
    result: Result
    reason: str = ""
    hint: str = ""
    use_case: str = ""
    code: str = ""
    refusal: bool = True
    """True: exit 4 (we refuse); False: exit 3 (evidence says no), 5 where evidence is awaited."""
    metrics: tuple[Mapping[str, Any], ...] = ()
    """What was measured, as ``core/scores.py`` reads it."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """What stands in the way."""

    verdicts: tuple[Verdict, ...]


_SEAL = object()


class Cleared:
    """Permission to apply one wave of one use case's plan, exactly as it was judged. Made by ``clear`` alone."""

    __slots__ = ("plan", "plan_digest", "verdicts", "wave")

    def __init__(
        self, plan: UseCasePlan, plan_digest: str, wave: Wave, verdicts: tuple[Verdict, ...], seal: object
    ) -> None:
        if seal is not _SEAL:
            raise TypeError("only core.gate.clear makes a Cleared")
        self.plan, self.plan_digest, self.wave, self.verdicts = plan, plan_digest, wave, verdicts


def clear(plan: Plan, use_case: str, wave: Wave, verdicts: Iterable[Verdict]) -> Cleared | Blocked:
    """Permission for one wave of one use case, when every verdict that concerns it is PASS."""
    part = plan.of(use_case)
    concerning = tuple(v for v in verdicts if v.use_case in ("", use_case))
    against = tuple(v for v in concerning if v.result is not Result.PASS)
    if part is None:
        return Blocked((Verdict("plan", Result.ERROR, f"{use_case} is not in this plan"),))
    if part.observed:
        hint = "remove the line when what is live is yours: `releaser adopt --mark`"
        return Blocked((Verdict("plan", Result.FAIL, f"{use_case} says `mode: observe`", hint, use_case, "P188"),))
    if part.blocked:
        first = part.blocked[0]
        blocked = Verdict("plan", Result.ERROR, first.message, first.hint, use_case, first.code)
        return Blocked((blocked, *against))
    if against:
        return Blocked(against)
    return Cleared(part, plan.digest, wave, concerning, _SEAL)
