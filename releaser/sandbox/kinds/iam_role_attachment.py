"""What stands beside a role's own policies: managed policies, a permissions boundary, tags.

Sources: IAM API reference; user guide, "IAM and AWS STS quotas" (ten managed policies a role) and "Permissions
boundaries for IAM entities".
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.iam import managed, roles
from releaser.sandbox.kind import Kind
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc

_PAGE = 100
_MOST_TAGS = 50
_NAMES = (
    "AttachRolePolicy DeleteRolePermissionsBoundary DetachRolePolicy ListAttachedRolePolicies ListRoleTags "
    "PutRolePermissionsBoundary TagRole UntagRole"
)

KIND = Kind(
    "iam-role-attachment",
    quotas={"attachedPolicies": 10},
    rates={f"iam.{name}": Rate(20, "iam") for name in _NAMES.split()},
)


@KIND.operation("iam", "AttachRolePolicy")
def attach(call: Call) -> dict[str, Any]:
    """A managed policy more; again is the same."""
    role, arn = roles.require(call), call.params["PolicyArn"]
    managed.find(call.store, call.account, arn)
    most = call.settings.quota("attachedPolicies")
    if arn not in role["attached"] and len(role["attached"]) >= most:
        raise AwsError("LimitExceededException", f"Cannot exceed quota for PoliciesPerRole: {most}")
    return _change(call, role, attached=[*(one for one in role["attached"] if one != arn), arn])


@KIND.operation("iam", "DetachRolePolicy")
def detach(call: Call) -> dict[str, Any]:
    """A managed policy less."""
    role, arn = roles.require(call), call.params["PolicyArn"]
    if arn not in role["attached"]:
        raise AwsError("NoSuchEntityException", f"Policy {arn} was not found.")
    return _change(call, role, attached=[one for one in role["attached"] if one != arn])


@KIND.operation("iam", "ListAttachedRolePolicies")
def list_attached(call: Call) -> dict[str, Any]:
    """The managed policies of a role, below a path."""
    role, prefix = roles.require(call), call.params.get("PathPrefix", "/")
    found = [managed.find(call.store, call.account, arn) for arn in role["attached"]]
    rows = [
        ((one["PolicyName"],), {"PolicyName": one["PolicyName"], "PolicyArn": one["Arn"]})
        for one in found
        if one["Path"].startswith(prefix)
    ]
    size, token = call.params.get("MaxItems", _PAGE), call.params.get("Marker")
    bad = AwsError("ValidationError", "Invalid Marker.", 400)
    shown, more = page(call, rows, size=size, token=token, question=[role["RoleName"], prefix], bad_token=bad)
    return {"AttachedPolicies": shown, "IsTruncated": more is not None, **({"Marker": more} if more else {})}


@KIND.operation("iam", "PutRolePermissionsBoundary")
def put_boundary(call: Call) -> dict[str, Any]:
    """The most that the role may do from now on."""
    role, arn = roles.require(call), call.params["PermissionsBoundary"]
    managed.find(call.store, call.account, arn)
    return _change(call, role, boundary=arn)


@KIND.operation("iam", "DeleteRolePermissionsBoundary")
def delete_boundary(call: Call) -> dict[str, Any]:
    """No boundary any more."""
    role = roles.require(call)
    if not role["boundary"]:
        raise AwsError("NoSuchEntityException", f"Role {role['RoleName']} does not have permissions boundary attached.")
    return _change(call, role, boundary="")


@KIND.operation("iam", "TagRole")
def tag(call: Call) -> dict[str, Any]:
    """Adds or replaces tags."""
    role = roles.require(call)
    merged = {**{one["Key"]: one for one in role["Tags"]}, **{one["Key"]: one for one in call.params["Tags"]}}
    if len(merged) > _MOST_TAGS:
        raise AwsError("LimitExceededException", f"Cannot exceed quota for TagsPerRole: {_MOST_TAGS}")
    return _change(call, role, Tags=list(merged.values()))


@KIND.operation("iam", "UntagRole")
def untag(call: Call) -> dict[str, Any]:
    """Removes tags by key; those that are not there do not matter."""
    role = roles.require(call)
    return _change(call, role, Tags=[one for one in role["Tags"] if one["Key"] not in call.params["TagKeys"]])


@KIND.operation("iam", "ListRoleTags")
def list_tags(call: Call) -> dict[str, Any]:
    """A role's tags."""
    return {"Tags": sorted(roles.require(call)["Tags"], key=lambda one: str(one["Key"])), "IsTruncated": False}


def _change(call: Call, role: Doc, **members: Any) -> dict[str, Any]:
    roles.put(call.store, call.account, {**role, **members})
    return {}
