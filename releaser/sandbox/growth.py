"""How far an AppConfig deployment has come: pure arithmetic over what it began with and the time.

Sources: UpdateDeploymentStrategy ("a linear deployment that uses a growth factor of 20 initially makes the
configuration available to 20 percent of the targets; after 1/5th of the deployment time has passed, ... to 40 percent";
exponential: G*(2^N)); the event log of the CLI reference's get-deployment example, where 25 % come at once and baking
begins one interval after 100 %. The user guide's table begins with 0 % instead: a switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def percentages(growth: str, factor: float) -> list[float]:
    """The shares, one after the other; the last is 100."""
    found: list[float] = []
    share = factor
    while share < 100.0:
        found.append(share)
        share = share * 2 if growth == "EXPONENTIAL" else share + factor
    return [*found, 100.0]


def steps(start: float, duration: float, growth: str, factor: float, *, at_once: bool) -> list[tuple[float, float]]:
    """(when, share) pairs in order, spread evenly over the duration; the first at the start, or an interval later."""
    shares = percentages(growth, factor)
    interval = duration / len(shares)
    first = 0 if at_once else 1
    return [(start + (number + first) * interval, share) for number, share in enumerate(shares)]


def share_at(deployment: Mapping[str, Any], now: float) -> float:
    """The share that is to get the new configuration."""
    return max((share for at, share in deployment["steps"] if at <= now), default=0.0)


def state_at(deployment: Mapping[str, Any], now: float) -> str:
    """The state: a stop decides, then the time."""
    stop = deployment.get("stop")
    if stop is not None and stop["at"] <= now:
        if stop["revert"]:
            return "REVERTED"
        return "ROLLING_BACK" if now < stop["until"] else "ROLLED_BACK"
    if now < deployment["begins"]:
        return "VALIDATING"
    if now < deployment["bakes"]:
        return "DEPLOYING"
    return "BAKING" if now < deployment["ends"] else "COMPLETE"


def events_at(deployment: Mapping[str, Any], now: float) -> list[dict[str, Any]]:
    """The event log, newest first."""
    stop = deployment.get("stop")
    limit = min(now, stop["at"]) if stop is not None else now
    found = [_event(deployment["began"], "DEPLOYMENT_STARTED", "USER", "Deployment started")]
    for at, share in deployment["steps"]:
        text = f"Configuration available to {share:.2f}% of clients"
        found.append(_event(at, "PERCENTAGE_UPDATED", "APPCONFIG", text))
    found.append(_event(deployment["bakes"], "BAKE_TIME_STARTED", "APPCONFIG", "Deployment bake time started"))
    found.append(_event(deployment["ends"], "DEPLOYMENT_COMPLETED", "APPCONFIG", "Deployment completed"))
    kept = [event for event in found if event["OccurredAt"] <= limit]
    if stop is not None and stop["at"] <= now:
        kept += _stop_events(stop, now)
    return kept[::-1]


def _stop_events(stop: Mapping[str, Any], now: float) -> list[dict[str, Any]]:
    if stop["revert"]:
        return [_event(stop["at"], "REVERT_COMPLETED", stop["by"], stop["why"])]
    found = [_event(stop["at"], "ROLLBACK_STARTED", stop["by"], stop["why"])]
    if now >= stop["until"]:
        found.append(_event(stop["until"], "ROLLBACK_COMPLETED", "APPCONFIG", "Rollback completed"))
    return found


def _event(at: float, kind: str, by: str, text: str) -> dict[str, Any]:
    return {"EventType": kind, "TriggeredBy": by, "Description": text, "OccurredAt": at}
