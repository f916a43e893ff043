"""A candidate against the approved baseline, paired by case."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import stdev

from releaser.core.evaluation.evidence import Evidence
from releaser.core.evaluation.judgement import Comparison, Sample, Threshold
from releaser.core.gate import Result
from releaser.gates.evaluation.bounds import (
    cases_needed,
    count_of,
    error_of,
    mean_difference,
    p_broken,
    resampled,
    seed_of,
    value_of,
    with_room,
)
from releaser.gates.evaluation.detecting import detectable_loss, detectable_rate_loss, least_mean_loss
from releaser.gates.evaluation.said import counted, said
from releaser.gates.evaluation.statistics import (
    Bound,
    against_margin,
    mcnemar_exact,
    paired_rate_bound,
    wilcoxon_signed_rank,
)
from releaser.gates.evaluation.table import Row, Table
from releaser.gates.evaluation.thresholds import better_of, least_of, statistic_of

ENOUGH = 0.8
"""The share of the candidate's cases that must be among the baseline's, unchanged."""
LEAST_RESAMPLED = 20
WORST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one question about a metric came to. ``p``: None where chance plays no part."""

    result: Result
    reason: str
    hint: str = ""
    p: float | None = None
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class Paired:
    """The same case twice."""

    before: Row
    after: Row

    @property
    def difference(self) -> float:
        """What rounding makes of a mean of equal values is no change."""
        return round(self.after.score - self.before.score, 12)


def pairs_of(before: Table, after: Table) -> tuple[Paired, ...]:
    """Cases that both have with the same content."""
    known = {r.case: r for r in before.rows}
    found = ((known.get(r.case), r) for r in after.rows)
    return tuple(Paired(b, a) for b, a in found if b is not None and b.digest == a.digest)


def incomparable(metric: str, before: Sequence[Evidence], after: Sequence[Evidence]) -> str:
    """Why the two were not measured in the same way; empty when they were."""
    versions = {e.subject.evaluators.get(metric, "") for e in (*before, *after)}
    if len(versions) > 1:
        return f"{metric} was computed by another version then"
    judges = [e.subject.judges.get(metric) for e in (*before, *after)]
    if any(j != judges[0] for j in judges):
        return f"{metric} was judged by another judge then"
    if any(j is not None and j.compares for j in judges):
        return f"{metric} compares with what was live, another release each time"
    return ""


def compared(threshold: Threshold, pairs: Sequence[Paired], release: str, margin: float = 0.0) -> Comparison:
    """The difference with its bounds, and the loss that would be more than ``margin``. ``pairs`` must not be empty."""
    before, after = [p.before for p in pairs], [p.after for p in pairs]
    sign = 1 if better_of(threshold) == "more" else -1
    better = sum(1 for p in pairs if sign * p.difference > 0)
    worse = sum(1 for p in pairs if sign * p.difference < 0)
    bound, test, p = _difference(threshold, pairs, better, worse)
    return Comparison(
        release=release,
        baseline=value_of(threshold, before),
        difference=round(value_of(threshold, after) - value_of(threshold, before), 12),
        lower=bound.lower,
        upper=bound.upper,
        n=len(pairs),
        test=test,
        p=p,
        detectable=_detectable(threshold, pairs, bound, margin),
        better=better,
        worse=worse,
    )


def _difference(
    threshold: Threshold, pairs: Sequence[Paired], better: int, worse: int
) -> tuple[Bound, str, float | None]:
    statistic, seed = statistic_of(threshold.metric), seed_of(threshold)
    differences = [p.difference for p in pairs]
    if _is_binary(threshold, pairs):
        gained, lost = sum(1 for d in differences if d > 0), sum(1 for d in differences if d < 0)
        bound = paired_rate_bound(gained, lost, len(pairs))
        return bound, "Tango interval, exact McNemar", mcnemar_exact(worse, better)
    if statistic in ("rate", "mean", "ordinal"):
        bound = mean_difference(differences, seed, _reach(threshold, pairs), better_of(threshold))
        if statistic == "ordinal":
            return bound, "paired bootstrap, Wilcoxon", wilcoxon_signed_rank(differences)
        return bound, "paired bootstrap", None
    found = _resampled(threshold, pairs, seed)
    if statistic in ("macroF1", "kappa"):
        found = with_room(found, len(pairs), 1.0, better_of(threshold))
    return found, "paired bootstrap", None


def _margin(threshold: Threshold, pairs: Sequence[Paired]) -> float:
    """The loss that is allowed; 0 where nothing is said."""
    asked = threshold.max_regression or 0.0
    return asked * abs(value_of(threshold, [p.before for p in pairs])) if threshold.relative else asked


def _reach(threshold: Threshold, pairs: Sequence[Paired]) -> float:
    """How much one case can lose or gain."""
    return 1.0 if threshold.unit == "share" else max(r.score for p in pairs for r in (p.before, p.after))


def _detectable(threshold: Threshold, pairs: Sequence[Paired], bound: Bound, margin: float) -> float | None:
    """The true loss that ends in FAIL in four of five runs, if cases change as much as they did; None where no loss
    that there can be does."""
    n, differences = len(pairs), [p.difference for p in pairs]
    if _is_binary(threshold, pairs):
        return detectable_rate_loss(sum(1 for d in differences if d), n, margin)
    if statistic_of(threshold.metric) in ("rate", "mean", "ordinal") and min(differences) < max(differences):
        error = stdev(differences) / math.sqrt(n)
        found = detectable_loss(error, margin, least_mean_loss(n, _reach(threshold, pairs)))
    else:
        found = detectable_loss(error_of(bound, "lower" if better_of(threshold) == "more" else "upper"), margin)
    most = 1.0 if threshold.unit == "share" else math.inf
    return found if found <= most else None


