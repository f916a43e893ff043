"""KMS: the resource is always the key, also when it was named by an alias.

Sources: Service Authorization Reference, AWS KMS; developer guide, "AWS KMS condition keys" and "Controlling access to
aliases" (both the alias and the key). Keys have the default key policy here, which leaves everything to IAM.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import kms
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.iam.context import given_tags
from releaser.sandbox.iam.demands import Rule, named, needs
from releaser.sandbox.iam.evaluation import Demand

_ON_KEY = (
    "CancelKeyDeletion DescribeKey DisableKey EnableKey GetPublicKey ListResourceTags ScheduleKeyDeletion Sign "
    "TagResource UntagResource Verify"
)


def _key(call: Call, name: str, action: str = "") -> Demand:
    """The key of that name, and what is known of it."""
    known: dict[str, tuple[str, ...]] = {"kms:calleraccount": (call.account,)}
    for member in ("SigningAlgorithm", "MessageType"):
        if member in call.params:
            known[f"kms:{member.lower()}"] = (call.params[member],)
    alias = name.rpartition(":")[2]
    if alias.startswith("alias/"):
        known["kms:requestalias"] = (alias,)
    found = _find(call, name)
    if found is None:
        resource = name if name.startswith("arn:") else call.arn("kms", f"key/{name.removeprefix('key/')}")
    else:
        resource = kms.arn(call, found)
        known |= {"kms:keyspec": (found["spec"],), "kms:keyusage": (found["usage"],)}
        known["kms:resourcealiases"] = _aliases(call, found["id"])
    return Demand(f"kms:{action or call.operation.name}", resource, known)


def _find(call: Call, name: str) -> Any:
    try:
        return kms.key(call, name)
    except AwsError:
        return None


def _aliases(call: Call, key: str) -> tuple[str, ...]:
    return tuple(name for name, doc in call.rows(kms.ALIAS).items() if doc["key"] == key)


def _create(call: Call) -> list[Demand]:
    """No resource yet; tags take kms:TagResource."""
    spec = call.params.get("KeySpec", "SYMMETRIC_DEFAULT")
    known = {"kms:keyspec": (spec,), "kms:keyusage": (call.params.get("KeyUsage", "ENCRYPT_DECRYPT"),)}
    tagged = [Demand("kms:TagResource", call.arn("kms", "key/*"))] if given_tags(call.params) else []
    return [Demand("kms:CreateKey", context=known), *tagged]


def _alias(call: Call) -> list[Demand]:
    """The alias, the key that it leads to, and the one that it will lead to."""
    name = call.params["AliasName"]
    keys = [call.params["TargetKeyId"]] if "TargetKeyId" in call.params else []
    if _find(call, name) is not None:
        keys.append(name)
    of_alias = Demand(f"kms:{call.operation.name}", call.arn("kms", name))
    return [of_alias, *(_key(call, key) for key in keys)]


RULES: dict[str, dict[str, Rule]] = {
    "kms": {
        **named(lambda call: [_key(call, call.params["KeyId"])], _ON_KEY),
        **named(_alias, "CreateAlias DeleteAlias UpdateAlias"),
        **named(needs("kms"), "ListAliases ListKeys"),
        "CreateKey": _create,
    }
}
