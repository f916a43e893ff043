"""How the runtime document reaches its readers: which store keeps it, and how fast a new one spreads. Pure.

Facts (AppConfig user guide, "Working with deployment strategies"): the predefined strategies all bake, so all at once
without a bake is a strategy of our own. A strategy belongs to the account, which has 20: those that we make are named
by what they are and shared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.address import Bound
from releaser.core.checks import part
from releaser.core.kind import Problem, Rollout
from releaser.core.values import Path

SECTION = "delivery"
SSM, APPCONFIG = "ssm", "appconfig"
MOST_ALARMS = 5
"""AppConfig's ``MonitorList`` (service model of AppConfig)."""

ALL_AT_ONCE = Rollout("all-at-once", "LINEAR", 100.0, 0, 0)
STRATEGIES: Mapping[str, Rollout] = {
    r.name: r
    for r in (
        ALL_AT_ONCE,
        Rollout("canary-10-percent-20-minutes", "EXPONENTIAL", 10.0, 20, 10, "AppConfig.Canary10Percent20Minutes"),
        Rollout("linear-20-percent-every-6-minutes", "LINEAR", 20.0, 30, 30, "AppConfig.Linear20PercentEvery6Minutes"),
        Rollout("linear-50-percent-every-30-seconds", "LINEAR", 50.0, 1, 1, "AppConfig.Linear50PercentEvery30Seconds"),
    )
}

_ALARM = re.compile(r"arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:(.{1,255})")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/.+")


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm that takes a roll-out back. ``region`` and ``account`` are where it stands."""

    arn: str
    name: str


def store(spec: Mapping[str, Any]) -> str:
    """Where the runtime document is kept: a parameter unless the manifest asks for a roll-out."""
    said = part(spec, SECTION)
    if said.get("store") in (SSM, APPCONFIG):
        return str(said["store"])
    return APPCONFIG if {"strategy", "alarms"} & said.keys() else SSM


def rollout(spec: Mapping[str, Any]) -> Rollout:
    """How a new document spreads. What tells applications to stop calling the models goes to everybody at once."""
    if spec.get("enabled", True) is False:
        return ALL_AT_ONCE
    said = part(spec, SECTION).get("strategy")
    if isinstance(said, Mapping):
        kind, factor = str(said["growthType"]), float(said["growthFactor"])
        minutes, bake = int(said["durationMinutes"]), int(said.get("bakeMinutes", 0))
        return Rollout(f"{kind.lower()}-{factor:g}-{minutes}-{bake}", kind, factor, minutes, bake)
    return STRATEGIES.get(str(said), ALL_AT_ONCE)


def monitors(spec: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The alarms as AppConfig takes them; environment values as they stand."""
    said = part(spec, SECTION)
    role = said.get("alarmRole")
    listed = said.get("alarms")
    return tuple({"AlarmArn": alarm, "AlarmRoleArn": role} for alarm in (listed if isinstance(listed, tuple) else ()))


def alarm_of(arn: str) -> Alarm | None:
    """The alarm that an ARN names; None for what names none."""
    found = _ALARM.fullmatch(arn)
    return Alarm(arn, found[1]) if found else None


def check_delivery(spec: Mapping[str, Any]) -> Iterator[Problem]:
    """What the section's shape cannot say. For a spec as written, or with an environment's values."""
    said = part(spec, SECTION)
    at: Path = ("spec", SECTION)
    listed = said.get("alarms")
    alarms = listed if isinstance(listed, list | tuple) else ()
    if said.get("store") == SSM:
        for member in sorted({"strategy", "alarms", "alarmRole"} & said.keys()):
            hint = "`store: appconfig` has roll-outs and alarms"
            yield Problem("E580", f"a parameter changes for everybody at once: it has no {member}", (*at, member), hint)
    if len(alarms) > MOST_ALARMS:
        message = f"{len(alarms)} alarms; AppConfig watches at most {MOST_ALARMS}"
        yield Problem("E581", message, (*at, "alarms"), "one composite alarm can stand for several")
    if alarms and not said.get("alarmRole"):
        message = "alarms need alarmRole: the role with which AppConfig looks at them"
        hint = 'alarmRole: "${env.alarmRoleArn}"; it needs cloudwatch:DescribeAlarms'
        yield Problem("E582", message, (*at, "alarms"), hint)
    for index, alarm in enumerate(alarms):
        yield from _arn(alarm, (*at, "alarms", index))
    yield from _arn(said.get("alarmRole"), (*at, "alarmRole"))


def check_bound_delivery(bound: Mapping[Path, Bound]) -> Iterator[Problem]:
    """The same of what an environment gives. ``bound``: path under ``spec`` -> value."""
    for path, value in bound.items():
        if path[:1] == (SECTION,):
            yield from _arn(value.value, ("spec", *path))


def _arn(value: Any, at: Path) -> Iterator[Problem]:
    """Nothing of what an environment gives later."""
    if not isinstance(value, str) or "${" in value:
        return
    if "alarms" in at and alarm_of(value) is None:
        hint = "arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME"
        yield Problem("E583", f"{value[:60]!r} is no ARN of a CloudWatch alarm", at, hint)
    if at[-1] == "alarmRole" and not _ROLE.fullmatch(value):
        yield Problem("E584", f"{value[:60]!r} is no ARN of an IAM role", at, "arn:aws:iam::ACCOUNT:role/NAME")
