"""Parameters of Systems Manager.

Sources: Service Authorization Reference, AWS Systems Manager; API reference, PutParameter (tags take
ssm:AddTagsToResource).
"""

from __future__ import annotations

from releaser.sandbox.call import Call
from releaser.sandbox.iam.context import given_tags
from releaser.sandbox.iam.demands import Rule, named
from releaser.sandbox.iam.evaluation import Demand
from releaser.sandbox.parameters import arn_of


def _of(call: Call, name: str) -> str:
    """A parameter's ARN by its name or ARN, with or without a version or label."""
    if not name.startswith("arn:"):
        return arn_of(call, name.partition(":")[0])
    return ":".join(name.split(":")[:6])


def _named(member: str) -> Rule:
    """Every parameter that a member names."""

    def rule(call: Call) -> list[Demand]:
        given = call.params[member]
        names = given if isinstance(given, list) else [given]
        return [Demand(f"ssm:{call.operation.name}", _of(call, name)) for name in names]

    return rule


def _put(call: Call) -> list[Demand]:
    resource = _of(call, call.params["Name"])
    overwrite = {"ssm:overwrite": ("true" if call.params.get("Overwrite") else "false",)}
    tagged = [Demand("ssm:AddTagsToResource", resource)] if given_tags(call.params) else []
    return [Demand("ssm:PutParameter", resource, overwrite), *tagged]


def _by_path(call: Call) -> list[Demand]:
    """The path itself is the resource."""
    known = {"ssm:recursive": ("true" if call.params.get("Recursive") else "false",)}
    return [Demand("ssm:GetParametersByPath", _of(call, call.params["Path"]), known)]


RULES: dict[str, dict[str, Rule]] = {
    "ssm": {
        **named(_named("Name"), "DeleteParameter GetParameter GetParameterHistory"),
        **named(_named("Names"), "DeleteParameters GetParameters"),
        **named(_named("ResourceId"), "AddTagsToResource ListTagsForResource RemoveTagsFromResource"),
        "PutParameter": _put,
        "GetParametersByPath": _by_path,
        # It knows no resource, and its denials name everything of the account.
        "DescribeParameters": lambda call: [Demand("ssm:DescribeParameters", call.arn("ssm", "*"))],
    }
}
