"""The order between the parts of a plan, as edges: stage, what callers see, pointers, drafts put back, take away."""

from __future__ import annotations

from dataclasses import replace

from releaser.core.kind import Verb
from releaser.core.plan import Step, StepKey, Wave


def with_barriers(steps: list[Step]) -> list[Step]:
    """What callers follow moves after everything staged; drafts are put back after that; removal comes last."""
    ranks: dict[int, list[StepKey]] = {}
    for step in steps:
        ranks.setdefault(_rank(step), []).append(step.key)
    done = []
    for step in steps:
        earlier = [k for rank, keys in ranks.items() if rank < _rank(step) for k in keys] if _rank(step) else []
        done.append(replace(step, needs=tuple(sorted({*step.needs, *earlier}))))
    return done


def _rank(step: Step) -> int:
    if step.wave is Wave.STAGE:
        return 0
    if step.removes:
        return 4
    if step.verb is Verb.REPOINT:
        return 2
    return 3 if step.late else 1
