"""Metrics that installed packages bring: entry points of the group ``releaser.metrics``.

An entry point is a ``Metric``. Its scores are from 0 to 1, more is better. What computed a score is part of what was
evaluated: package, its version, and the metric's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from releaser.core.errors import ReleaserError
from releaser.core.suggest import did_you_mean
from releaser.gates.evaluation.metrics.metric import Metric

GROUP = "releaser.metrics"


@cache
def custom(name: str) -> tuple[Metric, str]:
    """The metric that is brought under a name, and what evidence calls it. Raises ReleaserError."""
    there = list(entry_points(group=GROUP))
    found = [p for p in there if p.name == name]
    if len(found) != 1:
        said = "no installed package brings" if not found else f"{_packages(found)} all bring"
        hint = did_you_mean(name, [p.name for p in there]) or f"install the one that has it, under {GROUP}"
        raise ReleaserError(
            f"{said} the metric {name}", code="P225", hint=hint if not found else "uninstall all but one"
        )
    (point,) = found
    try:
        metric = point.load()
    except Exception as error:
        raise ReleaserError(
            f"the metric {name} cannot be loaded from {point.value}: {type(error).__name__}",
            code="P225",
            hint="mend the package that brings it",
        ) from error
    if not isinstance(metric, Metric):
        raise ReleaserError(f"{point.value} is no Metric", code="P225", hint="see docs/evaluation.md")
    return metric, f"{_package(point)}+{metric.version}"


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name}=={point.dist.version}" if point.dist else "unknown"


def _packages(points: Iterable[EntryPoint]) -> str:
    return " and ".join(sorted(_package(p) for p in points))
