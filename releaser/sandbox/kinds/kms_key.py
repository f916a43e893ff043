"""KMS keys and aliases.

Sources: KMS's service model and developer guide: 100,000 keys; 5 CreateKey and CreateAlias a second; a key waits 7 to
30 days for its deletion; an alias name begins with ``alias/`` and not with ``alias/aws/``. Played: ECC_NIST_P256,
ECC_NIST_P384 and RSA_2048 for signing, and SYMMETRIC_DEFAULT in name only: nothing is encrypted. Policies, grants,
rotation, imported material, multi-Region keys and AWS's own aliases are not played.
"""

from __future__ import annotations

import uuid
from typing import Any

from releaser.sandbox import elliptic, kms, rsa, tags
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, not_in_the_sandbox, validation
from releaser.sandbox.kind import Kind, Taggable
from releaser.sandbox.kms import ALIAS, KEY
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc

_PLAYED = ("Description", "KeyUsage", "KeySpec", "CustomerMasterKeySpec", "Tags", "Origin", "MultiRegion")
_WRITES = (
    "CreateKey", "CreateAlias", "UpdateAlias", "DeleteAlias", "EnableKey", "DisableKey", "ScheduleKeyDeletion",
    "CancelKeyDeletion", "TagResource", "UntagResource",
)  # fmt: skip

KIND = Kind(
    "kms-key",
    quotas={"kmsKeys": 100_000},
    rates={
        **{f"kms.{name}": Rate(5) for name in _WRITES},
        "kms.DescribeKey": Rate(2000),
        "kms.ListAliases": Rate(500),
        "kms.ListKeys": Rate(500),
        "kms.ListResourceTags": Rate(2000),
    },
    taggables=(
        Taggable(
            "kms", "key/", lambda call, resource: call.row(KEY, resource[4:]) is not None, "kms:key", arn_service="kms"
        ),
    ),
)


