"""What the regression gate decides by chance: ``python -m benchmarks.gate_simulations [--write docs/statistics.md]``.

Every figure is of 10,000 simulated releases, judged by the gate's own rules at 5 %. Rates go through the gate's own
functions. Means go through the same bootstrap written with numpy: the same draws of the same generator, as a matrix of
how often each resample takes each case. In every row some runs go through the gate's functions too, and the command
stops when a bound differs by more than 1e-9. Takes a few minutes, in one process.
"""

from __future__ import annotations

import math
import os
import random
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy
from numpy.typing import NDArray

from releaser.core.gate import Result
from releaser.gates.evaluation import statistics
from releaser.gates.evaluation.bounds import mean_difference, unseen
from releaser.gates.evaluation.statistics import Bound, against_margin, detectable_drop, paired_rate_bound

Array = NDArray[numpy.float64]
RUNS, SEEDS, COMPARED = 10_000, 5, 3
MARGIN = 0.02
_MARK = "<!-- figures: written by python -m benchmarks.gate_simulations -->\n"
_STEPS = numpy.array([-0.5, -0.25, 0.0, 0.25, 0.5])
"""Differences of two scores on a scale of five."""


def main() -> None:
    """Run everything and print."""
    lines = ["### No true change, and a loss of just what is allowed", "", *_errors(), ""]
    lines += ["### Power of a mean", "", *_power_of_means(), ""]
    lines += ["### Power of a rate", "", *_power_of_rates()]
    _put("\n".join(lines).rstrip() + "\n")


def _errors() -> list[str]:
    rows = [
        "| metric | n | FAIL, no change, margin 0 | FAIL, no change, margin 2 % | PASS, a loss of the margin "
        "| FAIL, a loss of the margin |",
        "|---|---|---|---|---|---|",
    ]
    sizes = (20, 50, 100, 400)
    rows += [
        _error_row(f"rate, {changed:.0%} of cases change", n, _rate_bounds(n, changed))
        for changed in (0.05, 0.2)
        for n in sizes
    ]
    kinds: tuple[tuple[str, Draw], ...] = (("mean", _normal), ("mean, skewed", _skewed), ("ordinal", _ordinal))
    rows += [_error_row(name, n, _mean_bounds(n, draw)) for name, draw in kinds for n in sizes]
    return rows


def _error_row(name: str, n: int, bounds_at: Callable[[float], Array]) -> str:
    still, lost = bounds_at(0.0), bounds_at(-MARGIN)
    shares = (
        _share(still, 0, Result.FAIL),
        _share(still, MARGIN, Result.FAIL),
        _share(lost, MARGIN, Result.PASS),
        _share(lost, MARGIN, Result.FAIL),
    )
    return f"| {name} | {n} | " + " | ".join(f"{s:.1%}" for s in shares) + " |"


def _power_of_means() -> list[str]:
    """Normal differences; one set of noise for each n, scaled to each deviation."""
    rows = [
        "| n | deviation, in margins | FAIL, a drop of 2 margins | PASS, no change | FAIL, no change "
        "| seen in 80 %: margins beyond the margin |",
        "|---|---|---|---|---|---|",
    ]
    for n in (50, 100, 200, 400, 800, 1600):
        noise = _of_seeds(n, lambda dice, size: dice.normal(0.0, 1.0, size))
        for times in (2, 4, 6, 8):
            scaled = noise * (times * MARGIN)
            still, dropped = _widened(scaled, n), _widened(scaled - 2 * MARGIN, n)
            seen = detectable_drop(times, n)
            shares = (
                _share(dropped, MARGIN, Result.FAIL),
                _share(still, MARGIN, Result.PASS),
                _share(still, MARGIN, Result.FAIL),
            )
            rows.append(f"| {n} | {times} | " + " | ".join(f"{s:.1%}" for s in shares) + f" | {seen:.2f} |")
    return rows


def _power_of_rates() -> list[str]:
    rows = [
        "| n | cases that change | margin | FAIL, a drop of 2 margins | PASS, no change | FAIL, no change |",
        "|---|---|---|---|---|---|",
    ]
    for n in (50, 100, 200, 400, 800):
        for changed, margin in ((0.05, 0.02), (0.1, 0.05), (0.2, 0.05)):
            bounds_at = _rate_bounds(n, changed)
            still, dropped = bounds_at(0.0), bounds_at(-2 * margin)
            shares = (
                _share(dropped, margin, Result.FAIL),
                _share(still, margin, Result.PASS),
                _share(still, margin, Result.FAIL),
            )
            cells = (n, f"{changed:.0%}", f"{margin:.0%}", *(f"{s:.1%}" for s in shares))
            rows.append("| " + " | ".join(map(str, cells)) + " |")
    return rows


# --- rates ---


def _rate_bounds(n: int, changed: float) -> Callable[[float], Array]:
    def bounds_at(difference: float) -> Array:
        dice = numpy.random.default_rng([n, round(1000 * changed), round(-1000 * difference)])
        shares = [(changed + difference) / 2, (changed - difference) / 2, 1 - changed]
        counts = dice.multinomial(n, shares, size=RUNS)
        found = (_rate_bound(int(gained), int(lost), n) for gained, lost, _ in counts)
        return numpy.array([(b.lower, b.upper, b.estimate) for b in found])

    return bounds_at


