"""As much DER (X.690) as public keys and signatures need."""

from __future__ import annotations

_OIDS = {
    "ecPublicKey": "06072a8648ce3d0201",
    "ECC_NIST_P256": "06082a8648ce3d030107",
    "ECC_NIST_P384": "06052b81040022",
    "rsaEncryption": "06092a864886f70d010101",
    "sha256": "0609608648016503040201",
    "sha384": "0609608648016503040202",
    "sha512": "0609608648016503040203",
}
NULL = b"\x05\x00"


def oid(name: str) -> bytes:
    """An object identifier by its name here."""
    return bytes.fromhex(_OIDS[name])


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of what is given."""
    return _tagged(0x30, b"".join(parts))


def integer(value: int) -> bytes:
    """A non-negative INTEGER."""
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def bits(data: bytes) -> bytes:
    """A BIT STRING of whole bytes."""
    return _tagged(0x03, b"\x00" + data)


def octets(data: bytes) -> bytes:
    """An OCTET STRING."""
    return _tagged(0x04, data)


def two_integers(data: bytes) -> tuple[int, int] | None:
    """The integers of a SEQUENCE of two, if it is exactly that."""
    for cut in range(4, len(data)):  # small enough to be tried: what is encoded back must be what was given
        first, second = data[4:cut], data[cut + 2 :]
        one, two = int.from_bytes(first, "big"), int.from_bytes(second, "big")
        if sequence(integer(one), integer(two)) == data:
            return one, two
    return None


def _tagged(tag: int, body: bytes) -> bytes:
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body
