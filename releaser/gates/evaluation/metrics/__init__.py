"""Metrics: one file a family, found by its presence. A metric says from the case alone whether it counts it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from releaser.gates.evaluation.metrics.metric import Metric

__all__ = ["Metric", "metric", "registry"]


@cache
def registry() -> Mapping[str, Metric]:
    """Every metric by name. Raises ValueError when two have one name."""
    found: dict[str, Metric] = {}
    for module in sorted(iter_modules(__path__), key=lambda m: m.name):
        for one in getattr(import_module(f"{__name__}.{module.name}"), "METRICS", ()):
            if one.name in found:
                raise ValueError(f"two metrics are called {one.name}")
            found[one.name] = one
    return found


def metric(name: str) -> Metric:
    """One metric. Raises KeyError: what is judged by a rubric is no metric of ours."""
    return registry()[name]
