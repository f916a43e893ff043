"""How large a loss must be to end in FAIL in four of five runs, by the rules that the gate goes by."""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import lru_cache
from statistics import NormalDist

from releaser.gates.evaluation.statistics import paired_rate_bound, z_of

POWER = 0.83
"""A little over four of five: how much pairs differ is known from these pairs only."""
_SEEN = NormalDist().inv_cdf(POWER)


def detectable_loss(error: float, margin: float, least: float = 0.0) -> float:
    """Of a value with a standard error. ``least``: the measured loss under which nothing is a loss at all."""
    if not (error >= 0 and margin >= 0 and least >= 0):
        raise ValueError("an error, a margin and a loss are not below 0")
    return max(margin + z_of() * error, least) + _SEEN * error


def least_mean_loss(n: int, reach: float) -> float:
    """The mean loss of n pairs that a kind of case which is not among them could just make up for
    (``bounds.mean_difference``)."""
    return reach * z_of() ** 2 / n


def detectable_rate_loss(changed: int, n: int, margin: float) -> float | None:
    """Of yes and no, by the bounds themselves: so few cases change that a formula would be far off. A loss changes
    cases itself, so there are never fewer that change than are lost. None: not even a loss of all cases."""
    if not (0 <= changed <= n and n >= 1 and margin >= 0):
        raise ValueError(f"not pairs: {changed} changed of {n}, margin {margin}")
    low, high = 0.0, 1.0
    if _power(high, changed / n, n, margin) < POWER:
        return None
    for _ in range(14):
        middle = (low + high) / 2
        low, high = (low, middle) if _power(middle, changed / n, n, margin) >= POWER else (middle, high)
    return high


def _power(loss: float, changed: float, n: int, margin: float) -> float:
    """How often so large a loss is a FAIL: an average over how many cases may be gained beside it."""
    share = max(loss, changed)
    up, down = (share - loss) / 2, (share + loss) / 2
    middle, spread = n * up, math.sqrt(n * up * (1 - up))
    first, last = max(0, math.floor(middle - 3 * spread - 1)), min(n, math.ceil(middle + 3 * spread + 1))
    places = range(first, last + 1, max(1, round(spread / 2)))
    weights = [_chance(k, n, up) for k in places]
    seen = [_at_least(_fewest_lost(k, n, margin), n - k, min(1.0, down / (1 - up))) for k in places]
    return math.fsum(w * s for w, s in zip(weights, seen, strict=True)) / math.fsum(weights)


def _chance(k: int, n: int, p: float) -> float:
    """Of exactly k in n."""
    if not 0 < p < 1:
        return float(k == n * p)
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(p) + (n - k) * math.log(1 - p))


def _at_least(k: int, n: int, p: float) -> float:
    """Of k or more in n: nearly normal, counted in whole cases."""
    spread = math.sqrt(n * p * (1 - p))
    return NormalDist().cdf((n * p - k + 0.5) / spread) if spread > 0 else float(n * p >= k)


@lru_cache(4096)
def _fewest_lost(gained: int, n: int, margin: float) -> int:
    """How many cases must be lost beside those gained for a FAIL; more than there are where none is enough."""
    lost = range(n - gained + 1)
    return bisect_left(lost, True, key=lambda k: paired_rate_bound(gained, k, n).upper < -margin)
