"""GitLab's ``metrics`` report: OpenMetrics text, of which the merge request shows what changed against its target.

GitLab (ee/lib/gitlab/ci/parsers/metrics/generic.rb) cuts a line at ``#``, splits it as a shell would and compares by
name and labels: labels are percent-encoded, so that no name can hold a quote, a ``#`` or a space, and none holds what
differs between two runs, such as a release. Numbers that are not finite are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from releaser.core.evaluation.judgement import Judgement, MetricVerdict
from releaser.core.plan import Plan

_BY_UNIT = {
    "time": "releaser_evaluation_seconds",
    "rate": "releaser_evaluation_rate",
    "cost": "releaser_evaluation_cost",
}
_SCORE = "releaser_evaluation_score"
_HELP = {
    _SCORE: "a metric of an evaluation, as its threshold is said",
    "releaser_evaluation_seconds": "a time of an evaluation",
    "releaser_evaluation_rate": "a rate of an evaluation",
    "releaser_evaluation_cost": "a cost that an evaluation measures",
    "releaser_evaluation_spent": "what asking for one suite cost",
    "releaser_quota_left": "resources of a kind that may still be made, once the plan is applied",
    "releaser_quota_limit": "resources of a kind that the account may have",
    "releaser_drifted_resources": "resources that differ from what was released",
}
_SUFFIXES = {"_lower": "lower bound", "_upper": "upper bound", "_asked": "floor or ceiling", "_cases": "cases counted"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of a family."""

    family: str
    labels: tuple[tuple[str, str], ...]
    value: float

    def __str__(self) -> str:
        labels = ",".join(f'{name}="{_label(text)}"' for name, text in self.labels)
        return f"{self.family}{{{labels}}} {self.value!r}"


def openmetrics(samples: Iterable[Sample]) -> str:
    """The report: families by name, each number once."""
    families: dict[str, dict[tuple[tuple[str, str], ...], Sample]] = {}
    for sample in samples:
        if math.isfinite(sample.value):
            families.setdefault(sample.family, {})[sample.labels] = sample
    lines: list[str] = []
    for family, found in sorted(families.items()):
        lines += [f"# TYPE {family} gauge", f"# HELP {family} {_help(family)}", *map(str, found.values())]
    return "\n".join([*lines, "# EOF"]) + "\n"


def of_judgements(judgements: Iterable[Judgement]) -> Iterator[Sample]:
    """Scores with their bounds, times, costs."""
    for judgement in judgements:
        for suite in judgement.suites:
            at = (
                ("environment", judgement.environment),
                ("use_case", judgement.use_case),
                ("suite", suite.suite),
            )
            for metric in suite.metrics:
                yield from _metric((*at, ("metric", metric.threshold.metric)), metric)
            for currency, amount in sorted(suite.cost.items()):
                yield Sample("releaser_evaluation_spent", (*at, ("currency", currency)), float(amount))


def _metric(at: tuple[tuple[str, str], ...], found: MetricVerdict) -> Iterator[Sample]:
    asked = found.threshold
    family, scale = _BY_UNIT.get(asked.unit, _SCORE), 1000.0 if asked.unit == "time" else 1.0
    bound = asked.floor if asked.floor is not None else asked.ceiling
    for suffix, value in (("", found.value), ("_lower", found.lower), ("_upper", found.upper), ("_asked", bound)):
        if value is not None:
            yield Sample(f"{family}{suffix}", at, value / scale)
    yield Sample(f"{family}_cases", at, float(found.n))


def of_room(plan: Plan) -> Iterator[Sample]:
    """What the account has room for, of the kinds that the plan adds to."""
    for room in plan.room:
        at = (("environment", plan.environment), ("region", plan.region), ("kind", room.kind))
        yield Sample("releaser_quota_left", at, float(room.limit - room.used - room.needs))
        yield Sample("releaser_quota_limit", at, float(room.limit))


def of_drift(plan: Plan) -> Iterator[Sample]:
    """How many resources of each use case drifted."""
    for part in plan.use_cases:
        at = (("environment", plan.environment), ("use_case", part.use_case))
        yield Sample("releaser_drifted_resources", at, float(sum(c.drift for c in part.changes)))


def _help(family: str) -> str:
    for suffix, what in _SUFFIXES.items():
        if family.endswith(suffix):
            return f"{_HELP[family.removesuffix(suffix)]}: {what}"
    return _HELP[family]


def _label(text: str) -> str:
    return quote(text, safe=".:/-_", errors="surrogatepass")
