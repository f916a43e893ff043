"""KMS: keys, aliases, and signatures that openssl takes for what they are."""

from __future__ import annotations

import hashlib
import shutil
import subprocess

import pytest

from sandbox.checks import all_pages, refused

ECC = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}
SPECS = [
    ("ECC_NIST_P256", "ECDSA_SHA_256", "sha256"),
    ("ECC_NIST_P384", "ECDSA_SHA_384", "sha384"),
    ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256", "sha256"),
]


def make(kms, **more):
    return kms.create_key(**{**ECC, **more})["KeyMetadata"]["KeyId"]


def openssl_verifies(tmp_path, public, signature, message, hash_name):
    (tmp_path / "key.der").write_bytes(public)
    (tmp_path / "signature").write_bytes(signature)
    (tmp_path / "message").write_bytes(message)
    key = ["-verify", tmp_path / "key.der", "-keyform", "DER"]
    line = ["openssl", "dgst", f"-{hash_name}", *key, "-signature", tmp_path / "signature", tmp_path / "message"]
    return subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip() == "Verified OK"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on PATH")
@pytest.mark.parametrize(("spec", "algorithm", "hash_name"), SPECS)
def test_openssl_verifies_what_is_signed(client, tmp_path, spec, algorithm, hash_name):
    kms = client("kms")
    key = make(kms, KeySpec=spec)
    message = b"the head of the branch"
    public = kms.get_public_key(KeyId=key)
    assert public["SigningAlgorithms"][0] == algorithm
    for body, kind in ((message, "RAW"), (hashlib.new(hash_name, message).digest(), "DIGEST")):
        signed = kms.sign(KeyId=key, Message=body, MessageType=kind, SigningAlgorithm=algorithm)
        assert openssl_verifies(tmp_path, public["PublicKey"], signed["Signature"], message, hash_name)
        assert not openssl_verifies(tmp_path, public["PublicKey"], signed["Signature"], message + b"!", hash_name)
        kms.verify(KeyId=key, Message=message, Signature=signed["Signature"], SigningAlgorithm=algorithm)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on PATH")
def test_the_curves_multiples_are_those_of_openssl(client, tmp_path):
    """A key of openssl's: its public point is what our arithmetic makes of its private number."""
    from releaser.sandbox import elliptic

    for spec, name in (("ECC_NIST_P256", "prime256v1"), ("ECC_NIST_P384", "secp384r1")):
        path = tmp_path / "key.pem"
        subprocess.run(["openssl", "ecparam", "-name", name, "-genkey", "-noout", "-out", path], check=True)
        text = subprocess.run(["openssl", "ec", "-in", path, "-outform", "DER"], capture_output=True, check=True).stdout
        public = subprocess.run(
            ["openssl", "ec", "-in", path, "-pubout", "-outform", "DER"], capture_output=True, check=True
        ).stdout
        curve = elliptic.CURVES[spec]
        at = text.index(b"\x04" + bytes([curve.size])) + 2
        assert elliptic.public_key(curve, int.from_bytes(text[at : at + curve.size], "big")) == public


