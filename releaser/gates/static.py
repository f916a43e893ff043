"""The gates that need no evidence, together: they stand before anything is written."""

from __future__ import annotations

from datetime import datetime

from releaser.core.environment import Environment
from releaser.core.gate import Verdict
from releaser.engine.planning import Planned
from releaser.gates import freeze, lifecycle, risk, safety


def judge(
    planned: Planned, environment: Environment, survey: lifecycle.ModelSurvey, now: datetime
) -> tuple[Verdict, ...]:
    """Every verdict on a plan: freeze, safety limits, the risk of each use case's changes, the life of each model that
    it names, and where data may go."""
    policy = environment.spec.policy
    known = {a for k in planned.known.values() for a in k.bindings}
    population = len(known | {n.address for n in planned.compiled.graph.nodes})
    verdicts = [freeze.judge(environment, now.date()), *safety.judge(planned.plan, environment, population)]
    for name, view in planned.compiled.views.items():
        verdicts += survey.judge(name, policy, view.section("governance").get("dataClassification"), now)
        part = planned.plan.of(name)
        if part is not None:
            verdicts += risk.judge(part, planned.compiled.files[name].spec, environment, now.date())
    return tuple(verdicts)
