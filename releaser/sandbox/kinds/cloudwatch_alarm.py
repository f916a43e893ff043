"""CloudWatch metric alarms and the data they look at.

Sources: the service model; quotas: 5,000 alarms, 3 PutMetricAlarm, DeleteAlarms and SetAlarmState a second,
9 DescribeAlarms, 500 PutMetricData. Actions are kept and never performed. Alarms of metric math keep the state that
SetAlarmState gives them; composite, log and PromQL alarms are not played.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import alarms, metrics, rollout, tags
from releaser.sandbox.alarms import ALARM
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, not_in_the_sandbox
from releaser.sandbox.kind import Kind, Taggable
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc

_MOST = 100
_UNPLAYED = ("EvaluationCriteria", "EvaluationInterval", "EvaluationWindow", "WarmUpConfiguration")
_HIDDEN = ("changes", "evaluates")
_STATIC = ("Namespace", "Period", "Threshold", "ComparisonOperator")
_OPERATIONS = ("PutMetricAlarm", "DeleteAlarms", "SetAlarmState", "EnableAlarmActions", "DisableAlarmActions")

KIND = Kind(
    "cloudwatch-alarm",
    quotas={"alarms": 5000},
    rates={
        **{f"cloudwatch.{name}": Rate(3) for name in _OPERATIONS},
        "cloudwatch.DescribeAlarms": Rate(9),
        "cloudwatch.PutMetricData": Rate(500),
    },
    delays={"alarmFirstEvaluation": 60},
    taggables=(
        Taggable(
            "cloudwatch",
            "alarm:",
            lambda call, resource: call.row(ALARM, resource.removeprefix("alarm:")) is not None,
            "cloudwatch:alarm",
            arn_service="cloudwatch",
        ),
    ),
)


@KIND.operation("cloudwatch", "PutMetricAlarm")
def put_metric_alarm(call: Call) -> dict[str, Any]:
    """A new alarm, or another definition for one; its state stays."""
    given, name = dict(call.params), call.params["AlarmName"]
    _check(call, given)
    new_tags = {tag["Key"]: tag["Value"] for tag in given.pop("Tags", ())}
    now, before = call.clock.stamp(), alarms.alarm(call, name)
    most = call.settings.quota("alarms")
    if before is None and len(call.rows(ALARM)) >= most:
        raise AwsError("LimitExceededFault", f"The maximum limit of {most} alarms has been reached")
    arn = call.arn("cloudwatch", f"alarm:{name}")
    lists = ("OKActions", "AlarmActions", "InsufficientDataActions", "Dimensions")
    doc = {
        **{member: [] for member in lists},
        "ActionsEnabled": True,
        **given,
        "AlarmArn": arn,
        "AlarmConfigurationUpdatedTimestamp": now,
        "evaluates": now + call.delay("alarmFirstEvaluation"),
    }
    if before is None:
        doc = alarms.change(doc, now, state="INSUFFICIENT_DATA", why="Unchecked: Initial alarm creation")
        _tag(call, arn, new_tags)
    else:
        kept = ("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp")
        doc = alarms.change({**doc, **{m: before.get(m) for m in kept}, "changes": before["changes"]}, now)
    call.put(ALARM, name, doc)
    return {}


@KIND.operation("cloudwatch", "DescribeAlarms")
def describe_alarms(call: Call) -> dict[str, Any]:
    """Alarms by name, by the beginning of their names, by state, by the beginning of an action."""
    params = call.params
    for member in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
        if member in params:
            raise not_in_the_sandbox(f"{call.operation.key} with {member}", "query")
    if "AlarmNames" in params and "AlarmNamePrefix" in params:
        raise AwsError("ValidationError", "AlarmNames and AlarmNamePrefix cannot be given together", 400)
    asked = {name: params[name] for name in params if name not in ("MaxRecords", "NextToken")}
    found = [alarms.refresh(call, doc) for doc in list(call.rows(ALARM).values()) if _asked_for(doc, params)]
    found = [doc for doc in found if params.get("StateValue", doc["StateValue"]) == doc["StateValue"]]
    if "MetricAlarm" not in params.get("AlarmTypes", ["MetricAlarm"]):
        found = []
    rows = [((doc["AlarmName"],), _shown(doc)) for doc in found]
    bad = AwsError("InvalidNextToken", "The NextToken is not valid")
    size, token = params.get("MaxRecords", _MOST), params.get("NextToken")
    chosen, more = page(call, rows, size=size, token=token, question=[asked], bad_token=bad)
    return {"MetricAlarms": chosen, "CompositeAlarms": [], "NextToken": more}


@KIND.operation("cloudwatch", "DeleteAlarms")
def delete_alarms(call: Call) -> dict[str, Any]:
    """All of them, or none when one is not there. What they have done to deployments stays done."""
    rollout.settle_all(call)
    for name in call.params["AlarmNames"]:
        doc = _there(call, name)
        call.delete(ALARM, name)
        tags.forget(call, doc["AlarmArn"])
    return {}


@KIND.operation("cloudwatch", "SetAlarmState")
def set_alarm_state(call: Call) -> dict[str, Any]:
    """A state for the time being: the next evaluation says what it really is."""
    doc, params = _there(call, call.params["AlarmName"]), call.params
    more = {"why": params["StateReason"], "data": params.get("StateReasonData")}
    call.put(ALARM, doc["AlarmName"], alarms.change(doc, call.clock.stamp(), state=params["StateValue"], **more))
    return {}


@KIND.operation("cloudwatch", "EnableAlarmActions")
def enable_actions(call: Call) -> dict[str, Any]:
    """For the alarms that are there."""
    return _switch_actions(call, True)


@KIND.operation("cloudwatch", "DisableAlarmActions")
def disable_actions(call: Call) -> dict[str, Any]:
    """For the alarms that are there. AppConfig does not roll back for them."""
    return _switch_actions(call, False)


@KIND.operation("cloudwatch", "PutMetricData")
def put_metric_data(call: Call) -> dict[str, Any]:
    """Takes data in; alarms on it are evaluated at once."""
    if "EntityMetricData" in call.params:
        raise not_in_the_sandbox(f"{call.operation.key} with EntityMetricData", "query")
    watched = [alarms.refresh(call, doc) for doc in list(call.rows(ALARM).values()) if "MetricName" in doc]
    namespace, now, touched = call.params["Namespace"], call.clock.now(), set()
    for datum in call.params.get("MetricData", ()):
        id = metrics.identity(namespace, datum["MetricName"], datum.get("Dimensions"))
        metrics.add(call, id, datum.get("Timestamp", now), *_values(datum))
        touched.add(id)
    for doc in watched:
        if metrics.identity(doc["Namespace"], doc["MetricName"], doc.get("Dimensions")) in touched:
            call.put(ALARM, doc["AlarmName"], alarms.evaluate(call, doc, call.clock.stamp()))
    return {}


@KIND.operation("cloudwatch", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    """Adds tags to an alarm."""
    _tag(call, _tagged(call), {tag["Key"]: tag["Value"] for tag in call.params["Tags"]})
    return {}


@KIND.operation("cloudwatch", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    """Removes tags by key."""
    tags.detach(call, _tagged(call), call.params["TagKeys"])
    return {}


@KIND.operation("cloudwatch", "ListTagsForResource")
def list_tags(call: Call) -> dict[str, Any]:
    """An alarm's tags."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.read(call, _tagged(call)).items()]}


