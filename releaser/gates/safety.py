"""Safety limits: no run takes away, or changes, more than the environment allows at once."""

from __future__ import annotations

from releaser.core.environment import Environment
from releaser.core.gate import Result, Verdict
from releaser.core.kind import Verb
from releaser.core.plan import Plan

_CHANGING = (Verb.UPDATE, Verb.REPOINT)


def judge(plan: Plan, environment: Environment, population: int) -> list[Verdict]:
    """FAIL when the share of deletions or updates is above the limit; small populations have no share."""
    safety = environment.spec.safety
    if population < safety.minPopulation:
        return [Verdict("safety", Result.PASS, f"{population} resources: too few for a share")]
    removed = sum(s.verb in (Verb.RETIRE, Verb.DELETE) for s in plan.steps)
    changed = len({s.address for s in plan.steps if s.verb in _CHANGING and s.before})
    return [
        _share("remove", "maxDeletePercent", removed, population, safety.maxDeletePercent),
        _share("change", "maxUpdatePercent", changed, population, safety.maxUpdatePercent),
    ]


def _share(what: str, limit_name: str, count: int, population: int, limit: int) -> Verdict:
    if count * 100 <= limit * population:
        return Verdict("safety", Result.PASS)
    return Verdict(
        "safety",
        Result.FAIL,
        f"this would {what} {count} of {population} resources; {limit_name} allows {limit} %",
        f"apply fewer use cases at a time, or raise safety.{limit_name} in the environment by a merge request",
        code="P151",
    )
