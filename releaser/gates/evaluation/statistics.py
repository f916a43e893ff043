"""Bounds, tests and three-way decisions. Pure, standard library only, the same for the same seed.

All bounds are one-sided at 95 %, each side for itself: a floor or a ceiling is a one-sided claim. Nothing here gives a
pass for nothing: empty, infinite and NaN raise ValueError.

The bootstrap takes its percentiles further out the fewer the values are, as Student's distribution asks (Hesterberg
2015): plain percentiles of 20 values miss in 6 of 100 samples.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import Literal

from releaser.core.gate import Result

CONFIDENCE = 0.95
RESAMPLES = 10_000
FEWEST_RESAMPLES = 2_000
_DRAWS = 4_000_000
"""The most draws of one bootstrap: of many cases fewer resamples are taken, never under FEWEST_RESAMPLES."""
_NORMAL = NormalDist()
_SLACK = 1e-12
_MOST_FREEDOM = 300
"""Student's distribution with more degrees of freedom is taken as with so many: never too narrow."""


@dataclass(frozen=True, slots=True)
class Bound:
    """An estimate between its lower and its upper bound, each of which is missed in at most 5 of 100 samples."""

    lower: float
    upper: float
    estimate: float


def z_of(confidence: float = CONFIDENCE) -> float:
    """The one-sided quantile of the normal distribution: 1.645 at 95 %."""
    return _NORMAL.inv_cdf(confidence)


def wilson(successes: float, n: int, confidence: float = CONFIDENCE) -> Bound:
    """Wilson's score bounds of a rate (1927). ``successes`` may be a sum of shares, each of one case: the case is the
    unit, which is never too narrow. 0 of 50 has the upper bound 5.1 %."""
    if n < 1 or not 0 <= successes <= n + _SLACK or not math.isfinite(successes):
        raise ValueError(f"not a rate: {successes} of {n}")
    z, p = z_of(confidence), min(1.0, successes / n)
    scale = 1 + z * z / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    lower = 0.0 if p == 0 else max(0.0, (middle - half) / scale)
    upper = 1.0 if p == 1 else min(1.0, (middle + half) / scale)
    return Bound(min(lower, p), max(upper, p), p)


def mean_bound(values: Sequence[float], seed: int, resamples: int = RESAMPLES) -> Bound:
    """Percentile bootstrap of the mean (Efron 1979). Values that are all alike in [0, 1] get Wilson's bounds, others no
    bound at all: a width of nothing proves nothing."""
    _check(values)
    estimate = math.fsum(values) / len(values)
    if _is_flat(values):
        if all(0 <= v <= 1 for v in values):
            return wilson(math.fsum(values), len(values))
        return Bound(-math.inf, math.inf, estimate)
    means = _resampled_means(values, seed, resamples)
    return _percentiles(means, estimate, len(values))


def paired_bootstrap(differences: Sequence[float], seed: int, resamples: int = RESAMPLES) -> Bound:
    """Percentile bootstrap of the mean difference of pairs. Differences that are all alike do not prove that others
    would be: they get the width of Wilson's bound of no event in n, of values from 0 to 1 at least."""
    _check(differences)
    estimate = math.fsum(differences) / len(differences)
    if _is_flat(differences):
        reach = wilson(0, len(differences)).upper * max(1.0, max(map(abs, differences)))
        return Bound(estimate - reach, estimate + reach, estimate)
    return _percentiles(_resampled_means(differences, seed, resamples), estimate, len(differences))


def quantile_bound(values: Sequence[float], q: float, seed: int = 0) -> Bound:
    """A quantile with bounds from order statistics: no assumption on the distribution. A side that so few values
    cannot bound is infinite. ``seed`` is not used: nothing is drawn."""
    _check(values)
    if not 0 < q < 1:
        raise ValueError(f"not a quantile: {q}")
    ordered, n = sorted(values), len(values)
    estimate = ordered[min(n - 1, max(0, math.ceil(q * n - 1e-9) - 1))]
    below = _binomial_cdf(n, q)
    # P(order statistic k is above the quantile) = P(at most k - 1 values lie below it).
    low = max((k for k in range(1, n + 1) if 1 - below[k - 1] >= CONFIDENCE), default=0)
    high = min((k for k in range(1, n + 1) if below[k - 1] >= CONFIDENCE), default=0)
    return Bound(ordered[low - 1] if low else -math.inf, ordered[high - 1] if high else math.inf, estimate)


