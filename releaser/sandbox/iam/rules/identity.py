"""IAM and STS themselves.

Source: Service Authorization Reference, IAM and STS. GetCallerIdentity takes no permission, and no policy can deny it
(STS API reference). Who may assume a role is decided with the role's trust policy (``iam/trust.py``).
"""

from __future__ import annotations

from releaser.sandbox.call import Call
from releaser.sandbox.iam import roles
from releaser.sandbox.iam.context import given_tags
from releaser.sandbox.iam.demands import Rule, also, named, needs
from releaser.sandbox.iam.evaluation import Demand


def _free(call: Call) -> list[Demand]:
    return []


def _role(call: Call) -> str:
    """A role's ARN: its path is known of roles that are there."""
    name = call.params["RoleName"]
    found = roles.find(call.store, call.account, name)
    path = call.params.get("Path", "/")
    return str(found["Arn"]) if found else f"arn:aws:iam::{call.account}:role{path}{name}"


def _on_role(call: Call) -> list[Demand]:
    """With the boundary that is given or there, and the managed policy."""
    found = roles.find(call.store, call.account, call.params["RoleName"])
    boundary = call.params.get("PermissionsBoundary") or (found["boundary"] if found else "")
    known = {"iam:permissionsboundary": (boundary,)} if boundary else {}
    if "PolicyArn" in call.params:
        known["iam:policyarn"] = (call.params["PolicyArn"],)
    return [Demand(f"iam:{call.operation.name}", _role(call), known)]


def _tag_role(call: Call) -> list[Demand]:
    return [Demand("iam:TagRole", _role(call))] if given_tags(call.params) else []


def _new_policy(call: Call) -> list[Demand]:
    arn = f"arn:aws:iam::{call.account}:policy{call.params.get('Path', '/')}{call.params['PolicyName']}"
    actions = ["CreatePolicy", *(["TagPolicy"] if given_tags(call.params) else [])]
    return [Demand(f"iam:{action}", arn) for action in actions]


def _new_provider(call: Call) -> list[Demand]:
    host = call.params["Url"].removeprefix("https://")
    return [Demand("iam:CreateOpenIDConnectProvider", f"arn:aws:iam::{call.account}:oidc-provider/{host}")]


_ROLE_NAMES = (
    "AttachRolePolicy DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy DetachRolePolicy GetRole GetRolePolicy "
    "ListAttachedRolePolicies ListRolePolicies ListRoleTags PutRolePermissionsBoundary PutRolePolicy TagRole UntagRole "
    "UpdateAssumeRolePolicy"
)
_POLICY_NAMES = (
    "CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy GetPolicyVersion ListPolicyVersions "
    "SetDefaultPolicyVersion"
)

RULES: dict[str, dict[str, Rule]] = {
    "iam": {
        **named(_on_role, _ROLE_NAMES),
        **named(needs("iam", "{PolicyArn}"), _POLICY_NAMES),
        "CreatePolicy": _new_policy,
        **named(needs("iam", "{OpenIDConnectProviderArn}"), "DeleteOpenIDConnectProvider GetOpenIDConnectProvider"),
        **named(needs("iam"), "ListOpenIDConnectProviders ListRoles"),
        "CreateRole": also(_on_role, _tag_role),
        "CreateOpenIDConnectProvider": _new_provider,
    },
    "sts": named(_free, "AssumeRole AssumeRoleWithWebIdentity GetCallerIdentity"),
}
