"""What the regression gate decides by chance: ``python -m benchmarks.gate_simulations [--write docs/statistics.md]``.

Every figure is of 10,000 simulated releases (``--runs``), judged by the gate's own rules at 5 %. Rates go through the
gate's own functions, means through the same bootstrap in numpy (``gate_bootstrap``). The command stops where a promise
of the page is not kept by more than chance. Takes a few minutes, in two processes.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy

from benchmarks.gate_bootstrap import Array, Sample, heavy, normal, one_in_ten, ordinal, rare, sample
from releaser.core.gate import Result
from releaser.gates.evaluation.detecting import detectable_loss, detectable_rate_loss, least_mean_loss
from releaser.gates.evaluation.statistics import Bound, against_margin, paired_rate_bound

RUNS = 10_000
PROCESSES = 2
MARGIN = 0.02
RATE = 0.05
"""How often the gate may be wrong, as its page says."""
SIZES = (50, 100, 200, 400, 800, 1600)
_MARK = "<!-- figures: written by python -m benchmarks.gate_simulations -->\n"
Bounds = tuple[Array, Array]


@dataclass(frozen=True, slots=True)
class Chance:
    """How many runs a figure is of, and from which seed."""

    runs: int
    seed: int

    def sample(self, n: int, draw: Callable[[numpy.random.Generator, tuple[int, int]], Array]) -> Sample:
        return sample(n, draw, self.runs, self.seed)

    def rates(self, n: int, changed: float, loss: float | Array) -> Bounds:
        """Yes and no: cases that changed, with one true loss or one for each run."""
        dice = numpy.random.default_rng([self.seed, n, round(1000 * changed), round(1e6 * float(numpy.mean(loss)))])
        losses = numpy.broadcast_to(loss, (self.runs,))
        share = numpy.maximum(changed, losses)
        counts = dice.multinomial(n, numpy.stack([(share - losses) / 2, (share + losses) / 2, 1 - share], axis=1))
        found = [_rate_bound(int(gained), int(lost), n) for gained, lost, _ in counts]
        return numpy.array([b.lower for b in found]), numpy.array([b.upper for b in found])

    def changes(self, n: int, changed: float) -> list[int]:
        """How many cases changed, where nothing truly did."""
        return [int(k) for k in numpy.random.default_rng([self.seed, n]).binomial(n, changed, self.runs)]


def main() -> None:
    """Run everything and print."""
    asked = argparse.ArgumentParser(description="What the regression gate decides by chance.")
    asked.add_argument("--runs", type=int, default=RUNS, help="simulated releases of each figure")
    asked.add_argument("--seed", type=int, default=0, help="other runs")
    asked.add_argument("--write", type=Path, help="the page whose figures are replaced")
    chosen = asked.parse_args()
    chance = Chance(chosen.runs, chosen.seed)
    with ProcessPoolExecutor(PROCESSES) as pool:
        found = [pool.submit(_table, title, rows, chance) for title, rows in TABLES.items()]
        text = "\n\n".join(table.result() for table in found) + "\n"
    sys.stdout.write(text)
    if chosen.write:
        head = chosen.write.read_text(encoding="utf-8").split(_MARK)[0]
        chosen.write.write_text(f"{head}{_MARK}\n{text}", encoding="utf-8")


def _table(title: str, rows: Callable[[Chance], Iterator[str]], chance: Chance) -> str:
    return "\n".join((f"### {title}", "", *rows(chance)))


def _errors(chance: Chance) -> Iterator[str]:
    yield from _head(
        "metric",
        "n",
        "FAIL, no change, margin 0",
        "FAIL, no change, margin 1 %",
        "FAIL, no change, margin 2 %",
        "PASS, a loss of the margin of 2 %",
        "FAIL, a loss of the margin of 2 %",
    )
    sizes = (20, 50, 100, 400)
    for changed in (0.05, 0.2):
        for n in sizes:
            name = f"rate, {changed:.0%} of cases change"
            yield _error_row(name, n, chance.rates(n, changed, 0.0), chance.rates(n, changed, MARGIN), chance.runs)
    for name, draw in (("mean", normal(6 * MARGIN)), ("mean, few move far", heavy)):
        for n in sizes:
            found = chance.sample(n, draw)
            yield _error_row(name, n, found.judged, found.moved(-MARGIN).judged, chance.runs)
    for n in sizes:
        still, lost = chance.sample(n, ordinal(0.0)), chance.sample(n, ordinal(-MARGIN))
        yield _error_row("ordinal", n, still.judged, lost.judged, chance.runs)
    more = Chance(5 * chance.runs, chance.seed + 1)
    found = more.sample(400, normal(6 * MARGIN))
    yield _error_row(f"mean, {more.runs:,} other runs", 400, found.judged, found.moved(-MARGIN).judged, more.runs)


def _error_row(name: str, n: int, still: Bounds, lost: Bounds, runs: int) -> str:
    failed = [_share(still, margin, Result.FAIL) for margin in (0.0, 0.01, MARGIN)]
    _promised(max(failed) <= RATE + 3.5 * math.sqrt(RATE * (1 - RATE) / runs), f"{name}, n {n}: FAIL {failed}")
    return _row(name, n, *failed, _share(lost, MARGIN, Result.PASS), _share(lost, MARGIN, Result.FAIL))


def _power_of_means(chance: Chance) -> Iterator[str]:
    """Normal differences; one set of noise for each n, scaled to each deviation."""
    yield from _head(
        "n",
        "deviation, in margins",
        *(
            f"margin {margin}: {what}"
            for margin in ("2 %", "1 %")
            for what in ("FAIL, a drop of 2 margins", "PASS, no change", "FAIL, no change")
        ),
    )
    for n in SIZES:
        noise = chance.sample(n, normal(0.1))
        for times in (2, 4, 6, 10):
            shares: list[float] = []
            for margin in (0.02, 0.01):
                scale = times * margin / 0.1
                shares += _powers(noise.moved(0.0, scale).judged, noise.moved(-2 * margin, scale).judged, margin)
                caught = shares[-3]
                _promised(n < 400 or times > 6 or caught >= 0.9, f"n {n}, deviation {times}, {margin}: {caught}")
            yield _row(n, str(times), *shares)


def _power_of_rates(chance: Chance) -> Iterator[str]:
    yield from _head(
        "n", "cases that change", "margin", "FAIL, a drop of 2 margins", "PASS, no change", "FAIL, no change"
    )
    for n in SIZES:
        for changed, margin in ((0.05, 0.02), (0.1, 0.05), (0.2, 0.05)):
            still, dropped = chance.rates(n, changed, 0.0), chance.rates(n, changed, 2 * margin)
            yield _row(n, f"{changed:.0%}", f"{margin:.0%}", *_powers(still, dropped, margin))


def _powers(still: Bounds, dropped: Bounds, margin: float) -> list[float]:
    return [
        _share(dropped, margin, Result.FAIL),
        _share(still, margin, Result.PASS),
        _share(still, margin, Result.FAIL),
    ]


def _detected(chance: Chance) -> Iterator[str]:
    """The gate speaks of runs without a change; other runs then lose just as much as it said."""
    yield from _head("metric", "n", "margin", "the loss that it says (median)", "FAIL, where so much is lost")
    for changed, margin in ((0.05, 0.02), (0.2, 0.02), (0.2, 0.05)):
        for n in SIZES:
            said = numpy.array([_of_rate(k, n, margin) for k in chance.changes(n, changed)])
            caught = _share(chance.rates(n, changed, said), margin, Result.FAIL)
            yield _detected_row(f"rate, {changed:.0%} of cases change", n, margin, said, caught)
    for name, draw in (("mean, deviation 0.12", normal(0.12)), ("mean, few move far", heavy)):
        for n in SIZES:
            found = chance.sample(n, draw)
            least = least_mean_loss(n, 1.0)
            said = numpy.array([detectable_loss(d / math.sqrt(n), MARGIN, least) for d in found.deviation])
            caught = _share(found.moved(-numpy.roll(said, 1)).judged, MARGIN, Result.FAIL)
            yield _detected_row(name, n, MARGIN, said, caught)


def _detected_row(name: str, n: int, margin: float, said: Array, caught: float) -> str:
    chance = 3.5 * math.sqrt(0.8 * 0.2 / len(said))
    _promised(0.75 - chance <= caught <= 0.9 + chance, f"{name}, n {n}: {caught} of what is said to be detectable is")
    return _row(name, n, f"{margin:.0%}", f"{float(numpy.median(said)):.3f}", caught)


def _rooms(chance: Chance) -> Iterator[str]:
    """Three rules for the upper bound: the whole room as on the side of PASS, the gate's, none."""
    margin, rules = 0.01, ("whole room", "gate", "no room")
    losses = (("no change", 0.0), ("a loss of the margin", -margin), ("a drop of 2 margins", -2 * margin))
    names = (f"FAIL, {name}: {rule}" for name, _ in losses for rule in rules)
    yield from _head("differences", "n", "FAIL, no change, margin 0: gate", *names)
    draws = (
        ("normal, deviation 6 margins", normal(6 * margin)),
        ("1 case in 10 gains 0.3", one_in_ten),
        ("6 of n cases gain 1", rare(6.1)),
        ("1 of 2n cases gains 1", rare(0.5)),
    )
    for name, draw in draws:
        for n in (50, 100, 400):
            found = chance.sample(n, draw)
            shares = [float((found.judged[1] < 0).mean())]
            for _, loss in losses:
                moved = found.moved(loss)
                uppers = (moved.room[1], moved.judged[1], moved.upper)
                shares += [float((upper < -margin).mean()) for upper in uppers]
            yield _row(name, n, *shares)