@cache
def _rate_bound(gained: int, lost: int, n: int) -> Bound:
    return paired_rate_bound(gained, lost, n)


# --- means ---


Draw = Callable[[numpy.random.Generator, tuple[int, int], float], Array]


def _normal(dice: numpy.random.Generator, size: tuple[int, int], difference: float) -> Array:
    """A deviation of six margins."""
    return dice.normal(difference, 6 * MARGIN, size)


def _skewed(dice: numpy.random.Generator, size: tuple[int, int], difference: float) -> Array:
    """Eight of ten cases stay as they are; of the others most lose little and few gain much, or the other way round
    in half of the runs. Where nothing changed, either release may be the better one of a pair."""
    drawn = dice.exponential(0.2, size) - 0.2
    drawn *= dice.choice([-1.0, 1.0], (size[0], 1)) if difference else dice.choice([-1.0, 1.0], size)
    return drawn * (dice.random(size) < 0.2) + difference


def _ordinal(dice: numpy.random.Generator, size: tuple[int, int], difference: float) -> Array:
    """Four of ten cases move by a step or two on a scale of five."""
    tilt = difference / 0.625
    shares = [0.05 - tilt / 4, 0.15 - tilt / 4, 0.6, 0.15 + tilt / 4, 0.05 + tilt / 4]
    shift = difference - float(numpy.dot(shares, _STEPS))
    shares[1] -= shift * 2
    shares[3] += shift * 2
    return dice.choice(_STEPS, size, p=shares)


def _mean_bounds(n: int, draw: Draw) -> Callable[[float], Array]:
    def bounds_at(difference: float) -> Array:
        found = _of_seeds(n, lambda dice, size: draw(dice, size, difference))
        return _widened(found, n)

    return bounds_at


def _of_seeds(n: int, draw: Callable[[numpy.random.Generator, tuple[int, int]], Array]) -> Array:
    """Bootstrap bounds and means of RUNS runs: a metric's seed is its own, so some seeds are taken."""
    found = []
    for seed in range(SEEDS):
        differences = draw(numpy.random.default_rng([n, seed]), (RUNS // SEEDS, n))
        bounds = _bootstrapped(differences, seed)
        _compare(differences[:COMPARED], bounds[:COMPARED], seed)
        found.append(bounds)
    return numpy.concatenate(found)


def _bootstrapped(differences: Array, seed: int) -> Array:
    """The bounds of ``paired_bootstrap``, for all runs at once; runs without any spread keep a width of nothing, which
    ``_widened`` widens."""
    n = differences.shape[1]
    taken = _taken(n, seed)
    rounds, tail = len(taken), statistics._tail(n)
    low = max(0, math.floor(tail * (rounds + 1)) - 1)
    high = min(rounds - 1, math.ceil((1 - tail) * (rounds + 1)) - 1)
    ordered, found = numpy.sort(differences, axis=1), []
    for part in numpy.array_split(ordered, max(1, len(ordered) // 500)):
        means = numpy.partition(part @ taken.T / n, [low, high], axis=1)
        estimate = part.mean(axis=1)
        lower, upper = numpy.minimum(means[:, low], estimate), numpy.maximum(means[:, high], estimate)
        found.append(numpy.stack([lower, upper, estimate], axis=1))
    return numpy.concatenate(found)


@cache
def _taken(n: int, seed: int) -> Array:
    """How often each resample takes each case: the draws of ``random.Random(seed)``, as the gate draws."""
    dice, places = random.Random(seed), range(n)
    rounds = max(statistics.FEWEST_RESAMPLES, min(statistics.RESAMPLES, statistics._DRAWS // n))
    return numpy.array([numpy.bincount(dice.choices(places, k=n), minlength=n) for _ in range(rounds)], float)


def _widened(bounds: Array, n: int) -> Array:
    """The room that ``mean_difference`` leaves for a kind of case that is not there, of scores from 0 to 1."""
    lower, upper, estimate = bounds.T
    room = unseen(n)
    return numpy.stack(
        [
            numpy.minimum(lower, estimate - (1 + estimate) * room),
            numpy.maximum(upper, estimate + (1 - estimate) * room),
            estimate,
        ],
        axis=1,
    )


def _compare(differences: Array, bounds: Array, seed: int) -> None:
    """Raises AssertionError where the gate's own functions find other bounds."""
    for values, found in zip(differences, _widened(bounds, differences.shape[1]), strict=True):
        gates = mean_difference([float(v) for v in values], seed, 1.0)
        expected = (gates.lower, gates.upper, gates.estimate)
        if not numpy.allclose(found, expected, rtol=0, atol=1e-9):
            raise AssertionError(f"the gate finds {expected}, the simulation {found}")


def _share(bounds: Array, margin: float, result: Result) -> float:
    """How many of the runs end in ``result``."""
    rows: Sequence[tuple[float, float, float]] = bounds.tolist()
    return sum(1 for row in rows if against_margin(Bound(*row), margin) is result) / len(rows)


def _put(text: str) -> None:
    sys.stdout.write(text)
    if "--write" in sys.argv:
        path = Path(sys.argv[sys.argv.index("--write") + 1])
        head = path.read_text(encoding="utf-8").split(_MARK)[0]
        path.write_text(head + _MARK + "\n" + text, encoding="utf-8")


if __name__ == "__main__":
    main()