def _check(call: Call, given: dict[str, Any]) -> None:
    """What PutMetricAlarm refuses beyond the model."""
    for member in _UNPLAYED:
        if member in given:
            raise not_in_the_sandbox(f"{call.operation.key} with {member}", "query")
    if ("MetricName" in given) == bool(given.get("Metrics")):
        raise _invalid("Give either MetricName or Metrics")
    if "EvaluationPeriods" not in given:
        raise _invalid("EvaluationPeriods is required")
    periods, period = int(given["EvaluationPeriods"]), int(given.get("Period", 60))
    if given.get("DatapointsToAlarm", periods) > periods:
        raise _invalid("DatapointsToAlarm must not be greater than EvaluationPeriods")
    if given.get("TreatMissingData", "missing") not in ("breaching", "notBreaching", "ignore", "missing"):
        raise _invalid(f"Unrecognized TreatMissingData option: {given['TreatMissingData']}")
    if "MetricName" not in given:
        return
    absent = [member for member in _STATIC if member not in given]
    if absent or ("Statistic" in given) == ("ExtendedStatistic" in given):
        raise _invalid(f"An alarm on a static threshold needs {', '.join(absent) or 'one kind of statistic'}")
    if period not in (10, 20, 30) and period % 60:
        raise _invalid("Period must be 10, 20, 30 or a multiple of 60")
    if period * periods > (86_400 if period < 3600 else 604_800):
        raise _invalid("EvaluationPeriods times Period must not be more than a day, or a week for hourly periods")


def _asked_for(doc: Doc, params: dict[str, Any]) -> bool:
    names, prefix = params.get("AlarmNames"), params.get("AlarmNamePrefix", "")
    if (names and doc["AlarmName"] not in names) or not doc["AlarmName"].startswith(prefix):
        return False
    action = params.get("ActionPrefix")
    every = [*doc["OKActions"], *doc["AlarmActions"], *doc["InsufficientDataActions"]]
    return action is None or any(one.startswith(action) for one in every)


def _there(call: Call, name: str) -> Doc:
    doc = alarms.alarm(call, name)
    if doc is None:
        raise AwsError("ResourceNotFound", f"The alarm {name} was not found")
    return doc


def _switch_actions(call: Call, on: bool) -> dict[str, Any]:
    for name in call.params["AlarmNames"]:
        doc = alarms.alarm(call, name)
        if doc is not None:
            call.put(ALARM, name, alarms.change({**doc, "ActionsEnabled": on}, call.clock.stamp()))
    return {}


def _values(datum: dict[str, Any]) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    """(value, count) pairs and the extremes of one datum."""
    kinds = [name for name in ("Value", "Values", "StatisticValues") if name in datum]
    if len(kinds) != 1:
        raise AwsError("InvalidParameterCombinationException", "Give one of Value, Values and StatisticValues")
    if "StatisticValues" in datum:
        one = datum["StatisticValues"]
        count = one["SampleCount"] or 1
        return [(one["Sum"] / count, count)], (one["Minimum"], one["Maximum"])
    values = datum.get("Values", [datum.get("Value")])
    counts = datum.get("Counts", [1] * len(values))
    if not values or len(counts) != len(values):
        raise _invalid("Values and Counts must be of the same length, and not empty")
    return list(zip(values, counts, strict=True)), (min(values), max(values))


def _tag(call: Call, arn: str, given: dict[str, str]) -> None:
    try:
        tags.attach(call, arn, given)
    except AwsError as error:
        raise _invalid(error.message) from error


def _tagged(call: Call) -> str:
    try:
        return tags.require(call, "cloudwatch", call.params["ResourceARN"])
    except AwsError as error:
        if error.code != "ValidationException":
            raise
        raise _invalid(error.message) from error


def _shown(doc: Doc) -> dict[str, Any]:
    return {name: value for name, value in doc.items() if name not in _HIDDEN}


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)
