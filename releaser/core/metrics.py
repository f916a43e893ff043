"""The names of metrics: the unit and the direction of each."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any, Literal, NamedTuple

from releaser.core.kind import Problem
from releaser.core.suggest import did_you_mean
from releaser.core.values import Path

Unit = Literal["share", "kappa", "time", "rate", "cost"]


Statistic = Literal["rate", "mean", "ordinal", "macroF1", "kappa", "p50", "p95"]
"""How the values of single cases become one, and which test judges it. ``rate``: 0 or 1 a case. ``macroF1`` and
``kappa``: of pairs of labels. ``p50``, ``p95``: of times."""


class Meaning(NamedTuple):
    """What a metric's value is; ``better`` None: depends on the use case."""

    unit: Unit
    better: Literal["more", "less"] | None
    statistic: Statistic = "rate"


_RATES = "exactMatch contains regex jsonValid jsonSchema recordMatch numeric accuracy"
_MEANS = "tokenF1 rougeL recallAtK precisionAtK mrr"
METRICS: Mapping[str, Meaning] = {
    **{name: Meaning("share", "more") for name in _RATES.split()},
    **{name: Meaning("share", "more", "mean") for name in _MEANS.split()},
    "macroF1": Meaning("share", "more", "macroF1"),
    "cohensKappa": Meaning("kappa", "more", "kappa"),
    **{
        name: Meaning("share", "less")
        for name in ("attackSuccessRate", "overBlockRate", "overRedactionRate", "piiLeakRate")
    },
    "refusalRate": Meaning("share", None),
    **{
        f"timeTo{which}Token{percentile}": Meaning("time", "less", "p50" if percentile == "P50" else "p95")
        for which in ("First", "Last")
        for percentile in ("P50", "P95")
    },
    "tokensPerSecond": Meaning("rate", "more", "mean"),
    "errorRate": Meaning("share", "less"),
    "throttleRate": Meaning("share", "less"),
    "costPerThousandRequests": Meaning("cost", "less", "mean"),
}
RUBRIC = Meaning("share", "more", "ordinal")
"""A judged rubric scores from 0 to 1."""

SCORERS = ("judge", "human", "custom")
"""Who scores a metric that is not computed here: a model, people, an installed package."""

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "pattern": ("regex",),
    "schema": ("jsonSchema",),
    "tolerance": ("numeric",),
    "k": ("recallAtK", "precisionAtK"),
    "field": ("accuracy", "macroF1", "numeric", "cohensKappa"),
}
"""Option -> the metrics that take it."""

_TIME = re.compile(r"\d{1,9}(\.\d{1,6})?(ms|s)")
_Z = NormalDist().inv_cdf(0.95)
_PERCENT = re.compile(r"\d{1,3}(\.\d{1,6})?%")
_WANTED: Mapping[Unit, str] = {
    "share": "a number from 0 to 1",
    "kappa": "a number from -1 to 1",
    "time": "a time with its unit, as 1200ms or 1.2s",
    "rate": "a number above 0",
    "cost": "a number, in the price table's currency",
}


def check_metric(name: str, metric: Mapping[str, Any], at: Path) -> Iterator[Problem]:
    """What is wrong with one threshold."""
    by = [scorer for scorer in SCORERS if metric.get(scorer) is not None]
    meaning = METRICS.get(name, RUBRIC if by else None)
    if meaning is None:
        hint = did_you_mean(name, METRICS) or "a metric of your own needs a judge, human reviews or custom code"
        yield Problem("E705", f"there is no metric {name!r}", at, hint)
        return
    if by and name in METRICS:
        yield Problem("E711", f"{name} is computed here", (*at, by[0]), f"remove {by[0]}")
    elif len(by) > 1:
        yield Problem("E711", f"{name} is scored by {' and '.join(by)}", (*at, by[1]), "one of them scores, not both")
    yield from _options(name, metric, at)
    yield from _pairwise(name, metric, at)
    given = [side for side in ("floor", "ceiling") if metric.get(side) is not None]
    if len(given) != 1:
        yield Problem("E706", f"{name} needs exactly one of floor and ceiling", at)
    for side in given:
        if not _fits(metric[side], meaning.unit):
            yield Problem("E707", f"{side} of {name} must be {_WANTED[meaning.unit]}", (*at, side))
        elif meaning.better and len(given) == 1 and (side == "floor") != (meaning.better == "more"):
            right = "floor" if meaning.better == "more" else "ceiling"
            yield Problem("E708", f"{meaning.better} is better for {name}", (*at, side), f"use {right}")
    loss = metric.get("maxRegression")
    if loss is not None and not _fits_loss(loss, meaning.unit):
        wanted = f"{_WANTED[meaning.unit]}, or relative as 10%"
        yield Problem("E707", f"maxRegression of {name} must be {wanted}", (*at, "maxRegression"))


def _options(name: str, metric: Mapping[str, Any], at: Path) -> Iterator[Problem]:
    """Options that the metric lacks, and those that it does not take."""
    for option in sorted(OPTIONS.keys() & metric.keys()):
        if metric[option] is not None and name not in OPTIONS[option]:
            yield Problem("E712", f"{name} takes no {option}", (*at, option), f"for: {', '.join(OPTIONS[option])}")
    for option in ("pattern", "schema"):
        if name in OPTIONS[option] and metric.get(option) is None:
            yield Problem("E712", f"{name} needs a {option}", at)


def _pairwise(name: str, metric: Mapping[str, Any], at: Path) -> Iterator[Problem]:
    if not metric.get("pairwise"):
        return
    if metric.get("judge") is None:
        yield Problem("E715", f"{name} has no judge that could compare", (*at, "pairwise"), "name a judge")
    if metric.get("maxRegression") is not None:
        hint = "remove it: the floor says how often the new answer may be the worse one"
        yield Problem("E715", f"{name} is compared with what is live already", (*at, "maxRegression"), hint)


def _fits(value: Any, unit: Unit) -> bool:
    if unit == "time":
        return isinstance(value, str) and _TIME.fullmatch(value) is not None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    match unit:
        case "share":
            return 0 <= value <= 1
        case "kappa":
            return -1 <= value <= 1
        case "rate":
            return value > 0
        case "cost":
            return value >= 0


def _fits_loss(value: Any, unit: Unit) -> bool:
    if isinstance(value, str) and _PERCENT.fullmatch(value):
        return True
    if unit == "kappa":
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 2
    return _fits(value, unit)


def least_cases(limit: float, *, is_floor: bool) -> int | None:
    """How many perfect cases prove a floor or a ceiling of a rate at 95 % (Wilson, one-sided): 52 for a ceiling of
    0.05. None: no number does."""
    room = 1 - limit if is_floor else limit
    return max(1, math.ceil(_Z * _Z * (1 - room) / room - 1e-9)) if room > 0 else None


def provable(cases: int) -> float:
    """The smallest ceiling that so many perfect cases prove; the greatest floor is 1 less this."""
    return _Z * _Z / (cases + _Z * _Z)
