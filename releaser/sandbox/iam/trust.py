"""Who may assume a role: its trust policy and, for sessions of other roles, their own policies.

Source: IAM user guide, "Cross-account policy evaluation logic": within an account a trust policy that names the caller
is enough; one that names the account leaves it to the caller's own policies, and another account always does.
"""

from __future__ import annotations

from collections.abc import Collection

from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.iam import context, roles
from releaser.sandbox.iam.authorise import check
from releaser.sandbox.iam.evaluation import Decision, Demand, decide
from releaser.sandbox.iam.policy import Policy
from releaser.sandbox.iam.web_identity import WebIdentity
from releaser.sandbox.store import Doc

Principal = tuple[str, str]


def require_web_identity(call: Call, role: Doc | None, identity: WebIdentity) -> None:
    """Refuses an identity that the role does not trust. Whether there is such a role is not told."""
    known = {**identity.context(), "sts:rolesessionname": (call.params["RoleSessionName"],)}
    demand = Demand("sts:AssumeRoleWithWebIdentity", context=known)
    if role is None or _decide(role, demand, [("Federated", identity.provider)]) is not Decision.allowed:
        raise AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)


def require_caller(call: Call, role: Doc | None) -> None:
    """Refuses a caller whom the role does not trust, or whose own policies do not let them.

    A source identity takes sts:SetSourceIdentity on both sides (user guide, "Monitor and control actions taken with
    assumed roles").
    """
    _require(call, role, "sts:AssumeRole")
    if "SourceIdentity" in call.params:
        _require(call, role, "sts:SetSourceIdentity")


def _require(call: Call, role: Doc | None, action: str) -> None:
    arn, caller, asked = call.params["RoleArn"], call.caller, _asked(call)
    demand = Demand(action, context={**context.of_request(call), **asked})
    by_name = _names(call)
    account = [("AWS", caller.account), ("AWS", f"arn:aws:iam::{caller.account}:root"), ("AWS", "*")]
    if role is None or _decide(role, demand, [*by_name, *account]) is not Decision.allowed:
        text = f"User: {caller.arn} is not authorized to perform: {action} on resource: {arn}"
        raise AwsError("AccessDenied", text, 403)
    near = role["Arn"].split(":")[4] == caller.account
    if caller.role and not (near and _decide(role, demand, by_name) is Decision.allowed):
        check(call, [Demand(action, arn, asked)])


def _names(call: Call) -> list[Principal]:
    """How a trust policy names this very caller: the session, or its role."""
    found = [("AWS", call.caller.arn)]
    own = roles.find(call.store, call.account, call.caller.role) if call.caller.role else None
    return [*found, ("AWS", own["Arn"])] if own else found


def _asked(call: Call) -> dict[str, tuple[str, ...]]:
    keys = {"RoleSessionName": "rolesessionname", "ExternalId": "externalid", "SourceIdentity": "sourceidentity"}
    return {f"sts:{key}": (call.params[name],) for name, key in keys.items() if name in call.params}


def _decide(role: Doc, demand: Demand, principals: Collection[Principal]) -> Decision:
    trusted = roles.trust(role)
    about = tuple(one for one in trusted.statements if set(one.principals) & set(principals))
    return decide([Policy(about, trusted.variables)], demand)