def mcnemar_exact(worse: int, better: int, *, two_sided: bool = False) -> float:
    """McNemar's exact test: how likely so many of the cases that changed became worse, if nothing had changed."""
    if worse < 0 or better < 0:
        raise ValueError("counts of cases are not below 0")
    n = worse + better
    if n == 0:
        return 1.0
    fewest = n - max(worse, better) if two_sided else n - worse
    ways = total = 1
    for k in range(fewest):
        ways = ways * (n - k) // (k + 1)
        total += ways
    tail = float(total / (1 << n))
    return min(1.0, 2 * tail) if two_sided else min(1.0, tail)


def paired_rate_bound(gained: int, lost: int, n: int, confidence: float = CONFIDENCE) -> Bound:
    """Tango's bounds, which keep 0 between them as long as McNemar's exact test does: three losses and no gain may be
    chance, though the score alone takes them for a change."""
    found, alpha = tango(gained, lost, n, confidence), 1 - confidence
    lower = found.lower if mcnemar_exact(gained, lost) < alpha else min(0.0, found.lower)
    upper = found.upper if mcnemar_exact(lost, gained) < alpha else max(0.0, found.upper)
    return Bound(lower, upper, found.estimate)


def tango(gained: int, lost: int, n: int, confidence: float = CONFIDENCE) -> Bound:
    """Tango's score bounds (1998) of the difference of two paired rates, after minus before. ``gained``: cases that
    only the second has; ``lost``: only the first."""
    if n < 1 or gained < 0 or lost < 0 or gained + lost > n:
        raise ValueError(f"not pairs: {gained} and {lost} of {n}")
    z, estimate = z_of(confidence), (gained - lost) / n

    def score(delta: float) -> float:
        a = 2.0 * n
        b = -gained - lost + (2.0 * n - gained + lost) * delta
        c = -lost * delta * (1 - delta)
        q = (math.sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
        variance = n * (2 * q + delta * (1 - delta))
        return (gained - lost - n * delta) / math.sqrt(variance) if variance > _SLACK else math.inf

    lower = _root(lambda d: score(d) > z, -1.0, estimate)
    upper = 1.0 if estimate == 1 else -_root(lambda d: score(-d) < -z, -1.0, -estimate)
    return Bound(min(lower, estimate), max(upper, estimate), estimate)


def _root(holds: Callable[[float], bool], outside: float, inside: float) -> float:
    """Where a condition that holds outside ends, by bisection."""
    if not holds(outside + 1e-9):
        return outside
    low, high = outside + 1e-9, inside
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def wilcoxon_signed_rank(differences: Sequence[float]) -> float:
    """One-sided p that the differences are not below 0: small when the second is worse. Zeros by Pratt's method (1959);
    exact for up to 25 different ones without zeros, else normal with the correction for ties."""
    _check(differences)
    moved = [d for d in differences if d != 0]
    if not moved:
        return 1.0
    ranks = _ranks([abs(d) for d in differences])
    used = [(r, d) for r, d in zip(ranks, differences, strict=True) if d != 0]
    above = math.fsum(r for r, d in used if d > 0)
    sizes = [r for r, _ in used]
    if len(moved) == len(differences) <= 25 and len(set(sizes)) == len(sizes):
        return _exact_rank_sum(len(sizes), round(above))
    mean, variance = math.fsum(sizes) / 2, math.fsum(r * r for r in sizes) / 4
    return _NORMAL.cdf((above - mean) / math.sqrt(variance))


def holm(chances: Sequence[float]) -> tuple[float, ...]:
    """Holm's step-down adjustment (1979), in the given order. Of no p-values there are none."""
    if not all(0 <= p <= 1 for p in chances):
        raise ValueError("a p-value is from 0 to 1")
    order = sorted(range(len(chances)), key=lambda i: chances[i])
    adjusted, highest = [0.0] * len(chances), 0.0
    for place, index in enumerate(order):
        highest = max(highest, min(1.0, (len(chances) - place) * chances[index]))
        adjusted[index] = highest
    return tuple(adjusted)


def cohens_kappa(pairs: Sequence[tuple[str, str]], confidence: float = CONFIDENCE) -> Bound:
    """Agreement beyond chance, with the large-sample bounds of Fleiss, Cohen and Everitt (1969). Where all labels are
    one, nothing is known: the lower bound is -1."""
    if not pairs:
        raise ValueError("no pairs of labels")
    n = len(pairs)
    cells, rows, columns = Counter(pairs), Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    labels = sorted(rows.keys() | columns.keys())
    observed = math.fsum(cells[x, x] for x in labels) / n
    chance = math.fsum(rows[x] * columns[x] for x in labels) / (n * n)
    if len(labels) < 2 or chance >= 1:
        return Bound(-1.0, 1.0, 0.0)
    kappa = (observed - chance) / (1 - chance)
    if observed == 1:
        # All agree: as surely as that many agreements in a row show it.
        least = wilson(n, n, confidence).lower
        return Bound(max(-1.0, (least - chance) / (1 - chance)), 1.0, 1.0)
    first = math.fsum(
        cells[x, x] / n * ((1 - chance) - (rows[x] + columns[x]) / n * (1 - observed)) ** 2 for x in labels
    )
    second = (1 - observed) ** 2 * math.fsum(
        cells[x, y] / n * ((columns[x] + rows[y]) / n) ** 2 for x in labels for y in labels if x != y
    )
    third = (observed * chance - 2 * chance + observed) ** 2
    error = math.sqrt(max(0.0, first + second - third) / n) / (1 - chance) ** 2
    half = z_of(confidence) * error
    return Bound(max(-1.0, kappa - half), min(1.0, kappa + half), kappa)


def least_n(limit: float, side: Literal["floor", "ceiling"], confidence: float = CONFIDENCE) -> int | None:
    """How many perfect cases a floor or ceiling needs at all: 52 for a ceiling of 0.05. None: no number is enough."""
    _check((limit,))
    room = limit if side == "ceiling" else 1 - limit
    if room <= 0:
        return None
    z = z_of(confidence)
    return max(1, math.ceil(z * z * (1 - room) / room - 1e-9))


def cases_to_decide(deviation: float, distance: float, confidence: float = CONFIDENCE) -> int | None:
    """About how many cases bring a bound to the other side of a threshold that is ``distance`` away, if nothing else
    changes. The deviation of one case: of a rate, the root of limit x (1 - limit), which is exact; of a mean or of
    paired differences, as observed. None: it stands on the threshold."""
    _check((deviation, distance))
    if deviation < 0:
        raise ValueError("a deviation is not below 0")
    if distance == 0:
        return None
    return max(1, math.ceil((z_of(confidence) * deviation / abs(distance)) ** 2))


def against_floor(bound: Bound, floor: float) -> Result:
    """PASS when the lower bound keeps the floor, FAIL when the upper one is below it."""
    _check_bound(bound, floor)
    if bound.lower >= floor:
        return Result.PASS
    return Result.FAIL if bound.upper < floor else Result.INCONCLUSIVE


def against_ceiling(bound: Bound, ceiling: float) -> Result:
    """PASS when the upper bound keeps the ceiling, FAIL when the lower one is above it."""
    _check_bound(bound, ceiling)
    if bound.upper <= ceiling:
        return Result.PASS
    return Result.FAIL if bound.lower > ceiling else Result.INCONCLUSIVE


def against_margin(bound: Bound, margin: float, better: Literal["more", "less"] = "more") -> Result:
    """A difference against the loss that is allowed. With no loss allowed, only a proven gain passes: pairs that all
    stayed the same are INCONCLUSIVE, since their lower bound is below 0."""
    _check_bound(bound, margin)
    lower, upper = (bound.lower, bound.upper) if better == "more" else (-bound.upper, -bound.lower)
    if lower > -margin:
        return Result.PASS
    return Result.FAIL if upper < -margin else Result.INCONCLUSIVE


def _check(values: Iterable[float]) -> None:
    found = list(values)
    if not found or not all(math.isfinite(v) for v in found):
        raise ValueError("nothing, or something that is no number")


def _check_bound(bound: Bound, limit: float) -> None:
    _check((limit, bound.estimate))
    if math.isnan(bound.lower) or math.isnan(bound.upper):
        raise ValueError("a bound that is no number")


def _is_flat(values: Sequence[float]) -> bool:
    return max(values) - min(values) <= _SLACK


def _resampled_means(values: Sequence[float], seed: int, resamples: int) -> list[float]:
    """Sorted values are drawn from, so that the order of cases does not matter."""
    if resamples < 1:
        raise ValueError("no resamples")
    n, ordered, dice = len(values), sorted(values), random.Random(seed)
    rounds = max(min(resamples, FEWEST_RESAMPLES), min(resamples, _DRAWS // n))
    return sorted(sum(dice.choices(ordered, k=n)) / n for _ in range(rounds))


def _percentiles(means: Sequence[float], estimate: float, n: int) -> Bound:
    """``n``: how many values each mean is of."""
    rounds, tail = len(means), _tail(n)
    low = max(0, math.floor(tail * (rounds + 1)) - 1)
    high = min(rounds - 1, math.ceil((1 - tail) * (rounds + 1)) - 1)
    return Bound(min(means[low], estimate), max(means[high], estimate), estimate)


@cache
def _tail(n: int) -> float:
    """The share of resampled means outside a bound: 3.8 % of 20 values, towards 5 % of many."""
    low, high = 0.0, 100.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _student_cdf(middle, n - 1) < CONFIDENCE else (low, middle)
    return _NORMAL.cdf(-high * math.sqrt(n / (n - 1)))


def _student_cdf(t: float, freedom: int) -> float:
    """Student's distribution, by the finite series of its degrees of freedom (Abramowitz and Stegun 26.7.3 and 4)."""
    freedom = min(freedom, _MOST_FREEDOM)
    angle = math.atan(t / math.sqrt(freedom))
    sine, square = math.sin(angle), math.cos(angle) ** 2
    odd = freedom % 2
    term, total = 1.0, 0.0
    for k in range(freedom // 2):
        total += term
        term *= square * (2 * k + 1 + odd) / (2 * k + 2 + odd)
    inside = 2 / math.pi * (angle + sine * math.cos(angle) * total) if odd else sine * total
    return 0.5 + inside / 2


def _binomial_cdf(n: int, p: float) -> list[float]:
    """P(X <= k) for k from 0 to n."""
    logs = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log(1 - p)
        for k in range(n + 1)
    ]
    total, found = 0.0, []
    for value in logs:
        total += math.exp(value)
        found.append(min(1.0, total))
    return found


def _ranks(values: Sequence[float]) -> list[float]:
    """From 1 on; equal values share the mean of their ranks."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    found = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in range(start, end + 1):
            found[order[place]] = (start + end) / 2 + 1
        start = end + 1
    return found


def _exact_rank_sum(n: int, most: int) -> float:
    """P(the ranks above 0 add up to ``most`` or less) when each of n ranks is above with one half."""
    ways = [1] + [0] * (n * (n + 1) // 2)
    for rank in range(1, n + 1):
        for total in range(len(ways) - 1, rank - 1, -1):
            ways[total] += ways[total - rank]
    return sum(ways[: most + 1]) / 2.0**n
