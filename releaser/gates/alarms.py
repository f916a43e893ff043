"""Alarms: those that are to take a roll-out back must exist, act, and not ring because nobody called.

Facts (AppConfig user guide, "Monitoring deployments for automatic rollback"): AppConfig rolls back on ALARM and on
INSUFFICIENT_DATA; an alarm whose missing data do not count as ``notBreaching`` gets there by silence. DescribeAlarms
takes 100 names and leaves composite alarms out unless asked for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from releaser.core.content import resolve_body
from releaser.core.delivery import Alarm, alarm_of
from releaser.core.errors import AwsError
from releaser.core.gate import Result, Verdict
from releaser.core.plan import UseCasePlan
from releaser.core.record import is_older
from releaser.engine.planning import Planned
from releaser.engine.ports import Aws

_MOST = 100


def judge(planned: Planned, aws: Aws) -> list[Verdict]:
    """FAIL for each alarm that would not do what it is for, of use cases with something to do. A way back is stopped by
    no alarm; a roll-out that is on its way is AppConfig's to take back, and ours to record."""
    parts = [
        u for u in planned.plan.use_cases if u.steps and not _goes_back(planned, u) and not _is_on_its_way(planned, u)
    ]
    wanted = {u.use_case: tuple(_alarms(planned, u.use_case)) for u in parts}
    names = sorted({a.name for alarms in wanted.values() for a in alarms})
    if not names:
        return []
    try:
        found = {str(row["AlarmArn"]): row for row in _described(aws, names)}
    except AwsError as error:
        said = f"CloudWatch alarms could not be read, and one that nobody looked at takes nothing back: {error}"
        return [Verdict("alarms", Result.ERROR, said, error.hint, n, "P363") for n, alarms in wanted.items() if alarms]
    return [
        v for name, alarms in wanted.items() for alarm in alarms for v in _judged(name, alarm, found.get(alarm.arn))
    ]


def _goes_back(planned: Planned, part: UseCasePlan) -> bool:
    known = planned.known.get(part.use_case)
    return known is not None and is_older(part.release, known.release)


def _is_on_its_way(planned: Planned, part: UseCasePlan) -> bool:
    witness = planned.witnesses.get(part.use_case)
    record = witness.open if witness is not None else None
    delivers = record is not None and record.delivering is not None
    return delivers and record is not None and record.opened.release_digest == part.release_digest


def _alarms(planned: Planned, use_case: str) -> Iterator[Alarm]:
    for node in planned.compiled.graph.of(use_case):
        for monitor in resolve_body(node, lambda _: None).get("Monitors", ()):
            found = alarm_of(str(monitor.get("AlarmArn", "")))
            if found is not None:
                yield found


def _described(aws: Aws, names: list[str]) -> Iterator[Mapping[str, Any]]:
    for start in range(0, len(names), _MOST):
        request: dict[str, Any] = {
            "AlarmNames": names[start : start + _MOST],
            "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
            "MaxRecords": _MOST,
        }
        while True:
            reply = aws.call("cloudwatch", "DescribeAlarms", request)
            yield from (*reply.get("MetricAlarms", ()), *reply.get("CompositeAlarms", ()))
            if not reply.get("NextToken"):
                break
            request = {**request, "NextToken": reply["NextToken"]}


def _judged(use_case: str, alarm: Alarm, row: Mapping[str, Any] | None) -> Iterable[Verdict]:
    def against(code: str, said: str, hint: str) -> Verdict:
        return Verdict("alarms", Result.FAIL, f"{use_case}: the alarm {alarm.name} {said}", hint, use_case, code)

    if row is None:
        said = "does not exist in this account and region"
        yield against("P360", said, f"create it, or mend its binding ({alarm.arn})")
        return
    if row.get("ActionsEnabled") is False:
        hint = f"`aws cloudwatch enable-alarm-actions --alarm-names {alarm.name}`"
        yield against("P361", "has its actions disabled: it would take nothing back", hint)
    if "MetricName" in row or "Metrics" in row:
        missing = row.get("TreatMissingData", "missing")
        if missing != "notBreaching":
            said = f"treats missing data as {missing}: a quiet hour would take the release back"
            yield against("P362", said, "set its TreatMissingData to notBreaching")
            return
    state = row.get("StateValue", "OK")
    if state != "OK":
        hint = "a roll-out would be taken back at once: see what rings; a new alarm is OK after its first period"
        yield against("P365", f"is in {state}", hint)
