"""Which suites a change must pass before callers get it. Pure.

Evidence is asked for where behaviour changes. The environment says which suites; the risk tier says what a manifest
must bring along; a change that protects less asks for the safety suite wherever anything is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from releaser.core.address import Address
from releaser.core.environment import Environment
from releaser.core.plan import Risk
from releaser.core.record import Binding
from releaser.core.values import thaw

SAFETY = "safety"


@dataclass(frozen=True, slots=True)
class Required:
    """What is asked of one use case here. ``missing``: asked for, and not declared by the manifest."""

    suites: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    why_none: str = ""


def required(
    environment: Environment, spec: Mapping[str, Any], risk: Risk, *, changes_behaviour: bool, goes_back: bool
) -> Required:
    """The suites in the order of the environment. What goes back to what was live is not evaluated again."""
    gates = environment.spec.gates
    if not gates.required:
        return Required(why_none=f"{environment.name} asks for no suite")
    if goes_back:
        return Required(why_none="it was live here before")
    if not changes_behaviour:
        return Required(why_none="what callers get is the same")
    declared = _suites(spec)
    asked = list(gates.required)
    if risk in (Risk.WEAKENING, Risk.DESTRUCTIVE) and SAFETY in declared and SAFETY not in asked:
        asked.append(SAFETY)
    missing = tuple(s for s in asked if s not in declared)
    tier = _tier(spec)
    return Required(tuple(s for s in asked if s in declared), missing if tier != "minimal" else ())


def changes_behaviour(desired: Mapping[Address, str], live: Mapping[Address, Binding]) -> bool:
    """Whether any behaviour stamp differs from what is live. ``desired``: address -> behaviour stamp."""
    return {a: s for a, s in desired.items() if s} != {a: b.behaviour for a, b in live.items() if b.behaviour}


def calls_others(desired: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Whether applications would call another model, or call one otherwise: they are told in the runtime document, and
    no resource says so. Both are sections ``models``."""
    return _called(desired) != _called(live)


def _called(models: Mapping[str, Any]) -> dict[str, Any]:
    entries = {name: entry for name, entry in models.items() if isinstance(entry, Mapping)}
    return {name: (e.get("modelId"), thaw(e.get("inference") or {})) for name, e in entries.items()}


def _suites(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    evaluation = spec.get("evaluation")
    found = evaluation.get("suites") if isinstance(evaluation, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _tier(spec: Mapping[str, Any]) -> Literal["minimal", "limited", "high"]:
    governance = spec.get("governance")
    found = governance.get("riskTier") if isinstance(governance, Mapping) else None
    return found if found in ("minimal", "limited") else "high"
