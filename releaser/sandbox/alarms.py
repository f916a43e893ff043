"""CloudWatch metric alarms: their states over time.

A state changes by SetAlarmState, by data that arrives, and as time passes; the last is caught up with when somebody
looks. Kept: the last changes, so that it can be said later what the state was at a moment.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox.call import Call
from releaser.sandbox.store import Doc

ALARM = "cloudwatch-alarm"
BREACHES = ("ALARM", "INSUFFICIENT_DATA")
_KEPT = 200


def first_breach(call: Call, arn: str, since: float, until: float) -> float | None:
    """When the alarm, with its actions enabled, was first in ALARM or INSUFFICIENT_DATA between two moments.

    An alarm that is not there says nothing.
    """
    doc = call.row(ALARM, arn.rpartition(":alarm:")[2])
    if doc is None or doc["arn"] != arn:
        return None
    before = [change for change in doc["changes"] if change["at"] <= since]
    within = [change for change in doc["changes"] if since < change["at"] <= until]
    for change in [*before[-1:], *within]:
        if change["state"] in BREACHES and change["actions"]:
            return max(float(change["at"]), since)
    return None


def changed(doc: Doc, at: float, state: str, *, actions: bool) -> list[dict[str, Any]]:
    """The changes with one more."""
    return [*doc.get("changes", ()), {"at": at, "state": state, "actions": actions}][-_KEPT:]
