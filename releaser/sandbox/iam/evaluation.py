"""Whether policies allow an action: an explicit deny wins, then an allow, and nothing is a denial.

Source: IAM user guide, "Policy evaluation logic".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from releaser.sandbox.iam.conditions import holds
from releaser.sandbox.iam.matching import Context, expand, glob, same_arn
from releaser.sandbox.iam.policy import Policy, Statement


class Decision(StrEnum):
    """What policies say of one demand."""

    allowed = "allowed"
    not_allowed = "no policy allows it"
    denied = "a policy denies it"


@dataclass(frozen=True, slots=True)
class Demand:
    """One action on one resource (``*`` where the action knows none), and what is known of the request."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)


def decide(policies: Iterable[Policy], demand: Demand) -> Decision:
    """What all these policies together say."""
    decision = Decision.not_allowed
    for policy in policies:
        for statement in policy.statements:
            if _applies(statement, demand, policy.variables):
                if not statement.allow:
                    return Decision.denied
                decision = Decision.allowed
    return decision


def acts(statement: Statement, action: str) -> bool:
    """Whether a statement is about an action; case does not matter."""
    wanted = action.lower()
    if statement.actions:
        return any(glob(pattern, wanted) for pattern in statement.actions)
    return not any(glob(pattern, wanted) for pattern in statement.not_actions)


def conditions_hold(statement: Statement, context: Context, variables: bool) -> bool:
    """Whether all conditions of a statement hold."""
    return all(holds(condition, context, variables) for condition in statement.conditions)


def _applies(statement: Statement, demand: Demand, variables: bool) -> bool:
    return (
        acts(statement, demand.action)
        and _reaches(statement, demand, variables)
        and conditions_hold(statement, demand.context, variables)
    )


def _reaches(statement: Statement, demand: Demand, variables: bool) -> bool:
    """Whether a statement is about the resource."""

    def matches(pattern: str) -> bool:
        expanded = expand(pattern, demand.context) if variables else pattern
        return expanded is not None and same_arn(expanded, demand.resource)

    if statement.resources:
        return any(matches(pattern) for pattern in statement.resources)
    return not any(matches(pattern) for pattern in statement.not_resources)