@pytest.mark.parametrize("broken", ["message", "signature", "cut", "key"])
def test_what_was_not_signed_is_not_verified(client, broken):
    kms = client("kms")
    key, message = make(kms), b"x"
    signature = kms.sign(KeyId=key, Message=message, SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    if broken == "message":
        message = b"y"
    elif broken == "signature":
        signature = signature[:-1] + bytes([signature[-1] ^ 1])
    elif broken == "cut":
        signature = signature[:-1]
    else:
        key = make(kms)
    with refused("KMSInvalidSignatureException", 400):
        kms.verify(KeyId=key, Message=message, Signature=signature, SigningAlgorithm="ECDSA_SHA_256")


def test_keys_and_aliases_by_all_their_names(client, account):
    kms = client("kms")
    made = kms.create_key(**ECC, Description="d", Tags=[{"TagKey": "owner", "TagValue": "a"}])["KeyMetadata"]
    key, arn = made["KeyId"], made["Arn"]
    assert arn == f"arn:aws:kms:eu-central-1:{account}:key/{key}"
    assert (made["KeyState"], made["SigningAlgorithms"], made["Description"]) == ("Enabled", ["ECDSA_SHA_256"], "d")
    kms.create_alias(AliasName="alias/anchor", TargetKeyId=key)
    for name in (key, arn, "alias/anchor", f"arn:aws:kms:eu-central-1:{account}:alias/anchor"):
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == key
        assert kms.sign(KeyId=name, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")["KeyId"] == arn
    with refused("AlreadyExistsException", 400):
        kms.create_alias(AliasName="alias/anchor", TargetKeyId=key)
    other = make(kms)
    kms.update_alias(AliasName="alias/anchor", TargetKeyId=other)
    assert kms.describe_key(KeyId="alias/anchor")["KeyMetadata"]["KeyId"] == other
    assert kms.list_aliases(KeyId=key)["Aliases"] == []
    assert kms.list_aliases(KeyId=other)["Aliases"][0]["AliasName"] == "alias/anchor"
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "owner", "TagValue": "a"}]
    kms.delete_alias(AliasName="alias/anchor")
    for wrong in ("alias/anchor", "no-such-key"):
        with refused("NotFoundException", 400):
            kms.describe_key(KeyId=wrong)
    for wrong in ("anchor", "alias/aws/mine"):
        with pytest.raises(Exception, match=r"ValidationException|NotAuthorizedException"):
            kms.create_alias(AliasName=wrong, TargetKeyId=key)


def test_aliases_come_in_pages(client):
    kms = client("kms")
    key = make(kms)
    names = [f"alias/a{number}" for number in range(7)]
    for name in names:
        kms.create_alias(AliasName=name, TargetKeyId=key)
    found = all_pages(
        lambda **more: {"NextMarker": None, **kms.list_aliases(**more)}, "Aliases", "NextMarker", "Limit", 7
    )
    assert [row["AliasName"] for row in found] == names
    first = kms.list_aliases(Limit=3)
    assert first["Truncated"] and len(first["Aliases"]) == 3
    rest = kms.list_aliases(Limit=100, Marker=first["NextMarker"])
    assert [row["AliasName"] for row in rest["Aliases"]] == names[3:] and not rest["Truncated"]
    with refused("InvalidMarkerException", 400):
        kms.list_aliases(Marker="bm90LW91cnM")


def test_a_key_that_is_disabled_or_going_signs_nothing(slow, paced):
    kms = slow("kms")
    key = make(kms)
    signing = {"KeyId": key, "Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}
    kms.disable_key(KeyId=key)
    with refused("DisabledException", 400):
        kms.sign(**signing)
    kms.enable_key(KeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    for call in (lambda: kms.sign(**signing), lambda: kms.enable_key(KeyId=key)):
        with refused("KMSInvalidStateException", 400):
            call()
    kms.cancel_key_deletion(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"


def test_what_a_key_is_not_for(client):
    kms = client("kms")
    symmetric = kms.create_key()["KeyMetadata"]
    assert (symmetric["KeyUsage"], symmetric["KeySpec"]) == ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT")
    with refused("InvalidKeyUsageException", 400):
        kms.sign(KeyId=symmetric["KeyId"], Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    with refused("UnsupportedOperationException", 400):
        kms.get_public_key(KeyId=symmetric["KeyId"])
    key = make(kms)
    with refused("ValidationException", 400, "incompatible"):
        kms.sign(KeyId=key, Message=b"x", SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256")
    with refused("ValidationException", 400, "invalid length"):
        kms.sign(KeyId=key, Message=b"x", MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256")
    with refused("ValidationException", 400, "4096"):
        kms.sign(KeyId=key, Message=b"x" * 4097, SigningAlgorithm="ECDSA_SHA_256")
    with refused("ValidationException", 400, "KeyUsage"):
        kms.create_key(KeySpec="ECC_NIST_P256")
    with refused("NotInTheSandbox", 501):
        make(kms, KeySpec="ECC_NIST_P521")
