"""KMS Sign, Verify and GetPublicKey, with real keys: what is signed here is verified by any other tool.

Sources: KMS's service model: RAW messages of up to 4,096 bytes are hashed by KMS, a DIGEST must have its algorithm's
length; ECDSA signatures and public keys are DER. PSS and the other curves are not played.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from releaser.sandbox import elliptic, kms, rsa
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, not_in_the_sandbox, validation
from releaser.sandbox.kind import Kind
from releaser.sandbox.store import Doc

_LONGEST = 4096
_PLAYED = ("KeyId", "Message", "MessageType", "SigningAlgorithm", "Signature", "GrantTokens")

KIND = Kind("kms-signing", rates={"kms.Sign": Rate(300), "kms.Verify": Rate(300), "kms.GetPublicKey": Rate(2000)})


@KIND.operation("kms", "Sign")
def sign(call: Call) -> dict[str, Any]:
    """The signature of a message or of its digest."""
    found, hash_name, digest = _asked(call)
    if found["spec"] in elliptic.CURVES:
        made = elliptic.sign(elliptic.CURVES[found["spec"]], int(found["material"], 16), digest)
    else:
        made = rsa.sign(found["material"], hash_name, digest)
    return {"KeyId": kms.arn(call, found), "Signature": made, "SigningAlgorithm": call.params["SigningAlgorithm"]}


@KIND.operation("kms", "Verify")
def verify(call: Call) -> dict[str, Any]:
    """True, or an exception."""
    found, hash_name, digest = _asked(call)
    given = _blob(call, "Signature")
    if found["spec"] in elliptic.CURVES:
        right = elliptic.verify(elliptic.CURVES[found["spec"]], int(found["material"], 16), digest, given)
    else:
        right = rsa.verify(found["material"], hash_name, digest, given)
    if not right:
        raise AwsError("KMSInvalidSignatureException", "")
    return {"KeyId": kms.arn(call, found), "SignatureValid": True, "SigningAlgorithm": call.params["SigningAlgorithm"]}


@KIND.operation("kms", "GetPublicKey")
def get_public_key(call: Call) -> dict[str, Any]:
    """The public key, DER-encoded."""
    found = kms.usable(call, call.params["KeyId"])
    if found["usage"] != "SIGN_VERIFY":
        raise AwsError("UnsupportedOperationException", f"{kms.arn(call, found)} is not an asymmetric key")
    spec = found["spec"]
    if spec in elliptic.CURVES:
        public = elliptic.public_key(elliptic.CURVES[spec], int(found["material"], 16))
    else:
        public = rsa.public_key(found["material"])
    about = {"KeySpec": spec, "CustomerMasterKeySpec": spec, "KeyUsage": found["usage"]}
    return {"KeyId": kms.arn(call, found), "PublicKey": public, **about, "SigningAlgorithms": kms.SIGNING[spec]}


def _asked(call: Call) -> tuple[Doc, str, bytes]:
    """The key, the name of the hash, and the digest of what is meant."""
    for name in call.params:
        if name not in _PLAYED:
            raise not_in_the_sandbox(f"{call.operation.key} with {name}", "json")
    found, algorithm = kms.usable(call, call.params["KeyId"]), call.params["SigningAlgorithm"]
    if found["usage"] != "SIGN_VERIFY":
        text = f"{kms.arn(call, found)} key usage is {found['usage']} which is not valid for {call.operation.name}."
        raise AwsError("InvalidKeyUsageException", text)
    if algorithm not in kms.SIGNING[found["spec"]]:
        if algorithm.startswith("RSASSA_PSS") and found["spec"].startswith("RSA"):
            raise not_in_the_sandbox(f"{call.operation.key} with {algorithm}", "json")
        raise validation(f"Algorithm {algorithm} and key spec {found['spec']} are incompatible.")
    hash_name = "sha" + algorithm.rpartition("_")[2]
    message = _blob(call, "Message")
    match call.params.get("MessageType", "RAW"):
        case "DIGEST":
            if len(message) != hashlib.new(hash_name).digest_size:
                raise validation(f"Digest is invalid length for algorithm {algorithm}.")
            return found, hash_name, message
        case "RAW":
            if not 1 <= len(message) <= _LONGEST:
                raise validation(f"Value at 'message' failed to satisfy constraint: 1 to {_LONGEST} bytes")
            return found, hash_name, hashlib.new(hash_name, message).digest()
        case other:
            raise validation(f"The message type {other} is not valid for {algorithm}.")


def _blob(call: Call, member: str) -> bytes:
    """JSON carries blobs as base64."""
    try:
        return base64.b64decode(call.params[member], validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise AwsError("SerializationException", f"{member} is not base64", 400) from error
