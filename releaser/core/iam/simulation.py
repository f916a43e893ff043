"""What IAM's policy simulator is asked, and what its answers mean. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.iam.actions import ACTIONS, RESOURCES
from releaser.core.iam.document import Statement

_BY_TYPE = frozenset({"bedrock", "appconfig"})
"""Services whose statements list resources of several types: each action is asked of its own alone."""


def principal_of(caller: str, role: str) -> str | None:
    """Whose policies are asked for. ``role``: the environment's; the caller's ARN has no path of its role."""
    kind, _, rest = caller.split(":", 5)[-1].partition("/")
    if kind == "assumed-role":
        name = rest.partition("/")[0]
        if role.rpartition("/")[2] == name:
            return role
        _, partition, _, _, account, _ = caller.split(":", 5)
        return f"arn:{partition}:iam::{account}:role/{name}"
    return caller if kind == "user" else None


def questions(statements: Iterable[Statement]) -> Iterator[dict[str, Any]]:
    """Requests of SimulatePrincipalPolicy, without the principal: actions on resources, as each statement allows them,
    with the context that its conditions ask for."""
    for statement in statements:
        asked: dict[tuple[str, ...], list[str]] = {}
        for action in statement.actions:
            asked.setdefault(_resources(action, statement.resources), []).append(action)
        for resources, actions in asked.items():
            request: dict[str, Any] = {"ActionNames": sorted(actions), "ResourceArns": list(resources)}
            if context := list(_context(statement)):
                request["ContextEntries"] = context
            yield request


def _resources(action: str, resources: tuple[str, ...]) -> tuple[str, ...]:
    known = ACTIONS[action]
    if known.service not in _BY_TYPE or resources == ("*",):
        return resources
    places = {_place(RESOURCES[kind]) for kind in known.on}
    return tuple(r for r in resources if _place(r) in places) or resources


def _place(arn: str) -> str:
    """The word before an id, ``guardrail`` of ``...:guardrail/*``, in an ARN or in what follows its partition."""
    parts = arn.split(":", 5) if arn.startswith("arn:") else arn.split(":", 3)
    return parts[-1].partition("/")[0]


def _context(statement: Statement) -> Iterator[dict[str, Any]]:
    for operator, keys in sorted(statement.conditions.items()):
        for key, values in sorted(keys.items()):
            if operator == "Bool":
                yield {"ContextKeyName": key, "ContextKeyType": "boolean", "ContextKeyValues": list(values)}
            else:
                yield {"ContextKeyName": key, "ContextKeyType": "string", "ContextKeyValues": [values[0]]}


@dataclass(frozen=True, slots=True)
class Refused:
    """An action that is not seen allowed. ``by``: what else than the role's policies stands in its way."""

    action: str
    resource: str
    is_denied: bool
    by: str = ""


def refused(results: Iterable[Mapping[str, Any]]) -> Iterator[Refused]:
    """Of EvaluationResults, what is not allowed."""
    for row in results:
        decision = str(row.get("EvalDecision", ""))
        if decision == "allowed":
            continue
        by = ""
        if (row.get("OrganizationsDecisionDetail") or {}).get("AllowedByOrganizations") is False:
            by = "a policy of the organization"
        elif (row.get("PermissionsBoundaryDecisionDetail") or {}).get("AllowedByPermissionsBoundary") is False:
            by = "its permissions boundary"
        yield Refused(
            str(row.get("EvalActionName", "")), str(row.get("EvalResourceName", "")), "explicit" in decision, by
        )
