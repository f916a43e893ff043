"""The value of a metric over its rows with its one-sided 95 % bounds, and what they say of a limit."""

from __future__ import annotations

import hashlib
import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

from releaser.core.evaluation.judgement import Threshold
from releaser.gates.evaluation.statistics import (
    Bound,
    cases_to_decide,
    cohens_kappa,
    mean_bound,
    paired_bootstrap,
    quantile_bound,
    wilson,
    z_of,
)
from releaser.gates.evaluation.table import Pair, Row
from releaser.gates.evaluation.thresholds import statistic_of

Z = z_of()
_RESAMPLES, _FEWEST, _DRAWS = 2000, 500, 1_000_000
QUANTILES = {"p50": 0.5, "p95": 0.95}


def seed_of(threshold: Threshold) -> int:
    """Belongs to the metric: nobody chooses it, and judging again gives the same."""
    return int(hashlib.sha256(f"{threshold.suite}/{threshold.metric}".encode()).hexdigest()[:8], 16)


def bound_of(threshold: Threshold, rows: Sequence[Row]) -> Bound:
    """Rows must not be empty."""
    scores = [r.score for r in rows]
    match statistic_of(threshold.metric):
        case "rate":
            return wilson(math.fsum(scores), len(scores))
        case "mean" | "ordinal":
            return mean_of(scores, seed_of(threshold), is_share=threshold.unit == "share")
        case "p50" | "p95" as which:
            return quantile_bound(times(rows), QUANTILES[which], seed_of(threshold))
        case "kappa" if all(len(r.pairs) == 1 for r in rows):
            return cohens_kappa([p for r in rows for p in r.pairs])
        case "kappa" | "macroF1":
            found = resampled(rows, lambda chosen: value_of(threshold, chosen), seed_of(threshold))
            return widened(found, wilson(len(rows), len(rows)).lower, wilson(0, len(rows)).upper)


def unseen(n: int) -> float:
    """The largest share of cases of a kind that n cases may all have missed."""
    return wilson(0, n).upper


def mean_of(scores: Sequence[float], seed: int, *, is_share: bool) -> Bound:
    """A mean, whose bounds leave room for a kind of case that is not there: at 0 or 1 where scores are shares."""
    estimate, room = math.fsum(scores) / len(scores), unseen(len(scores))
    far = 1.0 if is_share else 2 * estimate
    lower, upper = estimate * (1 - room), estimate + (far - estimate) * room
    found = Bound(lower, upper, estimate)
    return found if min(scores) == max(scores) else widened(mean_bound(scores, seed), lower, upper)


def mean_difference(differences: Sequence[float], seed: int, reach: float, better: Literal["more", "less"]) -> Bound:
    """The same of pairs. ``reach``: how much one case can lose or gain."""
    estimate, room = math.fsum(differences) / len(differences), unseen(len(differences))
    if min(differences) == max(differences):
        lower, upper = estimate - (reach + estimate) * room, estimate + (reach - estimate) * room
        return Bound(min(lower, estimate), max(upper, estimate), estimate)
    return with_room(paired_bootstrap(differences, seed), len(differences), reach, better)


def with_room(found: Bound, n: int, reach: float, better: Literal["more", "less"]) -> Bound:
    """A difference of n pairs. The bound that a pass goes by leaves the whole room for a kind of case that is not
    there. The bound that shows a loss leaves it only to keep 0 inside: what those cases lost is lost, but it is no loss
    at all while such a case could make up for it."""
    estimate, room = found.estimate, unseen(n)
    lower, upper = estimate - (reach + estimate) * room, estimate + (reach - estimate) * room
    if better == "more":
        return widened(found, lower, found.upper if upper < 0 else 0.0)
    return widened(found, found.lower if lower > 0 else 0.0, upper)


def widened(found: Bound, lower: float, upper: float) -> Bound:
    """A bootstrap of cases that are all alike knows no doubt: these limits do."""
    return Bound(min(found.lower, lower), max(found.upper, upper), found.estimate)


def value_of(threshold: Threshold, rows: Sequence[Row]) -> float:
    """The same without bounds."""
    match statistic_of(threshold.metric):
        case "rate" | "mean" | "ordinal":
            return math.fsum(r.score for r in rows) / len(rows)
        case "p50" | "p95" as which:
            return quantile(times(rows), QUANTILES[which])
        case "macroF1":
            return macro_f1([p for r in rows for p in r.pairs])
        case "kappa":
            return cohens_kappa([p for r in rows for p in r.pairs]).estimate


def count_of(threshold: Threshold, rows: Sequence[Row]) -> int:
    """What a minimum counts: cases, or times."""
    return len(times(rows)) if statistic_of(threshold.metric) in QUANTILES else len(rows)


def times(rows: Sequence[Row]) -> list[float]:
    return sorted(t for r in rows for t in (r.times or (r.score,)))


def resampled(rows: Sequence[Row], statistic: Callable[[Sequence[Row]], float], seed: int) -> Bound:
    """A bootstrap over whole cases: their repeats stay together."""
    chance = random.Random(seed)
    rounds = max(_FEWEST, min(_RESAMPLES, _DRAWS // len(rows)))
    found = sorted(statistic(chance.choices(rows, k=len(rows))) for _ in range(rounds))
    return Bound(quantile(found, 0.05), quantile(found, 0.95), statistic(rows))


def quantile(ordered: Sequence[float], share: float) -> float:
    """Between the two neighbours, linearly."""
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def macro_f1(pairs: Sequence[Pair]) -> float:
    """The mean of F1 over every label that is expected or said."""
    both = Counter(e for e, s in pairs if e == s)
    either = Counter(label for pair in pairs for label in pair)
    return math.fsum(2 * both[label] / count for label, count in sorted(either.items())) / len(either)


def p_broken(bound: Bound, limit: float, better: Literal["more", "less"]) -> float:
    """How likely such a value is when the limit is just kept. Below 0.05 exactly where the bound shows that it is
    broken, since it is made from that bound."""
    gap, half = limit - bound.estimate, bound.upper - bound.estimate
    if better == "less":
        gap, half = -gap, bound.estimate - bound.lower
    if half <= 0:
        return 0.0 if gap > 0 else 1.0
    return 0.5 * math.erfc(gap / half * Z / math.sqrt(2))


def error_of(bound: Bound, side: Literal["lower", "upper"]) -> float:
    """The standard error that one side of a bound stands for."""
    return max(0.0, bound.upper - bound.estimate if side == "upper" else bound.estimate - bound.lower) / Z


def cases_needed(bound: Bound, limit: float, n: int) -> int | None:
    """About how many cases would decide, if the value stayed as it is; None when it stands on the limit, or where the
    side that must pass it has no bound."""
    deviation = error_of(bound, "lower" if limit < bound.estimate else "upper") * math.sqrt(n)
    if not math.isfinite(deviation):
        return None
    found = cases_to_decide(deviation, limit - bound.estimate)
    return None if found is None else max(n + 1, found)