def _is_binary(threshold: Threshold, pairs: Sequence[Paired]) -> bool:
    """Whether every case succeeded or failed as a whole: not where repeats disagree."""
    is_rate = statistic_of(threshold.metric) == "rate"
    return is_rate and all(r.score in (0, 1) for p in pairs for r in (p.before, p.after))


def _resampled(threshold: Threshold, pairs: Sequence[Paired], seed: int) -> Bound:
    """Of a value that is no mean over cases: pairs are drawn, and the value is computed on both sides."""
    before = {p.after.case: p.before for p in pairs}

    def difference(chosen: Sequence[Row]) -> float:
        return value_of(threshold, chosen) - value_of(threshold, [before[r.case] for r in chosen])

    return resampled([p.after for p in pairs], difference, seed)


def judged_regression(
    threshold: Threshold,
    table: Table,
    baseline: Table | None,
    release: str,
    obstacle: str,
) -> tuple[Part | None, Comparison | None]:
    """What the comparison says; no part where nothing was asked, or where there is nothing to compare with yet.
    ``obstacle``: why the two cannot be compared."""
    asked = threshold.max_regression
    if baseline is None:
        return (_apart(threshold, obstacle, release) if obstacle and asked is not None else None), None
    pairs = pairs_of(baseline, table)
    if not obstacle and baseline.wrong:
        obstacle = f"the evidence of {release} has errors ({baseline.wrong[0]})"
    if not obstacle and len(pairs) < ENOUGH * len(table.rows):
        obstacle = f"only {len(pairs)} of {counted(len(table.rows), 'case')} are the same as with {release}"
    if obstacle or not pairs:
        return (_apart(threshold, obstacle or "no case pairs", release) if asked is not None else None), None
    margin = _margin(threshold, pairs)
    found = compared(threshold, pairs, release, margin)
    if asked is None:
        return None, found
    least = least_of(threshold)
    if statistic_of(threshold.metric) == "rate" and not _is_binary(threshold, pairs):
        least = max(least, LEAST_RESAMPLED)
    many = min(count_of(threshold, [p.before for p in pairs]), count_of(threshold, [p.after for p in pairs]))
    if many < least:
        reason = f"{counted(many, 'pair')} with {release}, {least} are needed"
        return Part(result=Result.INCONCLUSIVE, reason=reason, needed=least), found
    return _against(threshold, found, margin), found


def _against(threshold: Threshold, found: Comparison, margin: float) -> Part:
    better = better_of(threshold)
    bound = Bound(found.lower, found.upper, found.difference)
    result = against_margin(bound, margin, better)
    unit = threshold.unit
    shown = f"between {said(found.lower, unit)} and {said(found.upper, unit)}"
    if result is not Result.INCONCLUSIVE:
        at_least = (result is Result.PASS) == (better == "more")
        shown = f"at least {said(found.lower, unit)}" if at_least else f"at most {said(found.upper, unit)}"
    reason = (
        f"{said(found.difference, unit)} against {found.release} over {counted(found.n, 'pair')}, {shown}; "
        f"a loss of {said(margin, unit)} is allowed"
    )
    limit = -margin if better == "more" else margin
    needed = None
    hint = ""
    if result is Result.INCONCLUSIVE:
        needed = cases_needed(bound, limit, found.n)
        hint = _shown(found, unit) + (f"; about {needed} pairs would decide" if needed else "")
    return Part(result=result, reason=reason, hint=hint, p=p_broken(bound, limit, better), needed=needed)


def _shown(found: Comparison, unit: str) -> str:
    if found.detectable is None:
        return "no loss, however large, would be certain with so few pairs"
    return f"these pairs show a loss of {said(found.detectable, unit)} or more to be too much, in 4 of 5 runs"


def _apart(threshold: Threshold, obstacle: str, release: str) -> Part:
    hint = f"evaluate {release} again with these cases and evaluators, then this gate can compare"
    return Part(result=Result.INCONCLUSIVE, reason=f"not comparable: {obstacle}", hint=hint)


def samples(threshold: Threshold, table: Table, pairs: Mapping[str, Paired]) -> tuple[Sample, ...]:
    """The worst cases: critical ones, then by their loss against the baseline, then by score. Those with nothing wrong
    are left out."""
    sign = 1 if better_of(threshold) == "more" else -1
    best = (1.0 if sign > 0 else 0.0) if threshold.unit in ("share", "kappa") else math.nan

    def rank(row: Row) -> tuple[bool, float, float, str]:
        pair = pairs.get(row.case)
        return not row.critical, min(0.0, sign * pair.difference) if pair else 0.0, sign * row.score, row.case

    chosen = sorted((r for r in table.rows if r.score != best), key=rank)[:WORST]
    return tuple(
        Sample(
            case=r.case,
            score=r.score,
            before=pairs[r.case].before.score if r.case in pairs else None,
            response=r.response,
            critical=r.critical,
        )
        for r in chosen
    )