@cache
def _rate_bound(gained: int, lost: int, n: int) -> Bound:
    return paired_rate_bound(gained, lost, n)


@cache
def _of_rate(changed: int, n: int, margin: float) -> float:
    found = detectable_rate_loss(changed, n, margin)
    if found is None:
        raise AssertionError(f"{n} cases show no loss at all")
    return found


def _share(bounds: Bounds, margin: float, result: Result) -> float:
    """How many of the runs end in ``result``."""
    rows = list(zip(bounds[0].tolist(), bounds[1].tolist(), strict=True))
    return sum(1 for low, high in rows if against_margin(Bound(low, high, low), margin) is result) / len(rows)


def _promised(kept: bool, what: str) -> None:
    if not kept:
        raise AssertionError(f"a promise of the page is not kept: {what}")


def _head(*names: str) -> Iterable[str]:
    return "| " + " | ".join(names) + " |", "|" + "---|" * len(names)


def _row(*cells: str | int | float) -> str:
    """Shares are written in percent."""
    return "| " + " | ".join(f"{c:.1%}" if isinstance(c, float) else str(c) for c in cells) + " |"


TABLES: dict[str, Callable[[Chance], Iterator[str]]] = {
    "No true change, and a loss of just what is allowed": _errors,
    "Power of a mean": _power_of_means,
    "Power of a rate": _power_of_rates,
    "What the gate says it could have detected": _detected,
    "The room on the side of FAIL, at a margin of 1 %": _rooms,
}


if __name__ == "__main__":
    main()
