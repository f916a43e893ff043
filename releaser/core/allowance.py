"""Allowances of a manifest against what a plan would do: what is not allowed, and which allowances are no use."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from releaser.core.manifest import Allowance
from releaser.core.plan import Concern, Risk, UseCasePlan


@dataclass(frozen=True, slots=True)
class Judgement:
    """What of a plan needs an allowance and has none; what is allowed; and allowances that are expired or unused."""

    refused: tuple[Concern, ...]
    allowed: tuple[Concern, ...]
    expired: tuple[tuple[int, Allowance], ...]
    """With their index under ``spec.allow``."""
    unused: tuple[tuple[int, Allowance], ...]


def allowances(spec: Mapping[str, Any]) -> tuple[Allowance, ...]:
    """Those of a manifest that was validated."""
    return tuple(Allowance.model_validate(dict(a)) for a in spec.get("allow") or ())


def judge(part: UseCasePlan, given: tuple[Allowance, ...], demands: Collection[Risk], today: date) -> Judgement:
    """``demands``: the classes that need an allowance in this environment; some changes need one everywhere."""
    listed = list(enumerate(given))
    expired = tuple((i, a) for i, a in listed if a.until is not None and a.until < today)
    valid = [(i, a) for i, a in listed if (i, a) not in expired]
    used = {i for i, a in valid for c in part.concerns if _covers(a, c)}
    asked = [c for c in part.concerns if c.always or c.risk in demands]
    refused = tuple(c for c in asked if not any(_covers(a, c) for _, a in valid))
    return Judgement(
        refused=refused,
        allowed=tuple(c for c in part.concerns if any(_covers(a, c) for _, a in valid)),
        expired=expired,
        unused=tuple((i, a) for i, a in valid if i not in used),
    )


def needed(part: UseCasePlan, given: tuple[Allowance, ...], today: date) -> tuple[Allowance, ...]:
    """The allowances that a plan makes use of."""
    found = judge(part, given, (), today)
    no_use = {i for i, _ in (*found.expired, *found.unused)}
    return tuple(a for i, a in enumerate(given) if i not in no_use)


def _covers(allowance: Allowance, concern: Concern) -> bool:
    """One address and one change, exactly: what is allowed at one place says nothing of another."""
    return allowance.change == concern.change and allowance.at in concern.places
