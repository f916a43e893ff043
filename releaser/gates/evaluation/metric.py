"""One metric judged: errors first, then critical cases and the judge, then what the bounds prove."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from releaser.core.evaluation.judgement import Calibration, MetricVerdict, Threshold, worst
from releaser.core.gate import Result
from releaser.gates.evaluation.bounds import QUANTILES, bound_of, cases_needed, count_of, p_broken
from releaser.gates.evaluation.regression import Part, judged_regression, pairs_of, samples
from releaser.gates.evaluation.said import counted, listed, said
from releaser.gates.evaluation.statistics import Bound, against_ceiling, against_floor, least_n
from releaser.gates.evaluation.table import Row, Table, is_measured
from releaser.gates.evaluation.thresholds import better_of, least_of, statistic_of

_TESTS = {
    "rate": "Wilson bound",
    "mean": "bootstrap bound",
    "ordinal": "bootstrap bound",
    "macroF1": "bootstrap over cases",
    "kappa": "bound of kappa",
    "p50": "bootstrap of the median",
    "p95": "bootstrap of the 95th percentile",
}
_AGAIN = "evaluate again: what was answered is not asked again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """The baseline for one metric. ``table`` None: there is none, or none that can be read."""

    release: str = ""
    table: Table | None = None
    obstacle: str = ""


def errored(threshold: Threshold, reason: str, *, errors: int = 1, n: int = 0) -> MetricVerdict:
    """No verdict can be given: never a pass, and never a failed release."""
    said_so = f"{threshold.metric}: {reason}"
    return MetricVerdict(threshold=threshold, result=Result.ERROR, reason=said_so, hint=_AGAIN, errors=errors, n=n)


def judge_metric(
    threshold: Threshold, table: Table, against: Against, calibration: Calibration | None = None
) -> MetricVerdict:
    """The verdict, without waivers and without regard to other metrics."""
    if table.wrong:
        more = f" and {len(table.wrong) - 3} more" if len(table.wrong) > 3 else ""
        reason = f"{counted(len(table.wrong), 'result')} missing or broken: {'; '.join(table.wrong[:3])}{more}"
        return errored(threshold, reason, errors=len(table.wrong), n=len(table.rows))
    if not table.rows:
        measured = is_measured(threshold.metric)
        what = "time was measured" if measured else "case counts"
        hint = "answers that were there already have no time: measure anew" if measured else ""
        return MetricVerdict(
            threshold=threshold,
            result=Result.INCONCLUSIVE,
            reason=f"{threshold.metric}: no {what}",
            hint=hint,
            needed=least_of(threshold),
        )
    bound = bound_of(threshold, table.rows)
    level = _level(threshold, bound, count_of(threshold, table.rows))
    regression, comparison = judged_regression(threshold, table, against.table, against.release, against.obstacle)
    rules = (*_critical(threshold, table, against.table), *_calibrated(threshold, calibration))
    parts = tuple(p for p in (*rules, level, regression) if p is not None)
    result = worst(tuple(p.result for p in parts))
    telling = [p for p in parts if p.result is result]
    chances = [p.p for p in parts if p.p is not None]
    pairs = {p.after.case: p for p in pairs_of(against.table, table)} if against.table and comparison else {}
    return MetricVerdict(
        threshold=threshold,
        result=result,
        reason=f"{threshold.metric}: {'; '.join(p.reason for p in telling)}{_first(threshold, against)}",
        hint="; ".join(dict.fromkeys(p.hint for p in telling if p.hint)),
        value=bound.estimate,
        lower=bound.lower,
        upper=bound.upper,
        n=count_of(threshold, table.rows),
        test=_TESTS[statistic_of(threshold.metric)],
        p=min(1.0, len(chances) * min(chances)) if chances else None,
        needed=_most(parts) if result is Result.INCONCLUSIVE else None,
        comparison=comparison,
        worst=samples(threshold, table, pairs),
        certain=any(p.result is Result.FAIL for p in rules),
        scores=table.scores,
        baseline_scores=tuple(p.before.score for p in pairs.values()),
    )


def _most(parts: tuple[Part, ...]) -> int | None:
    found = [p.needed for p in parts if p.result is Result.INCONCLUSIVE]
    return None if None in found else max((n for n in found if n is not None), default=None)


def _first(threshold: Threshold, against: Against) -> str:
    if threshold.max_regression is None or against.table is not None or against.obstacle:
        return ""
    return "; nothing is approved yet to compare with"


def _level(threshold: Threshold, bound: Bound, n: int) -> Part:
    """Against the floor or the ceiling."""
    unit, least = threshold.unit, least_of(threshold)
    noun = "time" if unit == "time" else "case"
    value = f"{said(bound.estimate, unit)} over {counted(n, noun)}"
    limit = threshold.floor if threshold.floor is not None else threshold.ceiling
    if n < least:
        reason = f"{value}, {least} are needed"
        return Part(result=Result.INCONCLUSIVE, reason=reason, hint=f"add {noun}s until {least} count", needed=least)
    if limit is None:
        return Part(result=Result.PASS, reason=value)
    is_floor = threshold.floor is not None
    result = against_floor(bound, limit) if is_floor else against_ceiling(bound, limit)
    name = f"{'floor' if is_floor else 'ceiling'} {said(limit, unit)}"
    p = p_broken(bound, limit, "more" if is_floor else "less")
    if result is Result.INCONCLUSIVE:
        needed = _needed(threshold, bound, limit, n)
        hint = f"about {needed} {noun}s would decide" if needed else "it stands on the limit: more decide nothing"
        reason = f"{value}, between {said(bound.lower, unit)} and {said(bound.upper, unit)}: {name} is neither kept nor"
        return Part(result=result, reason=f"{reason} broken for certain", hint=hint, p=p, needed=needed)
    shows_more = (result is Result.PASS) == is_floor
    edge = f"at least {said(bound.lower, unit)}" if shows_more else f"at most {said(bound.upper, unit)}"
    return Part(result=result, reason=f"{value}, {edge} with 95 % confidence, {name}", p=p)


def _needed(threshold: Threshold, bound: Bound, limit: float, n: int) -> int | None:
    """How many would decide: of perfect cases, and of times beyond the last one, there is an exact answer."""
    statistic, is_floor = statistic_of(threshold.metric), threshold.floor is not None
    if statistic == "rate" and bound.estimate == (1.0 if is_floor else 0.0):
        return least_n(limit, "floor" if is_floor else "ceiling")
    if statistic in QUANTILES and not (math.isfinite(bound.lower) and math.isfinite(bound.upper)):
        share = max(QUANTILES[statistic], 1 - QUANTILES[statistic])
        return max(n + 1, math.ceil(math.log(0.05) / math.log(share)))
    return cases_needed(bound, limit, n)


def _critical(threshold: Threshold, table: Table, before: Table | None) -> Iterator[Part]:
    """Critical cases must succeed, every time they are asked."""
    if statistic_of(threshold.metric) != "rate":
        return
    right = 1.0 if better_of(threshold) == "more" else 0.0
    failed: tuple[Row, ...] = tuple(r for r in table.rows if r.critical and r.score != right)
    if not failed:
        return
    passed = {r.case for r in before.rows if r.score == right} if before is not None else set()
    names = listed(tuple(f"{r.case} (passed before)" if r.case in passed else r.case for r in failed))
    reason = f"{counted(len(failed), 'critical case')} failed: {names}"
    yield Part(result=Result.FAIL, reason=reason, hint="a critical case must succeed every time it is asked")


def _calibrated(threshold: Threshold, calibration: Calibration | None) -> Iterator[Part]:
    """A judge that does not agree with people proves nothing."""
    if calibration is None or not threshold.judge:
        return
    lower = calibration.lower
    if lower is not None and lower >= calibration.floor:
        return
    known = "is not known" if lower is None else f"is at least {said(lower, '')} over {calibration.n} labels"
    reason = f"calibration: the agreement of {threshold.judge} with people {known}, floor {said(calibration.floor, '')}"
    hint = "improve the rubric or the judge, or label more cases; what it scored counts for nothing until then"
    yield Part(result=Result.FAIL, reason=reason, hint=hint)
