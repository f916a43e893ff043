"""The gate's bootstrap of a mean difference for thousands of runs at once, in numpy.

The draws are the gate's own: those of ``random.Random(seed)``, as a matrix of how often each resample takes each case.
Some runs of every sample go through the gate's function too; a bound that differs by more than 1e-9 stops the command.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy
from numpy.typing import NDArray

from releaser.gates.evaluation import statistics
from releaser.gates.evaluation.bounds import mean_difference, unseen

Array = NDArray[numpy.float64]
Dice = numpy.random.Generator
Draw = Callable[[Dice, tuple[int, int]], Array]
"""Paired differences: one row a run, one column a case."""
RUNS_OF_A_SEED = 2_000
"""A metric's seed is its own, so some seeds are taken."""
_SHIFTS = (0.0, -0.02, -0.04)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Sample:
    """Many runs of n pairs: bounds of the bootstrap alone, means, and deviations of one pair."""

    n: int
    lower: Array
    upper: Array
    estimate: Array
    deviation: Array

    def moved(self, by: float | Array, times: float = 1.0) -> Sample:
        """Of differences that are so many times larger and then lie elsewhere: the bootstrap goes with them."""
        return Sample(
            self.n,
            self.lower * times + by,
            self.upper * times + by,
            self.estimate * times + by,
            self.deviation * times,
        )

    @property
    def room(self) -> tuple[Array, Array]:
        """The bounds with the whole room on both sides, of scores from 0 to 1."""
        room, estimate = unseen(self.n), self.estimate
        lower, upper = estimate - (1 + estimate) * room, estimate + (1 - estimate) * room
        return numpy.minimum(self.lower, lower), numpy.maximum(self.upper, upper)

    @property
    def judged(self) -> tuple[Array, Array]:
        """The bounds that the gate goes by: ``bounds.with_room``."""
        makes_up = self.estimate + (1 - self.estimate) * unseen(self.n) >= 0
        return self.room[0], numpy.where(makes_up, numpy.maximum(self.upper, 0.0), self.upper)


def sample(n: int, draw: Draw, runs: int, seed: int) -> Sample:
    """``runs`` samples of n pairs."""
    found = []
    for part in range(math.ceil(runs / RUNS_OF_A_SEED)):
        size = min(RUNS_OF_A_SEED, runs - part * RUNS_OF_A_SEED)
        differences = draw(numpy.random.default_rng([seed, n, part]), (size, n))
        found.append(_bootstrapped(differences, _gates_seed(seed, part)))
        if part < len(_SHIFTS):
            _compare(differences[:1] + _SHIFTS[part], _gates_seed(seed, part))
    return _joined(found)


def _gates_seed(seed: int, part: int) -> int:
    return 1_000 * seed + part


def _joined(parts: list[Sample]) -> Sample:
    return Sample(
        parts[0].n,
        numpy.concatenate([p.lower for p in parts]),
        numpy.concatenate([p.upper for p in parts]),
        numpy.concatenate([p.estimate for p in parts]),
        numpy.concatenate([p.deviation for p in parts]),
    )


def _bootstrapped(differences: Array, seed: int) -> Sample:
    """The bounds of ``statistics.paired_bootstrap``. Runs without any spread keep a width of nothing."""
    n = differences.shape[1]
    taken = _taken(n, seed)
    rounds, tail = len(taken), statistics._tail(n)
    low = max(0, math.floor(tail * (rounds + 1)) - 1)
    high = min(rounds - 1, math.ceil((1 - tail) * (rounds + 1)) - 1)
    ordered, found = numpy.sort(differences, axis=1), []
    for part in numpy.array_split(ordered, max(1, len(ordered) // _AT_ONCE)):
        means = numpy.partition(part @ taken.T / n, [low, high], axis=1)
        estimate = part.mean(axis=1)
        lower, upper = numpy.minimum(means[:, low], estimate), numpy.maximum(means[:, high], estimate)
        found.append(Sample(n, lower, upper, estimate, part.std(axis=1, ddof=1)))
    return _joined(found)


@lru_cache(8)
def _taken(n: int, seed: int) -> Array:
    """How often each resample takes each case."""
    dice, places = random.Random(seed), range(n)
    rounds = max(statistics.FEWEST_RESAMPLES, min(statistics.RESAMPLES, statistics._DRAWS // n))
    return numpy.array([numpy.bincount(dice.choices(places, k=n), minlength=n) for _ in range(rounds)], float)


def _compare(differences: Array, seed: int) -> None:
    """Raises AssertionError where the gate's own function finds other bounds."""
    here = _bootstrapped(differences, seed)
    gates = mean_difference([float(v) for v in differences[0]], seed, 1.0, "more")
    found = (here.judged[0][0], here.judged[1][0], here.estimate[0])
    expected = (gates.lower, gates.upper, gates.estimate)
    if not numpy.allclose(found, expected, rtol=0, atol=1e-9):
        raise AssertionError(f"the gate finds {expected}, the simulation {found}")


# --- differences whose true mean is 0 ---


def normal(deviation: float) -> Draw:
    """As likely better as worse."""
    return lambda dice, size: dice.normal(0.0, deviation, size)


def heavy(dice: Dice, size: tuple[int, int]) -> Array:
    """Eight of ten cases stay as they are; few of the others move far, either way."""
    moved = (dice.exponential(0.2, size) - 0.2) * dice.choice([-1.0, 1.0], size)
    return numpy.where(dice.random(size) < 0.2, moved, 0.0)


_STEPS = (-0.5, -0.25, 0.0, 0.25, 0.5)
"""Differences of two scores on a scale of five."""


def ordinal(difference: float) -> Draw:
    """Four of ten cases move by a step or two; a difference comes from steps that are taken more or less often."""
    tilt = difference / 0.625
    shares = [0.05 - tilt / 4, 0.15 - tilt / 4, 0.6, 0.15 + tilt / 4, 0.05 + tilt / 4]
    shift = difference - float(numpy.dot(shares, _STEPS))
    shares[1] -= shift * 2
    shares[3] += shift * 2

    def draw(dice: Dice, size: tuple[int, int]) -> Array:
        found: Array = numpy.array(_STEPS)[dice.choice(len(_STEPS), size, p=shares)]
        return found

    return draw


def one_in_ten(dice: Dice, size: tuple[int, int]) -> Array:
    """One case in ten gains 0.3, the others lose a little."""
    return numpy.where(dice.random(size) < 0.1, 0.3, dice.normal(-0.3 / 9, 0.02, size))


def rare(cases: float) -> Draw:
    """So many of n cases gain the whole scale, and all others lose what makes up for it."""

    def draw(dice: Dice, size: tuple[int, int]) -> Array:
        share = cases / size[1]
        return numpy.where(dice.random(size) < share, 1.0, dice.normal(-share / (1 - share), 1e-4, size))

    return draw
