"""Roles of IAM: a trust policy and inline policies. Users, groups and instance profiles are not played.

Sources: IAM API reference; user guide, "IAM and AWS STS quotas" (all inline policies of a role together have 10,240
characters at most, a trust policy 2,048 unless raised to 4,096; white space does not count).
"""

from __future__ import annotations

import secrets
import string
from typing import Any
from urllib.parse import quote

from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.iam import managed, roles
from releaser.sandbox.iam.policy import Use, length, read
from releaser.sandbox.kind import Kind
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc

_PAGE = 100
_LETTERS = string.ascii_uppercase + string.digits
_NAMES = (
    "CreateRole DeleteRole DeleteRolePolicy GetRole GetRolePolicy ListRolePolicies ListRoles PutRolePolicy "
    "UpdateAssumeRolePolicy"
)
_SHOWN = ("Path", "RoleName", "RoleId", "Arn", "CreateDate", "Description", "MaxSessionDuration", "Tags")

KIND = Kind(
    "iam-role",
    quotas={"roles": 1000, "rolePolicyCharacters": 10_240, "trustPolicyCharacters": 2048},
    # IAM publishes no rates.
    rates={f"iam.{name}": Rate(20, "iam") for name in _NAMES.split()},
)


@KIND.operation("iam", "CreateRole")
def create_role(call: Call) -> dict[str, Any]:
    """A role, known everywhere at once."""
    params, name = call.params, call.params["RoleName"]
    if "PermissionsBoundary" in params:
        managed.find(call.store, call.account, params["PermissionsBoundary"])
    taken = {one.lower() for one in roles.everyone(call.store, call.account)}
    if name.lower() in taken:
        raise AwsError("EntityAlreadyExistsException", f"Role with name {name} already exists.")
    if len(taken) >= call.settings.quota("roles"):
        raise _too_many(f"Cannot exceed quota for RolesPerAccount: {call.settings.quota('roles')}")
    path = params.get("Path", "/")
    doc = {
        "Path": path,
        "RoleName": name,
        "RoleId": "AROA" + "".join(secrets.choice(_LETTERS) for _ in range(17)),
        "Arn": f"arn:aws:iam::{call.account}:role{path}{name}",
        "CreateDate": float(int(call.clock.now())),
        "AssumeRolePolicyDocument": _trust(call, params["AssumeRolePolicyDocument"]),
        "Description": params.get("Description"),
        "MaxSessionDuration": params.get("MaxSessionDuration", 3600),
        "Tags": params.get("Tags", []),
        "policies": {},
        "attached": [],
        "boundary": params.get("PermissionsBoundary", ""),
    }
    roles.put(call.store, call.account, doc)
    return {"Role": _shown(doc)}


@KIND.operation("iam", "GetRole")
def get_role(call: Call) -> dict[str, Any]:
    """A role with its trust policy."""
    return {"Role": _shown(roles.require(call))}


@KIND.operation("iam", "ListRoles")
def list_roles(call: Call) -> dict[str, Any]:
    """Roles below a path; a list has no tags."""
    prefix = call.params.get("PathPrefix", "/")
    found = roles.everyone(call.store, call.account).items()
    rows = [((name,), _shown(doc, tags=False)) for name, doc in found if doc["Path"].startswith(prefix)]
    return _page(call, "Roles", rows, prefix)


@KIND.operation("iam", "UpdateAssumeRolePolicy")
def update_trust(call: Call) -> dict[str, Any]:
    """Replaces the trust policy; sessions that there are go on."""
    role = roles.require(call)
    roles.put(
        call.store, call.account, {**role, "AssumeRolePolicyDocument": _trust(call, call.params["PolicyDocument"])}
    )
    return {}


@KIND.operation("iam", "DeleteRole")
def delete_role(call: Call) -> dict[str, Any]:
    """A role without policies."""
    role = roles.require(call)
    if role["attached"]:
        raise AwsError("DeleteConflictException", "Cannot delete entity, must detach all policies first.")
    if role["policies"]:
        raise AwsError("DeleteConflictException", "Cannot delete entity, must delete policies first.")
    roles.delete(call.store, call.account, role["RoleName"])
    return {}


@KIND.operation("iam", "PutRolePolicy")
def put_role_policy(call: Call) -> dict[str, Any]:
    """Adds or replaces an inline policy, in force for the next request."""
    role, text = roles.require(call), call.params["PolicyDocument"]
    read(text)
    policies = {**role["policies"], call.params["PolicyName"]: text}
    most = call.settings.quota("rolePolicyCharacters")
    if sum(map(length, policies.values())) > most:
        raise _too_many(f"Maximum policy size of {most} bytes exceeded for role {role['RoleName']}")
    roles.put(call.store, call.account, {**role, "policies": policies})
    return {}


@KIND.operation("iam", "GetRolePolicy")
def get_role_policy(call: Call) -> dict[str, Any]:
    """An inline policy, as it was put."""
    role, name = roles.require(call), call.params["PolicyName"]
    return {"RoleName": role["RoleName"], "PolicyName": name, "PolicyDocument": quote(_policy(role, name), safe="")}


@KIND.operation("iam", "ListRolePolicies")
def list_role_policies(call: Call) -> dict[str, Any]:
    """The names of a role's inline policies."""
    role = roles.require(call)
    return _page(call, "PolicyNames", [((name,), name) for name in role["policies"]], role["RoleName"])


@KIND.operation("iam", "DeleteRolePolicy")
def delete_role_policy(call: Call) -> dict[str, Any]:
    """Removes an inline policy."""
    role, name = roles.require(call), call.params["PolicyName"]
    _policy(role, name)
    kept = {one: text for one, text in role["policies"].items() if one != name}
    roles.put(call.store, call.account, {**role, "policies": kept})
    return {}


def _policy(role: Doc, name: str) -> str:
    if name not in role["policies"]:
        raise AwsError("NoSuchEntityException", f"The role policy with name {name} cannot be found.")
    return str(role["policies"][name])


def _trust(call: Call, text: str) -> str:
    read(text, Use.trust)
    if length(text) > call.settings.quota("trustPolicyCharacters"):
        raise _too_many(f"Cannot exceed quota for ACLSizePerRole: {call.settings.quota('trustPolicyCharacters')}")
    return text


def _shown(doc: Doc, *, tags: bool = True) -> dict[str, Any]:
    """A role as the API gives it: policies are URL-encoded (RFC 3986)."""
    names = [name for name in _SHOWN if doc[name] is not None and (tags or name != "Tags")]
    shown = {name: doc[name] for name in names if doc[name] != []}
    if doc["boundary"]:
        kind = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": doc["boundary"]}
        shown["PermissionsBoundary"] = kind
    return {**shown, "AssumeRolePolicyDocument": quote(doc["AssumeRolePolicyDocument"], safe="")}


def _page(call: Call, member: str, rows: list[tuple[tuple[str], Any]], question: str) -> dict[str, Any]:
    size, token = call.params.get("MaxItems", _PAGE), call.params.get("Marker")
    bad = AwsError("ValidationError", "Invalid Marker.", 400)
    found, more = page(call, rows, size=size, token=token, question=[question], bad_token=bad)
    return {member: found, "IsTruncated": more is not None, **({"Marker": more} if more else {})}


def _too_many(message: str) -> AwsError:
    return AwsError("LimitExceededException", message)
