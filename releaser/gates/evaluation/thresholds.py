"""Thresholds, as numbers, from a manifest: times in milliseconds, shares from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from releaser.core.evaluation.judgement import Threshold
from releaser.core.metrics import METRICS, RUBRIC, Statistic

_LEAST: Mapping[Statistic, int] = {
    "rate": 1,
    "mean": 20,
    "ordinal": 20,
    "macroF1": 20,
    "kappa": 20,
    "p50": 30,
    "p95": 30,
}


def thresholds_of(spec: Mapping[str, Any], suite: str) -> tuple[Threshold, ...]:
    """The thresholds of a suite that ``spec`` declares, in the manifest's order. Raises KeyError for a suite that is
    not there, ValueError for a value that is no number, time or percentage."""
    metrics = spec["evaluation"]["suites"][suite]["metrics"]
    return tuple(_threshold(suite, name, metric) for name, metric in metrics.items())


def statistic_of(metric: str) -> Statistic:
    """How the metric's values become one."""
    return METRICS.get(metric, RUBRIC).statistic


def better_of(threshold: Threshold) -> Literal["more", "less"]:
    """Which direction is better; where the metric itself does not say, the side of the threshold does."""
    return METRICS.get(threshold.metric, RUBRIC).better or ("less" if threshold.ceiling is not None else "more")


def least_of(threshold: Threshold) -> int:
    """How many cases (or times) a verdict needs."""
    return threshold.min_n or _LEAST[statistic_of(threshold.metric)]


def _threshold(suite: str, name: str, metric: Mapping[str, Any]) -> Threshold:
    loss = metric.get("maxRegression")
    return Threshold(
        suite=suite,
        metric=name,
        floor=_number(metric.get("floor")),
        ceiling=_number(metric.get("ceiling")),
        max_regression=_number(loss),
        relative=isinstance(loss, str) and loss.endswith("%"),
        min_n=metric.get("minN") or 0,
        repeats=metric.get("repeats") or 1,
        tier=metric.get("tier") or "supporting",
        judge=metric.get("judge") or "",
        unit=METRICS.get(name, RUBRIC).unit,
        pairwise=bool(metric.get("pairwise")),
    )


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"not a number: {value!r}")
    if not isinstance(value, str):
        return float(value)
    if value.endswith("%"):
        return round(float(value[:-1]) / 100, 12)
    if value.endswith("ms"):
        return float(value[:-2])
    if value.endswith("s"):
        return round(float(value[:-1]) * 1000, 9)
    return float(value)
