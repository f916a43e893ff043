"""How an operation's demands are written: its action, and templates of the ARNs that it is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from releaser.sandbox.call import Call
from releaser.sandbox.iam.context import given_tags
from releaser.sandbox.iam.evaluation import Demand

Rule = Callable[[Call], Iterable[Demand]]
"""All that must be allowed for a call."""

_SLOT = re.compile(r"\{(\w+)\}")


def arn(call: Call, service: str, template: str, params: Mapping[str, Any] | None = None) -> str:
    """``agent/{agentId}`` filled in with a request's parameters. An identifier that is an ARN stands for itself."""
    given = call.params if params is None else params
    found, at = "", 0
    for slot in _SLOT.finditer(template):
        literal, value = template[at : slot.start()], str(given[slot[1]])
        found = value if value.startswith("arn:") else f"{found}{literal}{value}"
        at = slot.end()
    found += template[at:]
    return found if found.startswith("arn:") else call.arn(service, found)


def needs(service: str, *templates: str, prefix: str = "") -> Rule:
    """The action that is called as the operation is, on each of these resources.

    No template: the action knows no resource. ``prefix``: of the action, where it is not the ARNs' service.
    """

    def rule(call: Call) -> Iterable[Demand]:
        action = f"{prefix or service}:{call.operation.name}"
        return [Demand(action, arn(call, service, template)) for template in templates] or [Demand(action)]

    return rule


def named(rule: Rule, names: str) -> dict[str, Rule]:
    """The same rule for several operations."""
    return dict.fromkeys(names.split(), rule)


def also(rule: Rule, *more: Rule) -> Rule:
    """All demands of all these rules."""
    return lambda call: [demand for one in (rule, *more) for demand in one(call)]


def tags_on(action: str, service: str, template: str) -> Rule:
    """What it takes to give tags to something that is being created: nothing where none are given."""
    return lambda call: [Demand(action, arn(call, service, template))] if given_tags(call.params) else []


def passes(service: str, *names: str) -> Rule:
    """iam:PassRole of every role that a request hands to a service, by the members that hold it.

    Source: IAM user guide, "Grant a user permissions to pass a role to an AWS service".
    """
    to = {"iam:passedtoservice": (service,)}
    return lambda call: [Demand("iam:PassRole", role, to) for name in names for role in _values(call.params, name)]


def _values(params: Mapping[str, Any], path: str) -> list[str]:
    """The texts at ``member.member``; a list on the way stands for each of its elements."""
    found: list[Any] = [params]
    for name in path.split("."):
        found = [one.get(name) for one in found if isinstance(one, Mapping)]
        found = [part for one in found for part in (one if isinstance(one, list) else [one])]
    return [value for value in found if isinstance(value, str)]
