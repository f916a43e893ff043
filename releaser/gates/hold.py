"""Hold: what was taken back stays out until the environment is to have other content."""

from __future__ import annotations

from collections.abc import Mapping

from releaser.core.gate import Result, Verdict
from releaser.core.hold import hold_of
from releaser.core.plan import Plan
from releaser.core.record import Witness


def judge(plan: Plan, witnesses: Mapping[str, Witness]) -> list[Verdict]:
    """FAIL for each use case whose content is held here: exactly that digest, by whatever name."""
    found = []
    for part in plan.use_cases:
        witness = witnesses.get(part.use_case)
        held = hold_of(witness) if witness else None
        if held is not None and not part.retires and held.release_digest == part.release_digest:
            said = f"{part.use_case} {held.release} was taken back in {plan.environment} and is held: {held.reason}"
            hint = f"`releaser promote {part.use_case} --to {plan.environment}` another release; or merge the fix"
            found.append(Verdict("hold", Result.FAIL, said, hint, part.use_case, "P312"))
    return found
