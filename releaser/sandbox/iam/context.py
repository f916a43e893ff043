"""What is known of a request: global condition keys, and tags in it.

Source: IAM user guide, "AWS global condition context keys". ``aws:SecureTransport`` is true: the sandbox stands for
AWS's endpoints, whatever carries the request to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from releaser.sandbox import tags
from releaser.sandbox.call import Call
from releaser.sandbox.iam import roles
from releaser.sandbox.iam.matching import Context

_TAGS = ("tags", "Tags", "TagList")
_KEYS = ("tagKeys", "TagKeys")


def of_request(call: Call) -> dict[str, tuple[str, ...]]:
    """The keys that every action has, and those of tags that are given."""
    now = call.clock.now()
    role = roles.find(call.store, call.account, call.caller.role) if call.caller.role else None
    found: dict[str, tuple[str, ...]] = {
        "aws:principalarn": (role["Arn"] if role else call.caller.arn,),
        "aws:principalaccount": (call.account,),
        "aws:principaltype": ("AssumedRole" if call.caller.arn.startswith("arn:aws:sts:") else "Account",),
        "aws:userid": (call.caller.user_id,),
        "aws:requestedregion": (call.region,),
        "aws:securetransport": ("true",),
        "aws:currenttime": (datetime.fromtimestamp(now, UTC).isoformat(),),
        "aws:epochtime": (str(int(now)),),
    }
    if role:
        found |= {f"aws:principaltag/{key.lower()}": (value,) for key, value in given_tags(role).items()}
    given = given_tags(call.params)
    keys = [*given, *(key for name in _KEYS for key in call.params.get(name, []))]
    if keys:
        found["aws:tagkeys"] = tuple(keys)
    return found | {f"aws:requesttag/{key.lower()}": (value,) for key, value in given.items()}


def of_resource(call: Call, arn: str) -> Context:
    """The keys that a resource adds: its account and its tags."""
    fields = arn.split(":", 5)
    if len(fields) < 6:
        return {}
    account = {"aws:resourceaccount": (fields[4],)} if fields[4] else {}
    return account | {f"aws:resourcetag/{key.lower()}": (value,) for key, value in tags.read(call, arn).items()}


def given_tags(params: Mapping[str, Any]) -> dict[str, str]:
    """Tags in any of the forms that AWS's APIs have: a map, or a list whose members are called key, Key or TagKey."""
    given: Any = next((params[name] for name in _TAGS if params.get(name)), {})
    if isinstance(given, dict):
        return {str(key): str(value) for key, value in given.items()}
    return {_member(one, "key"): _member(one, "value") for one in given}


def _member(tag: Mapping[str, str], name: str) -> str:
    return next((value for key, value in tag.items() if key.lower().endswith(name)), "")
