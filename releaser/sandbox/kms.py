"""Keys of KMS by all their names: id, ARN, alias, the alias's ARN."""

from __future__ import annotations

from typing import Any

from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.store import Doc

KEY, ALIAS = "kms-key", "kms-alias"
SIGNING = {
    "ECC_NIST_P256": ["ECDSA_SHA_256"],
    "ECC_NIST_P384": ["ECDSA_SHA_384"],
    "RSA_2048": ["RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512"],
}


def key(call: Call, wanted: str, *, aliases: bool = True) -> Doc:
    """The key of that name; one whose deletion date is over is gone."""
    name = _here(call, wanted)
    if name.startswith("alias/") and aliases:
        alias = call.row(ALIAS, name)
        if alias is None:
            raise AwsError("NotFoundException", f"Alias {call.arn('kms', name)} is not found.")
        name = alias["key"]
    found = call.row(KEY, name.removeprefix("key/"))
    if found is None or found.get("deletedAt", float("inf")) <= call.clock.now():
        raise AwsError(
            "NotFoundException", f"Key '{call.arn('kms', 'key/' + name.removeprefix('key/'))}' does not exist"
        )
    return found


def usable(call: Call, wanted: str) -> Doc:
    """The key, when it is enabled."""
    found = key(call, wanted)
    if found["state"] == "Disabled":
        raise AwsError("DisabledException", f"{arn(call, found)} is disabled.")
    if found["state"] == "PendingDeletion":
        raise AwsError("KMSInvalidStateException", f"{arn(call, found)} is pending deletion.")
    return found


def arn(call: Call, found: Doc) -> str:
    """A key's ARN."""
    return call.arn("kms", f"key/{found['id']}")


def metadata(call: Call, found: Doc) -> dict[str, Any]:
    """KeyMetadata."""
    signing = found["usage"] == "SIGN_VERIFY"
    return {
        "AWSAccountId": call.account,
        "KeyId": found["id"],
        "Arn": arn(call, found),
        "CreationDate": found["createdAt"],
        "Enabled": found["state"] == "Enabled",
        "Description": found["description"],
        "KeyUsage": found["usage"],
        "KeyState": found["state"],
        "DeletionDate": found.get("deletedAt"),
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "CustomerMasterKeySpec": found["spec"],
        "KeySpec": found["spec"],
        "SigningAlgorithms": SIGNING[found["spec"]] if signing else None,
        "EncryptionAlgorithms": None if signing else ["SYMMETRIC_DEFAULT"],
        "MultiRegion": False,
    }


def _here(call: Call, wanted: str) -> str:
    if not wanted.startswith("arn:"):
        return wanted
    parts = wanted.split(":", 5)
    if len(parts) < 6 or parts[2] != "kms":
        raise AwsError("InvalidArnException", f"Invalid arn {wanted}")
    if (parts[3], parts[4]) != (call.region, call.account):
        raise AwsError("NotFoundException", f"Invalid arn {parts[3]}")
    return parts[5]
