"""Two releases side by side: what became better and worse, by case. No verdict."""

from __future__ import annotations

from collections.abc import Sequence

from releaser.core.evaluation.evidence import Evidence
from releaser.core.evaluation.judgement import Compared, Threshold
from releaser.core.metrics import METRICS, RUBRIC
from releaser.gates.evaluation.bounds import value_of
from releaser.gates.evaluation.regression import compared, incomparable, pairs_of, samples
from releaser.gates.evaluation.table import Table, flaws, tabulate
from releaser.gates.evaluation.thresholds import better_of


def compare(
    before: Sequence[Evidence], after: Sequence[Evidence], *, release: str = "", thresholds: Sequence[Threshold] = ()
) -> tuple[Compared, ...]:
    """One row for each metric that either has, by name. ``release``: what ``before`` is called. ``thresholds``: the
    suite's, for the direction of metrics that have none themselves."""
    suite = next((e.subject.suite for e in (*after, *before)), "")
    known = {t.metric: t for t in thresholds}
    names = sorted({m for e in (*before, *after) for c in e.cases for m in c.metrics})
    return tuple(
        _row(
            known.get(n) or Threshold(suite=suite, metric=n, unit=METRICS.get(n, RUBRIC).unit),
            before,
            after,
            release or "before",
        )
        for n in names
    )


def _row(threshold: Threshold, before: Sequence[Evidence], after: Sequence[Evidence], release: str) -> Compared:
    metric = threshold.metric
    then, now = _table(before, threshold), _table(after, threshold)
    obstacle = incomparable(metric, before, after)
    for table, name in ((then, release), (now, "the other")):
        if not obstacle and table.wrong:
            obstacle = f"the evidence of {name} has errors ({table.wrong[0]})"
    pairs = pairs_of(then, now)
    if not obstacle and not pairs:
        obstacle = "no case is in both"
    sign = 1 if better_of(threshold) == "more" else -1
    return Compared(
        suite=threshold.suite,
        metric=metric,
        unit=threshold.unit,
        before=value_of(threshold, then.rows) if then.rows and not then.wrong else None,
        after=value_of(threshold, now.rows) if now.rows and not now.wrong else None,
        obstacle=obstacle,
        comparison=None if obstacle else compared(threshold, pairs, release),
        better=() if obstacle else tuple(p.after.case for p in pairs if sign * p.difference > 0),
        worse=() if obstacle else tuple(p.after.case for p in pairs if sign * p.difference < 0),
        worst=() if obstacle else samples(threshold, now, {p.after.case: p for p in pairs}),
        scores=now.scores,
        baseline_scores=then.scores,
    )


def _table(evidence: Sequence[Evidence], threshold: Threshold) -> Table:
    wrong = flaws(evidence) if evidence else ("there is none",)
    return Table(rows=(), wrong=wrong) if wrong else tabulate(evidence, threshold)
