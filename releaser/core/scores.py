"""Scores of a release, as its record has them, against those of the release before. Nothing is invented: a release
without evidence was not evaluated.

A verdict that measured something carries ``metrics``: a list of objects with ``suite``, ``metric``, ``value`` (a
number), and where there is one the ``floor`` or ``ceiling`` it had to keep. What has another form is passed over.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from releaser.core.metrics import METRICS, RUBRIC

Turn = Literal["better", "worse", "same", "other", "first"]
"""``other``: neither direction is better by itself. ``first``: nothing to compare with."""


@dataclass(frozen=True, slots=True)
class Score:
    """One measured metric. ``bound``: what it had to keep, in words, empty when nothing was asked."""

    suite: str
    metric: str
    value: float
    bound: str = ""
    before: float | None = None

    @property
    def name(self) -> str:
        return f"{self.suite}/{self.metric}" if self.suite else self.metric

    @property
    def turn(self) -> Turn:
        """How it stands against the release before."""
        if self.before is None:
            return "first"
        if self.before == self.value:
            return "same"
        better = METRICS.get(self.metric, RUBRIC).better
        if better is None:
            return "other"
        return "better" if (self.value > self.before) == (better == "more") else "worse"


def scores(verdicts: Iterable[Mapping[str, Any]], before: Iterable[Mapping[str, Any]] = ()) -> tuple[Score, ...]:
    """Every score among a record's verdicts, by name, with the value that the release before had."""
    then = {s.name: s.value for s in _read(before)}
    found = {s.name: s for s in _read(verdicts)}
    return tuple(Score(s.suite, s.metric, s.value, s.bound, then.get(name)) for name, s in sorted(found.items()))


def _read(verdicts: Iterable[Mapping[str, Any]]) -> Iterator[Score]:
    for verdict in verdicts:
        rows = verdict.get("metrics")
        for row in rows if isinstance(rows, list | tuple) else ():
            if isinstance(row, Mapping) and isinstance(row.get("metric"), str) and _is_number(row.get("value")):
                yield Score(str(row.get("suite", "")), row["metric"], float(row["value"]), _bound(row))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _bound(row: Mapping[str, Any]) -> str:
    words = (("floor", "at least"), ("ceiling", "at most"))
    return ", ".join(f"{word} {row[member]}" for member, word in words if row.get(member) is not None)