@KIND.operation("kms", "CreateKey")
def create_key(call: Call) -> dict[str, Any]:
    """A key with its material."""
    params = call.params
    spec = params.get("KeySpec", params.get("CustomerMasterKeySpec", "SYMMETRIC_DEFAULT"))
    if spec not in (*kms.SIGNING, "SYMMETRIC_DEFAULT"):
        raise not_in_the_sandbox(f"{call.operation.key} with the key spec {spec}", "json")
    for name in params:
        odd = (name == "Origin" and params[name] != "AWS_KMS") or (name == "MultiRegion" and params[name])
        if name not in _PLAYED or odd:
            raise not_in_the_sandbox(f"{call.operation.key} with {name}", "json")
    if spec != "SYMMETRIC_DEFAULT" and "KeyUsage" not in params:
        raise validation("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
    usage = params.get("KeyUsage", "ENCRYPT_DECRYPT")
    wanted = "ENCRYPT_DECRYPT" if spec == "SYMMETRIC_DEFAULT" else "SIGN_VERIFY"
    if usage != wanted:
        raise validation(f"KeyUsage {usage} is not compatible with KeySpec {spec}")
    if len(call.rows(KEY)) >= call.settings.quota("kmsKeys"):
        raise AwsError("LimitExceededException", "You have reached the number of keys for this account.")
    identity = {"id": str(uuid.uuid4()), "spec": spec, "usage": usage, "createdAt": call.clock.stamp()}
    doc = {**identity, "state": "Enabled", "description": params.get("Description", ""), "material": _material(spec)}
    call.put(KEY, doc["id"], doc)
    _attach(call, kms.arn(call, doc))
    return {"KeyMetadata": kms.metadata(call, doc)}


@KIND.operation("kms", "DescribeKey")
def describe_key(call: Call) -> dict[str, Any]:
    """What is known of a key."""
    return {"KeyMetadata": kms.metadata(call, kms.key(call, call.params["KeyId"]))}


@KIND.operation("kms", "ListKeys")
def list_keys(call: Call) -> dict[str, Any]:
    """All keys."""
    rows = [((id,), {"KeyId": id, "KeyArn": kms.arn(call, doc)}) for id, doc in call.rows(KEY).items()]
    return _page(call, "Keys", rows, 100)


@KIND.operation("kms", "EnableKey")
def enable_key(call: Call) -> dict[str, Any]:
    """Not one that waits for its deletion."""
    return _set_state(call, "Enabled")


@KIND.operation("kms", "DisableKey")
def disable_key(call: Call) -> dict[str, Any]:
    """Not one that waits for its deletion."""
    return _set_state(call, "Disabled")


@KIND.operation("kms", "ScheduleKeyDeletion")
def schedule_deletion(call: Call) -> dict[str, Any]:
    """Gone after so many days of the clock; of no use at once."""
    doc, days = _waiting(call, False), call.params.get("PendingWindowInDays", 30)
    if not 7 <= days <= 30:
        raise validation("PendingWindowInDays must be between 7 and 30")
    gone = call.clock.now() + days * 86_400
    call.put(KEY, doc["id"], {**doc, "state": "PendingDeletion", "deletedAt": gone})
    shown = {"KeyState": "PendingDeletion", "PendingWindowInDays": days}
    return {"KeyId": kms.arn(call, doc), "DeletionDate": gone, **shown}


@KIND.operation("kms", "CancelKeyDeletion")
def cancel_deletion(call: Call) -> dict[str, Any]:
    """The key is there again, disabled."""
    doc = dict(_waiting(call, True))
    doc.pop("deletedAt")
    call.put(KEY, doc["id"], {**doc, "state": "Disabled"})
    return {"KeyId": kms.arn(call, doc)}


@KIND.operation("kms", "CreateAlias")
def create_alias(call: Call) -> dict[str, Any]:
    """Another name for a key."""
    name = call.params["AliasName"]
    if not name.startswith("alias/"):
        raise validation('Alias must start with the prefix "alias/". Please see the KMS documentation.')
    if name.startswith("alias/aws/"):
        raise AwsError("NotAuthorizedException", "Aliases that begin with alias/aws/ are AWS's own", 400)
    if call.row(ALIAS, name) is not None:
        raise AwsError("AlreadyExistsException", f"An alias with the name {call.arn('kms', name)} already exists")
    now = call.clock.stamp()
    call.put(ALIAS, name, {"key": _target(call), "createdAt": now, "updatedAt": now})
    return {}


@KIND.operation("kms", "UpdateAlias")
def update_alias(call: Call) -> dict[str, Any]:
    """The name goes over to another key."""
    alias = _alias(call)
    call.put(ALIAS, call.params["AliasName"], {**alias, "key": _target(call), "updatedAt": call.clock.stamp()})
    return {}


@KIND.operation("kms", "DeleteAlias")
def delete_alias(call: Call) -> dict[str, Any]:
    """The name, not the key."""
    _alias(call)
    call.delete(ALIAS, call.params["AliasName"])
    return {}


@KIND.operation("kms", "ListAliases")
def list_aliases(call: Call) -> dict[str, Any]:
    """All aliases, or those of one key."""
    wanted = kms.key(call, call.params["KeyId"], aliases=False)["id"] if "KeyId" in call.params else None
    rows = [
        (
            (name,),
            {
                "AliasName": name,
                "AliasArn": call.arn("kms", name),
                "TargetKeyId": doc["key"],
                "CreationDate": doc["createdAt"],
                "LastUpdatedDate": doc["updatedAt"],
            },
        )
        for name, doc in call.rows(ALIAS).items()
        if wanted in (None, doc["key"])
    ]
    return _page(call, "Aliases", rows, 50)


@KIND.operation("kms", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    """Adds tags to a key."""
    _attach(call, kms.arn(call, kms.key(call, call.params["KeyId"], aliases=False)))
    return {}


@KIND.operation("kms", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    """Removes tags by key."""
    tags.detach(call, kms.arn(call, kms.key(call, call.params["KeyId"], aliases=False)), call.params["TagKeys"])
    return {}


@KIND.operation("kms", "ListResourceTags")
def list_tags(call: Call) -> dict[str, Any]:
    """A key's tags."""
    found = tags.read(call, kms.arn(call, kms.key(call, call.params["KeyId"], aliases=False)))
    return _page(call, "Tags", [((k,), {"TagKey": k, "TagValue": v}) for k, v in found.items()], 50)


def _material(spec: str) -> Any:
    if spec in elliptic.CURVES:
        return f"{elliptic.new_key(elliptic.CURVES[spec]):x}"
    return rsa.new_key(2048) if spec == "RSA_2048" else None


def _attach(call: Call, arn: str) -> None:
    try:
        tags.attach(call, arn, {tag["TagKey"]: tag["TagValue"] for tag in call.params.get("Tags", ())})
    except AwsError as error:
        raise AwsError("TagException", error.message) from error


def _set_state(call: Call, state: str) -> dict[str, Any]:
    doc = _waiting(call, False)
    call.put(KEY, doc["id"], {**doc, "state": state})
    return {}


def _waiting(call: Call, expected: bool) -> Doc:
    """The key, which does or does not wait for its deletion."""
    doc = kms.key(call, call.params["KeyId"], aliases=False)
    if (doc["state"] == "PendingDeletion") != expected:
        state = "pending deletion" if not expected else "not pending deletion"
        raise AwsError("KMSInvalidStateException", f"{kms.arn(call, doc)} is {state}.")
    return doc


def _target(call: Call) -> str:
    return str(kms.key(call, call.params["TargetKeyId"], aliases=False)["id"])


def _alias(call: Call) -> Doc:
    found = call.row(ALIAS, call.params["AliasName"])
    if found is None:
        raise AwsError("NotFoundException", f"Alias {call.arn('kms', call.params['AliasName'])} is not found.")
    return found


def _page(call: Call, member: str, rows: list[Any], size: int) -> dict[str, Any]:
    bad = AwsError("InvalidMarkerException", "The marker is not valid.")
    wanted, marker = call.params.get("Limit", size), call.params.get("Marker")
    found, more = page(call, rows, size=wanted, token=marker, question=[call.params.get("KeyId")], bad_token=bad)
    return {member: found, "NextMarker": more, "Truncated": more is not None}
