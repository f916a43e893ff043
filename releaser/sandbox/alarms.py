"""CloudWatch metric alarms: their states over time.

A state changes by SetAlarmState, by data that arrives, and as time passes; the last is caught up with when somebody
looks. Kept: the last changes, so that it can be said later what the state was at a moment.

Sources: CloudWatch's user guide, "Using Amazon CloudWatch alarms" (evaluation, missing data) and the service model
("the alarm returns to its actual state quickly" of SetAlarmState; "the alarm state is immediately set to
INSUFFICIENT_DATA" of a new one). Periods are those of the wall: they are not scaled, since data has its own time.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from releaser.sandbox import metrics
from releaser.sandbox.call import Call
from releaser.sandbox.store import Doc

ALARM = "cloudwatch-alarm"
BREACHES = ("ALARM", "INSUFFICIENT_DATA")
COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_KEPT = 200


def alarm(call: Call, name: str) -> Doc | None:
    """An alarm as it is now."""
    doc = call.row(ALARM, name)
    return None if doc is None else refresh(call, doc)


def first_breach(call: Call, arn: str, since: float, until: float) -> float | None:
    """When the alarm, with its actions enabled, was first in ALARM or INSUFFICIENT_DATA between two moments.

    An alarm that is not there says nothing.
    """
    doc = alarm(call, arn.rpartition(":alarm:")[2])
    if doc is None or doc["AlarmArn"] != arn:
        return None
    before = [change for change in doc["changes"] if change["at"] <= since]
    within = [change for change in doc["changes"] if since < change["at"] <= until]
    for change in [*before[-1:], *within]:
        if change["state"] in BREACHES and change["actions"]:
            return max(float(change["at"]), since)
    return None


def change(doc: Doc, at: float, *, state: str | None = None, why: str = "", data: str | None = None) -> dict[str, Any]:
    """The alarm in another state, or (``state`` None) with other actions; the same state again is no change."""
    moved = {**doc, "StateReason": why, "StateReasonData": data, "StateUpdatedTimestamp": at} if state else {**doc}
    if state and state != doc.get("StateValue"):
        moved |= {"StateValue": state, "StateTransitionedTimestamp": at}
    entry = {"at": at, "state": moved["StateValue"], "actions": moved["ActionsEnabled"]}
    last = (doc.get("changes") or [{}])[-1]
    same = (last.get("state"), last.get("actions")) == (entry["state"], entry["actions"])
    return {**moved, "changes": doc.get("changes", []) if same else [*doc.get("changes", ()), entry][-_KEPT:]}


def refresh(call: Call, doc: Doc) -> Doc:
    """Catches up with the evaluations that the time has brought, and keeps the result."""
    if "MetricName" not in doc:
        return doc  # metric math is not evaluated
    now, after = call.clock.now(), doc
    for at in _moments(doc, now):
        after = evaluate(call, after, at)
    if now >= doc["evaluates"]:
        after = {**after, "evaluates": _next(now, int(doc["Period"]))}
        call.put(ALARM, doc["AlarmName"], after)
    return after


def evaluate(call: Call, doc: Doc, at: float) -> dict[str, Any]:
    """The alarm after one evaluation at a moment."""
    period, wanted = int(doc["Period"]), int(doc["EvaluationPeriods"])
    points = metrics.points(call, doc, at, period, wanted)
    compare = COMPARE.get(doc["ComparisonOperator"])
    known = [point for point in points if point is not None]
    breaching = sum(bool(compare and compare(point, doc["Threshold"])) for point in known)
    state = _verdict(doc, len(known), breaching, wanted)
    if state is None or state == doc["StateValue"]:
        return dict(doc)
    why = f"Threshold Crossed: {breaching} of {len(known)} datapoints out of {wanted} periods were breaching"
    return change(doc, at, state=state, why=why)


def _verdict(doc: Doc, known: int, breaching: int, periods: int) -> str | None:
    """The state that the data means; None: as it was."""
    needed, missing = int(doc.get("DatapointsToAlarm", periods)), periods - known
    match doc.get("TreatMissingData", "missing"):
        case "breaching":
            return "ALARM" if breaching + missing >= needed else "OK"
        case "notBreaching":
            return "ALARM" if breaching >= needed else "OK"
        case "ignore":
            if breaching >= needed:
                return "ALARM"
            return "OK" if breaching + missing < needed else None
        case _:
            if not known:
                return "INSUFFICIENT_DATA"
            return "ALARM" if breaching >= min(needed, known) else "OK"


def _moments(doc: Doc, now: float) -> Iterator[float]:
    """When the alarm was due. After as many periods without data as it looks at, nothing changes any more."""
    at, period = float(doc["evaluates"]), int(doc["Period"])
    for _ in range(int(doc["EvaluationPeriods"]) + 2):
        if at > now:
            return
        yield at
        at = _next(at, period)


def _next(at: float, period: int) -> float:
    return float((at // period + 1) * period)
