"""Risk: a change that makes something protect less, or takes something away, needs an allowance for its address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from releaser.core.allowance import allowances
from releaser.core.allowance import judge as weigh
from releaser.core.environment import Environment
from releaser.core.gate import Result, Verdict
from releaser.core.plan import Concern, UseCasePlan
from releaser.core.redact import hide

_CODES = {"detach-guardrail": "P156", "delete": "P157", "weaken": "P155"}


def judge(
    part: UseCasePlan, spec: Mapping[str, Any], environment: Environment, today: date, *, returns: bool = False
) -> list[Verdict]:
    """One FAIL for each change without the allowance that it needs; else one PASS that says what was allowed.

    ``returns``: the release was here before, and its pin was reviewed. No allowance can be written into what was
    released, and a way back that needs a new release is none: what it weakens is said, and lets pass.
    """
    found = weigh(part, allowances(spec), environment.demands(), today)
    if part.steps and found.refused and returns:
        said = "; ".join(sentence(c) for c in found.refused)
        reason = f"{part.use_case} {part.release} was here before, and going back to it is less safe: {said}"
        return [Verdict("risk", Result.PASS, reason, use_case=part.use_case, code="P313")]
    if part.steps and found.refused:
        return [_refusal(part.use_case, c) for c in found.refused]
    said = ", ".join(f"{c.change} at {c.at}" for c in found.allowed)
    reason = f"{part.risk.value}{f'; allowed: {said}' if said else ''}"
    return [Verdict("risk", Result.PASS, reason, use_case=part.use_case)]


def _refusal(use_case: str, concern: Concern) -> Verdict:
    entry = f"- {{at: {concern.at}, change: {concern.change}, reason: WHY THIS IS RIGHT}}"
    hint = f"change it back, or add to the list spec.allow: {entry}"
    if concern.change == "delete":
        hint += "; to keep it in AWS, release it once with lifecycle: {onRemove: retain}, then remove it"
    return Verdict("risk", Result.FAIL, sentence(concern), hint, use_case, _CODES[concern.change])


def sentence(concern: Concern) -> str:
    """What happens and where; private words by digest."""
    text = concern.text
    if concern.private:
        text = text.replace("{}", f"(sha256 {hide(concern.private).sha256})", 1)
    said = {"weaken": "would protect or check less", "delete": "would be taken away"}
    what = said.get(concern.change, "would lose its guardrail")
    return f"{concern.at} {what}: {text}"
