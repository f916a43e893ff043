"""Service Quotas, as far as it lists what the other kinds here enforce: ListServiceQuotas and GetServiceQuota.

Sources: the service model; the codes are those of AWS's list of Bedrock quotas. A quota without a code here is one
that Service Quotas does not tell.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.kind import Kind
from releaser.sandbox.paging import page

# quota here -> code, name, adjustable
_LISTED = {
    "prompts": ("L-B783C50B", "Prompts per account", True),
    "flows": ("L-D321719B", "Flows per account", True),
    "flowVersions": ("L-60AFC764", "Flow versions per flow", False),
    "flowAliases": ("L-130570F3", "Flow aliases per flow", False),
    "agents": ("L-97D79C54", "Agents per account", True),
    "agentAliases": ("L-6E57E827", "Associated aliases per Agent", False),
    "applicationInferenceProfiles": ("L-40EC9882", "Inference profiles per account", True),
}
_BAD_TOKEN = AwsError("InvalidPaginationTokenException", "Invalid input was provided.", 400)

KIND = Kind(
    "service-quotas",
    rates={"service-quotas.GetServiceQuota": Rate(5), "service-quotas.ListServiceQuotas": Rate(10)},
)


@KIND.operation("service-quotas", "GetServiceQuota")
def get_service_quota(call: Call) -> dict[str, Any]:
    """The value in force here."""
    for name in _listed(call):
        if _LISTED[name][0] == call.params["QuotaCode"]:
            return {"Quota": _shown(call, name)}
    raise AwsError("NoSuchResourceException", "The request failed because the specified quota does not exist.", 400)


@KIND.operation("service-quotas", "ListServiceQuotas")
def list_service_quotas(call: Call) -> dict[str, Any]:
    """Every quota of a service; a ``QuotaCode`` narrows it to one."""
    wanted = call.params.get("QuotaCode")
    rows = [((_LISTED[n][0],), _shown(call, n)) for n in _listed(call) if wanted in (None, _LISTED[n][0])]
    size, token = call.params.get("MaxResults", 100), call.params.get("NextToken")
    found, more = page(call, rows, size=size, token=token, question=[wanted], bad_token=_BAD_TOKEN)
    return {"Quotas": found, "NextToken": more} if more else {"Quotas": found}


def _listed(call: Call) -> list[str]:
    if call.params["ServiceCode"] != "bedrock":
        raise AwsError("NoSuchResourceException", "The request failed because the service does not exist.", 400)
    return [name for name in _LISTED if name in call.settings.quota_defaults]


def _shown(call: Call, name: str) -> dict[str, Any]:
    code, title, adjustable = _LISTED[name]
    return {
        "ServiceCode": "bedrock",
        "ServiceName": "Amazon Bedrock",
        "QuotaArn": call.arn("servicequotas", f"bedrock/{code}"),
        "QuotaCode": code,
        "QuotaName": title,
        "Value": float(call.settings.quota(name)),
        "Unit": "None",
        "Adjustable": adjustable,
        "GlobalQuota": False,
    }
