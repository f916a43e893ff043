"""Metrics: one file a family, found by its presence. A metric says from the case alone whether it counts it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from releaser.gates.evaluation.metrics.metric import Metric

__all__ = ["Metric", "registry"]


@cache
def registry() -> Mapping[str, Metric]:
    """Every metric by name."""
    found: dict[str, Metric] = {}
    for module in sorted(iter_modules(__path__), key=lambda m: m.name):
        for metric in getattr(import_module(f"{__name__}.{module.name}"), "METRICS", ()):
            found[metric.name] = metric
    return found
