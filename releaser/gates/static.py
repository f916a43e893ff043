"""The gates that need no evidence, together: they stand before anything is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from releaser.core.environment import Environment
from releaser.core.gate import Verdict
from releaser.core.pin import Pinned
from releaser.core.promotion import Denied, Ground, Passage
from releaser.core.values import EMPTY
from releaser.engine.planning import Planned
from releaser.gates import freeze, hold, lifecycle, promotion, risk, safety


def judge(
    planned: Planned,
    environment: Environment,
    survey: lifecycle.ModelSurvey,
    now: datetime,
    pins: Mapping[str, Pinned] = EMPTY,
    passages: Mapping[str, Passage | Denied] = EMPTY,
    spent: Collection[str] = (),
) -> tuple[Verdict, ...]:
    """Every verdict on a plan: freeze, safety limits, what is held, whether what is pinned may come here, the risk of
    each use case's changes, the life of each model that it names, and where data may go. ``spent``: use cases whose
    pin's waiver brings back nothing that was taken back."""
    policy = environment.spec.policy
    known = {a for k in planned.known.values() for a in k.bindings}
    population = len(known | {n.address for n in planned.compiled.graph.nodes})
    verdicts = [freeze.judge(environment, now.date()), *safety.judge(planned.plan, environment, population)]
    verdicts += hold.judge(planned.plan, planned.witnesses, planned.snapshot, pins, now.date(), spent)
    verdicts += promotion.judge(pins, passages)
    for name, view in planned.compiled.views.items():
        verdicts += survey.judge(name, policy, view.section("governance").get("dataClassification"), now)
        part = planned.plan.of(name)
        if part is not None:
            was_here = passages.get(name)
            returns = isinstance(was_here, Passage) and was_here.ground is Ground.BEFORE
            spec = planned.compiled.files[name].spec
            verdicts += risk.judge(part, spec, environment, now.date(), returns=returns)
    return tuple(verdicts)
