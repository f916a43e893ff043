"""The value of a metric over its rows with its one-sided 95 % bounds, and what they say of a limit."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Sequence
from typing import Literal

from releaser.core.evaluation.judgement import Threshold
from releaser.gates.evaluation.statistics import Bound, cohens_kappa, mean_bound, quantile_bound, wilson
from releaser.gates.evaluation.table import Pair, Row
from releaser.gates.evaluation.thresholds import statistic_of

Z = 1.6448536269514722
"""Of the normal distribution at 95 %, one-sided."""
RESAMPLES = 2000
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
            return mean_bound(scores, seed_of(threshold))
        case "p50" | "p95" as which:
            return quantile_bound(times(rows), QUANTILES[which], seed_of(threshold))
        case "kappa" if all(len(r.pairs) == 1 for r in rows):
            return cohens_kappa([p for r in rows for p in r.pairs])
        case "kappa" | "macroF1":
            found = resampled(rows, lambda chosen: value_of(threshold, chosen), seed_of(threshold))
            return widened(found, wilson(len(rows), len(rows)).lower, wilson(0, len(rows)).upper)


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
            return kappa([p for r in rows for p in r.pairs])


def count_of(threshold: Threshold, rows: Sequence[Row]) -> int:
    """What a minimum counts: cases, or times."""
    return len(times(rows)) if statistic_of(threshold.metric) in QUANTILES else len(rows)


def times(rows: Sequence[Row]) -> list[float]:
    return sorted(t for r in rows for t in (r.times or (r.score,)))


def resampled(rows: Sequence[Row], statistic: Callable[[Sequence[Row]], float], seed: int) -> Bound:
    """A bootstrap over whole cases: their repeats stay together."""
    chance = random.Random(seed)
    found = sorted(statistic(chance.choices(rows, k=len(rows))) for _ in range(RESAMPLES))
    return Bound(quantile(found, 0.05), quantile(found, 0.95), statistic(rows))


def quantile(ordered: Sequence[float], share: float) -> float:
    """Between the two neighbours, linearly."""
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def macro_f1(pairs: Sequence[Pair]) -> float:
    """The mean of F1 over every label that is expected or said."""
    labels = sorted({label for pair in pairs for label in pair})
    found = []
    for label in labels:
        both = sum(1 for e, s in pairs if e == s == label)
        either = sum((e == label) + (s == label) for e, s in pairs)
        found.append(2 * both / either)
    return math.fsum(found) / len(found)


def kappa(pairs: Sequence[Pair]) -> float:
    """Cohen's kappa; 1 where everything is one label on both sides."""
    n = len(pairs)
    agreed = sum(1 for e, s in pairs if e == s) / n
    labels = {label for pair in pairs for label in pair}
    chance = math.fsum(
        sum(1 for e, _ in pairs if e == label) * sum(1 for _, s in pairs if s == label) for label in sorted(labels)
    ) / (n * n)
    return 1.0 if chance == 1 else (agreed - chance) / (1 - chance)


def p_broken(bound: Bound, limit: float, better: Literal["more", "less"]) -> float:
    """How likely such a value is when the limit is just kept. Below 0.05 exactly where the bound shows that it is
    broken, since it is made from that bound."""
    gap, half = limit - bound.estimate, bound.upper - bound.estimate
    if better == "less":
        gap, half = -gap, bound.estimate - bound.lower
    if half <= 0:
        return 0.0 if gap > 0 else 1.0
    return 0.5 * math.erfc(gap / half * Z / math.sqrt(2))


def cases_needed(bound: Bound, limit: float, n: int) -> int | None:
    """About how many cases would decide, if the value stayed as it is; None when it stands on the limit."""
    gap = abs(limit - bound.estimate)
    half = max(bound.upper - bound.estimate, bound.estimate - bound.lower)
    if gap == 0 or half == 0:
        return None
    return max(n + 1, math.ceil(n * (half / gap) ** 2))
