"""Evidence for tests, from scores by case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from releaser.core.evaluation.evidence import CaseFacts, Evidence, Observation, RunFacts, Subject
from releaser.core.evaluation.response import Timing
from releaser.core.values import digest

START = datetime(2026, 12, 1, 8, tzinfo=UTC)


def evidence(
    scores: Mapping[str, Sequence[Any]],
    *,
    metric: str = "exactMatch",
    run: str = "run-1",
    critical: Sequence[str] = (),
    version: str = "1",
    behaviour: str = "b",
    complete: bool = True,
    cost: float | None = None,
) -> Evidence:
    """``scores``: case -> the score of each repeat; an observation is taken as it is."""
    subject = Subject(
        use_case="answers",
        suite="quality",
        region="eu-central-1",
        via="published",
        target={"prompt": "answer"},
        behaviour={"prompts/answer": behaviour},
        models={"main": "eu.amazon.nova-pro-v1:0"},
        dataset=digest(sorted(scores)),
        evaluators={metric: version},
    )
    seen = tuple(
        value if isinstance(value, Observation) else observation(case, repeat, value, metric=metric, run=run)
        for case, values in scores.items()
        for repeat, value in enumerate(values, 1)
    )
    return Evidence(
        format="releaser.evidence/v1",
        key=subject.key,
        subject=subject,
        tool_version="0.1.0",
        seed=1,
        cases=tuple(
            CaseFacts(id=case, digest=digest(case), critical=case in critical, metrics=(metric,)) for case in scores
        ),
        observations=seen,
        responses=digest([o.response for o in seen]),
        run=RunFacts(
            started_at=START,
            ended_at=START,
            actor="ci",
            trigger="merge",
            complete=complete,
            cost=cost,
            currency="USD" if cost is not None else "",
        ),
    )


def observation(
    case: str, repeat: int, score: Any, *, metric: str = "exactMatch", run: str = "run-1", timing: Timing | None = None
) -> Observation:
    response = digest([case, repeat, run, repr(score)])
    scores = {} if score is None else {metric: score}
    return Observation(case=case, repeat=repeat, run=run, response=response, scores=scores, timing=timing)


def rates(good: int, bad: int = 0) -> dict[str, list[float]]:
    """Cases c000 on; the bad ones come first."""
    return {f"c{i:03}": [0.0 if i < bad else 1.0] for i in range(good + bad)}


def with_observations(found: Evidence, seen: Sequence[Observation]) -> Evidence:
    return replace(found, observations=tuple(seen))
