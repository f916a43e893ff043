"""May this caller do this? Asked for sessions of IAM's roles only: account keys may do everything."""

from __future__ import annotations

from collections.abc import Iterable

from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.iam import context, managed, roles
from releaser.sandbox.iam.evaluation import Decision, Demand, decide
from releaser.sandbox.iam.policy import Policy, read
from releaser.sandbox.iam.rules import RULES

_QUERY = frozenset({"sts", "iam", "s3", "cloudwatch"})
"""Services whose code is AccessDenied."""
_JSON = frozenset({"ssm", "kms", "resourcegroupstaggingapi", "service-quotas"})
"""Services that answer a denial with HTTP 400, as the JSON protocol does."""


def authorise(call: Call) -> None:
    """Nothing, or AWS's refusal. An operation that no rule names is refused: nobody knows what it would take."""
    if not call.caller.role:
        return
    rule = RULES.get(call.operation.key)
    if rule is None:
        raise denied(call, Demand(call.operation.key.replace(".", ":", 1)), Decision.not_allowed)
    check(call, rule(call))


def require(call: Call, demands: Iterable[Demand]) -> None:
    """For operations that are refused in parts: nothing, or the refusal of this part."""
    if call.caller.role:
        check(call, demands)


def check(call: Call, demands: Iterable[Demand]) -> None:
    """Refuses the first demand that the role, its boundary or the policy of its session does not allow."""
    role = roles.find(call.store, call.account, call.caller.role)
    own = managed.of_role(call.store, call.account, role) if role else []
    boundary = managed.boundary_of(call.store, call.account, role) if role else None
    known = context.of_request(call)
    for demand in demands:
        whole = {**known, **context.of_resource(call, demand.resource), **demand.context}
        full = Demand(demand.action, demand.resource, whole)
        _require(call, full, own, "identity-based policy")
        if boundary is not None:
            _require(call, full, [boundary], "permissions boundary")
        if call.caller.session_policy:
            _require(call, full, [read(call.caller.session_policy)], "session policy")


def _require(call: Call, demand: Demand, policies: list[Policy], what: str) -> None:
    decision = decide(policies, demand)
    if decision is not Decision.allowed:
        raise denied(call, demand, decision, what)


def denied(call: Call, demand: Demand, decision: Decision, what: str = "identity-based policy") -> AwsError:
    """The refusal in AWS's words: IAM user guide, "Troubleshoot access denied error messages"."""
    service = call.operation.service.name
    resource = f'"{demand.resource}"' if service == "s3" else demand.resource
    article = "an" if what[0] in "aeiou" else "a"
    why = (
        f"with an explicit deny in {article} {what}"
        if decision is Decision.denied
        else f"because no {what} allows the {demand.action} action"
    )
    message = f"User: {call.caller.arn} is not authorized to perform: {demand.action} on resource: {resource} {why}"
    code = "AccessDenied" if service in _QUERY else "AccessDeniedException"
    return AwsError(code, message, 400 if service in _JSON else 403)
