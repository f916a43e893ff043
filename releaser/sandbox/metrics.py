"""Data of CloudWatch metrics, in buckets of ten seconds; the last day or so is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from releaser.sandbox.call import Call

METRIC = "cloudwatch-metric"
_BUCKET, _KEPT = 10, 9000


def identity(namespace: str, name: str, dimensions: Any) -> str:
    """What a metric is told from others by: namespace, name and dimensions in any order."""
    pairs = sorted((one["Name"], one["Value"]) for one in dimensions or ())
    return json.dumps([namespace, name, pairs])


def add(call: Call, id: str, at: float, values: list[tuple[float, float]], extremes: tuple[float, float]) -> None:
    """Adds (value, count) pairs at a moment; ``extremes``: the smallest and the largest among them."""
    kept = dict((call.row(METRIC, id) or {"buckets": {}})["buckets"])
    key = str(int(at // _BUCKET))
    total, count = sum(value * times for value, times in values), sum(times for _, times in values)
    old = kept.get(key, [0.0, 0.0, *extremes])
    kept[key] = [old[0] + total, old[1] + count, min(old[2], extremes[0]), max(old[3], extremes[1])]
    newest = sorted(kept, key=int)[-_KEPT:]
    call.put(METRIC, id, {"buckets": {bucket: kept[bucket] for bucket in newest}})


def points(call: Call, alarm: Mapping[str, Any], at: float, period: int, count: int) -> list[float | None]:
    """The statistic of the last ``count`` periods, oldest first; the running one counts when it has data."""
    doc = call.row(METRIC, identity(alarm["Namespace"], alarm["MetricName"], alarm.get("Dimensions")))
    buckets = doc["buckets"] if doc else {}
    running = int(at // period)
    latest = running if _statistic(alarm, _within(buckets, running, period)) is not None else running - 1
    return [_statistic(alarm, _within(buckets, n, period)) for n in range(latest - count + 1, latest + 1)]


def _within(buckets: Mapping[str, Any], number: int, period: int) -> list[Any]:
    width = max(period // _BUCKET, 1)
    return [buckets[key] for n in range(number * width, (number + 1) * width) if (key := str(n)) in buckets]


def _statistic(alarm: Mapping[str, Any], found: list[Any]) -> float | None:
    if not found:
        return None
    total, count = sum(one[0] for one in found), sum(one[1] for one in found)
    match alarm.get("Statistic"):
        case "SampleCount":
            return float(count)
        case "Sum":
            return float(total)
        case "Minimum":
            return float(min(one[2] for one in found))
        case "Maximum":
            return float(max(one[3] for one in found))
        case _:
            return float(total / count) if count else 0.0
