"""ECDSA over the NIST curves P-256 and P-384 (FIPS 186-5), for a sandbox: correct, not fast, not in constant time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from releaser.sandbox import der

Point = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Curve:
    """y² = x³ - 3x + b over the integers modulo p, with a base point of order n."""

    spec: str
    size: int
    p: int
    b: int
    n: int
    base: tuple[int, int]


CURVES = {
    "ECC_NIST_P256": Curve(
        "ECC_NIST_P256",
        32,
        0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        (
            0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
            0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        ),
    ),
    "ECC_NIST_P384": Curve(
        "ECC_NIST_P384",
        48,
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        (
            0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
            0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
        ),
    ),
}


def new_key(curve: Curve) -> int:
    """A private key."""
    return 1 + secrets.randbelow(curve.n - 1)


def public_key(curve: Curve, private: int) -> bytes:
    """The public key as a SubjectPublicKeyInfo."""
    point = _multiply(curve, private, curve.base)
    assert point is not None
    raw = b"\x04" + b"".join(part.to_bytes(curve.size, "big") for part in point)
    return der.sequence(der.sequence(der.oid("ecPublicKey"), der.oid(curve.spec)), der.bits(raw))


def sign(curve: Curve, private: int, digest: bytes) -> bytes:
    """An ECDSA signature, as a SEQUENCE of r and s."""
    number = _number(curve, digest)
    while True:
        nonce = 1 + secrets.randbelow(curve.n - 1)
        point = _multiply(curve, nonce, curve.base)
        r = point[0] % curve.n if point else 0
        s = pow(nonce, -1, curve.n) * (number + r * private) % curve.n
        if r and s:
            return der.sequence(der.integer(r), der.integer(s))


def verify(curve: Curve, private: int, digest: bytes, signature: bytes) -> bool:
    """Whether the signature is one of this key over the digest."""
    found = der.two_integers(signature)
    if found is None or not all(0 < part < curve.n for part in found):
        return False
    r, s = found
    inverse = pow(s, -1, curve.n)
    # With the private key at hand the sum of two points is a multiple of one.
    multiple = inverse * (_number(curve, digest) + r * private) % curve.n
    point = _multiply(curve, multiple, curve.base)
    return point is not None and point[0] % curve.n == r


def _number(curve: Curve, digest: bytes) -> int:
    surplus = max(len(digest) * 8 - curve.n.bit_length(), 0)
    return int.from_bytes(digest, "big") >> surplus


def _multiply(curve: Curve, times: int, point: Point) -> Point:
    found: Point = None
    while times:
        if times & 1:
            found = _add(curve, found, point)
        point = _add(curve, point, point)
        times >>= 1
    return found


def _add(curve: Curve, one: Point, two: Point) -> Point:
    if one is None or two is None:
        return one or two
    if one[0] == two[0] and (one[1] + two[1]) % curve.p == 0:
        return None
    if one == two:
        slope = (3 * one[0] * one[0] - 3) * pow(2 * one[1], -1, curve.p) % curve.p
    else:
        slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, curve.p) % curve.p
    x = (slope * slope - one[0] - two[0]) % curve.p
    return x, (slope * (one[0] - x) - one[1]) % curve.p
