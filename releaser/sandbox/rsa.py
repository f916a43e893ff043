"""RSA keys and RSASSA-PKCS1-v1_5 signatures (RFC 8017), for a sandbox: correct, not fast, not in constant time."""

from __future__ import annotations

import secrets
from math import gcd, prod
from typing import Any

from releaser.sandbox import der

EXPONENT = 65537
_SMALL = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]
_SMALL_PRODUCT = prod(_SMALL)


def new_key(size: int) -> dict[str, str]:
    """Modulus and private exponent, as hexadecimal text."""
    while True:
        one, two = _prime(size // 2), _prime(size // 2)
        order = (one - 1) * (two - 1)
        if one != two and gcd(EXPONENT, order) == 1:
            return {"n": f"{one * two:x}", "d": f"{pow(EXPONENT, -1, order):x}"}


def public_key(key: Any) -> bytes:
    """The public key as a SubjectPublicKeyInfo."""
    inner = der.sequence(der.integer(int(key["n"], 16)), der.integer(EXPONENT))
    return der.sequence(der.sequence(der.oid("rsaEncryption"), der.NULL), der.bits(inner))


def sign(key: Any, hash_name: str, digest: bytes) -> bytes:
    """The signature of a digest."""
    modulus = int(key["n"], 16)
    size = (modulus.bit_length() + 7) // 8
    number = int.from_bytes(_padded(hash_name, digest, size), "big")
    return pow(number, int(key["d"], 16), modulus).to_bytes(size, "big")


def verify(key: Any, hash_name: str, digest: bytes, signature: bytes) -> bool:
    """Whether the signature is one of this key over the digest: there is exactly one."""
    return secrets.compare_digest(sign(key, hash_name, digest), signature)


def verify_public(modulus: int, exponent: int, hash_name: str, digest: bytes, signature: bytes) -> bool:
    """The same by the public key alone: what the signature holds must be the padded digest to the last bit."""
    size, number = (modulus.bit_length() + 7) // 8, int.from_bytes(signature, "big")
    if len(signature) != size or number >= modulus:
        return False
    return pow(number, exponent, modulus).to_bytes(size, "big") == _padded(hash_name, digest, size)


def _padded(hash_name: str, digest: bytes, size: int) -> bytes:
    info = der.sequence(der.sequence(der.oid(hash_name), der.NULL), der.octets(digest))
    return b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info


def _prime(size: int) -> int:
    while True:
        found = secrets.randbits(size) | 3 << (size - 2) | 1
        if gcd(found, _SMALL_PRODUCT) == 1 and _is_prime(found):
            return found


def _is_prime(number: int) -> bool:
    """Miller and Rabin's test, ten times."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(10):
        value = pow(2 + secrets.randbelow(number - 3), odd, number)
        if value in (1, number - 1):
            continue
        for _ in range(twos - 1):
            value = value * value % number
            if value == number - 1:
                break
        else:
            return False
    return True
