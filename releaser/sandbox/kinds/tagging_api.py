"""The Resource Groups Tagging API: GetResources over what AWS documents for it, and nothing else.

Sources: its service model ("tagged or previously tagged": never a resource that never had a tag; at most
100 a page, 50 unless asked... see ResourcesPerPage); AWS's list of resource types for tag-based queries:
of what is here guardrails, application inference profiles, prompt *versions* (not prompts), and SSM
parameters.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import tags
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.kind import Kind, Taggable
from releaser.sandbox.paging import page

_MOST = 100
_BAD_TOKEN = AwsError("PaginationTokenExpiredException", "The PaginationToken is not valid for this request.", 400)

KIND = Kind("tagging-api", rates={"resourcegroupstaggingapi.GetResources": Rate(15)})


@KIND.operation("resourcegroupstaggingapi", "GetResources")
def get_resources(call: Call) -> dict[str, Any]:
    """Resources that have, or once had, tags."""
    params = call.params
    types, arns = params.get("ResourceTypeFilters", []), params.get("ResourceARNList", [])
    filters = params.get("TagFilters", [])
    if arns and (types or filters):
        raise _invalid("ResourceARNList cannot be given together with ResourceTypeFilters or TagFilters.")
    size = params.get("ResourcesPerPage", _MOST)
    if not 1 <= size <= _MOST:
        raise _invalid("ResourcesPerPage must be between 1 and 100.")
    rows = []
    for arn, doc in call.rows("tags").items():
        taggable = tags.find(call, arn)
        if taggable is None or not _listed(call, taggable, arn):
            continue
        kind = taggable.group_type or ""
        right_type = not types or any(kind == t or kind.startswith(f"{t}:") for t in types)
        if right_type and (not arns or arn in arns) and all(_passes(doc["tags"], one) for one in filters):
            shown = [{"Key": key, "Value": value} for key, value in sorted(doc["tags"].items())]
            rows.append(((arn,), {"ResourceARN": arn, "Tags": shown}))
    question = [types, arns, filters]
    token = params.get("PaginationToken") or None
    found, more = page(call, rows, size=size, token=token, question=question, bad_token=_BAD_TOKEN)
    return {"ResourceTagMappingList": found, "PaginationToken": more or ""}


def _listed(call: Call, taggable: Taggable, arn: str) -> bool:
    resource = arn.split(":", 5)[5]
    return taggable.group_type is not None and taggable.grouped(resource) and taggable.exists(call, resource)


def _passes(own: dict[str, str], one: dict[str, Any]) -> bool:
    """Filters are ANDed, a filter's values ORed; no values means any."""
    key, values = one.get("Key"), one.get("Values", [])
    return key in own and (not values or own[key] in values)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message, 400)
