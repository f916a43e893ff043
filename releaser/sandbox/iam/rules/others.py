"""CloudWatch alarms, quotas, the tagging API.

Sources: Service Authorization Reference, Amazon CloudWatch, Service Quotas, Resource Groups Tagging API; API reference,
PutMetricAlarm (tags take cloudwatch:TagResource).
"""

from __future__ import annotations

from releaser.sandbox.call import Call
from releaser.sandbox.iam.demands import Rule, also, named, needs, tags_on
from releaser.sandbox.iam.evaluation import Demand

_ALARM = "alarm:{AlarmName}"


def _alarms(call: Call) -> list[Demand]:
    """Every alarm that is named, or all."""
    names = call.params.get("AlarmNames") or ["*"]
    return [Demand(f"cloudwatch:{call.operation.name}", call.arn("cloudwatch", f"alarm:{name}")) for name in names]


def _metric_data(call: Call) -> list[Demand]:
    return [Demand("cloudwatch:PutMetricData", context={"cloudwatch:namespace": (call.params["Namespace"],)})]


def _put_alarm(call: Call) -> list[Demand]:
    actions = tuple(call.params.get("AlarmActions", ()))
    resource = call.arn("cloudwatch", f"alarm:{call.params['AlarmName']}")
    return [Demand("cloudwatch:PutMetricAlarm", resource, {"cloudwatch:alarmactions": actions})]


def _quota(call: Call) -> list[Demand]:
    service, code = call.params["ServiceCode"], call.params["QuotaCode"]
    known = {"servicequotas:service": (service,)}
    return [Demand("servicequotas:GetServiceQuota", call.arn("servicequotas", f"{service}/{code}"), known)]


RULES: dict[str, dict[str, Rule]] = {
    "cloudwatch": {
        **named(_alarms, "DeleteAlarms DescribeAlarms DisableAlarmActions EnableAlarmActions"),
        **named(needs("cloudwatch", "{ResourceARN}"), "ListTagsForResource TagResource UntagResource"),
        "PutMetricAlarm": also(_put_alarm, tags_on("cloudwatch:TagResource", "cloudwatch", _ALARM)),
        "SetAlarmState": needs("cloudwatch", _ALARM),
        "PutMetricData": _metric_data,
    },
    "service-quotas": {"GetServiceQuota": _quota, "ListServiceQuotas": needs("servicequotas")},
    "resourcegroupstaggingapi": {"GetResources": needs("tag")},
}
