"""Policy documents: read, and refused where IAM refuses them.

Source: IAM user guide, "Grammar of the IAM JSON policy language". Messages as IAM was seen to give them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from releaser.sandbox.errors import AwsError, not_in_the_sandbox
from releaser.sandbox.iam.conditions import UNPLAYED, Condition, base_name, is_operator

VERSIONS = ("2008-10-17", "2012-10-17")
_ACTION = re.compile(r"\*|[a-z0-9-]+:[\w*?]+", re.IGNORECASE | re.ASCII)
_SID = re.compile(r"[0-9A-Za-z]*", re.ASCII)
_MEMBERS = frozenset(
    {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Principal", "NotPrincipal"}
)


class Use(StrEnum):
    """What a policy is for: it says what a role may do, or who may assume it."""

    identity = "identity"
    trust = "trust"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; of each pair ``actions``/``not_actions``, ``resources``/``not_resources`` one is empty."""

    allow: bool
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()
    """Kind (``AWS``, ``Federated``, ``Service``) and name; ``*`` is everybody."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document. ``variables``: whether ``${...}`` is one, as in the newer version of the language."""

    statements: tuple[Statement, ...]
    variables: bool = True


@lru_cache(maxsize=512)
def read(text: str, use: Use = Use.identity) -> Policy:
    """The policy, or MalformedPolicyDocument."""
    try:
        document = json.loads(text, object_pairs_hook=_without_repeats)
    except ValueError:
        raise malformed("This policy contains invalid Json") from None
    if not isinstance(document, dict) or set(document) - {"Version", "Id", "Statement"}:
        raise _syntax()
    version, statements = document.get("Version", VERSIONS[0]), _listed(document.get("Statement", []))
    if version not in VERSIONS:
        raise _syntax()
    if not statements or not all(isinstance(one, dict) for one in statements):
        raise _syntax()
    sids = [one["Sid"] for one in statements if "Sid" in one]
    if len(set(sids)) != len(sids):
        raise malformed("Statement IDs (SID) in a single policy must be unique.")
    return Policy(tuple(_statement(one, use) for one in statements), version == VERSIONS[1])


def length(text: str) -> int:
    """How long IAM counts a policy to be: white space does not count."""
    return len("".join(text.split()))


def malformed(message: str) -> AwsError:
    """A MalformedPolicyDocument."""
    return AwsError("MalformedPolicyDocumentException", message)


def _syntax() -> AwsError:
    return malformed("Syntax errors in policy.")


def _statement(raw: Mapping[str, Any], use: Use) -> Statement:
    if set(raw) - _MEMBERS or raw.get("Effect") not in ("Allow", "Deny"):
        raise _syntax()
    if not isinstance(raw.get("Sid", ""), str) or not _SID.fullmatch(raw.get("Sid", "")):
        raise malformed("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies [0-9A-Za-z]*.")
    actions, not_actions = _either(raw, "Action", "Policy statement must contain actions.")
    for action in (*actions, *not_actions):
        if not _ACTION.fullmatch(action):
            raise malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()
    if use is Use.identity:
        if "Principal" in raw or "NotPrincipal" in raw:
            raise malformed("Policy document should not specify a principal.")
        resources, not_resources = _either(raw, "Resource", "Policy statement must contain resources.")
        for resource in (*resources, *not_resources):
            if resource != "*" and not resource.startswith("arn:"):
                raise malformed(f'Resource {resource} must be in ARN format or "*".')
    else:
        if "Resource" in raw or "NotResource" in raw:
            raise malformed("Has prohibited field Resource")
        principals = _principals(raw)
    return Statement(
        raw["Effect"] == "Allow",
        tuple(action.lower() for action in actions),
        tuple(action.lower() for action in not_actions),
        resources,
        not_resources,
        tuple(_conditions(raw.get("Condition", {}))),
        principals,
    )


def _either(raw: Mapping[str, Any], name: str, missing: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A member or its ``Not`` form: exactly one."""
    if name in raw and f"Not{name}" in raw:
        raise _syntax()
    yes, no = _texts(raw.get(name, [])), _texts(raw.get(f"Not{name}", []))
    if not yes and not no:
        raise malformed(missing)
    return yes, no


def _principals(raw: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if "NotPrincipal" in raw:
        raise not_in_the_sandbox("NotPrincipal of a trust policy", "query")
    given = raw.get("Principal")
    if given == "*":
        return (("AWS", "*"),)
    if not isinstance(given, dict) or not given or set(given) - {"AWS", "Federated", "Service"}:
        raise malformed("Missing required field Principal" if given is None else "Invalid principal in policy")
    return tuple((kind, name) for kind, names in given.items() for name in _texts(names))


def _conditions(raw: object) -> list[Condition]:
    if not isinstance(raw, dict):
        raise _syntax()
    found = []
    for operator, keys in raw.items():
        if base_name(operator) in UNPLAYED:
            raise not_in_the_sandbox(f"the condition operator {operator}", "query")
        if not is_operator(operator):
            raise malformed(f"Invalid Condition type : {operator}.")
        if not isinstance(keys, dict):
            raise _syntax()
        for key, values in keys.items():
            if ":" not in key:
                raise malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
            found.append(Condition(operator, key, _texts(values)))
    return found


def _texts(value: object) -> tuple[str, ...]:
    """One value or several; numbers and truths are written as JSON writes them."""
    found = []
    for one in _listed(value):
        if isinstance(one, bool):
            found.append("true" if one else "false")
        elif isinstance(one, str | int | float):
            found.append(str(one))
        else:
            raise _syntax()
    return tuple(found)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are given once: IAM refuses a key that is there twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found
