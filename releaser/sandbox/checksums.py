"""Checksums of objects: verified where the standard library can compute them, kept as given where it cannot."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from releaser.sandbox.errors import AwsError


def _crc32(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "big")


_COMPUTED: dict[str, Callable[[bytes], bytes]] = {
    "ChecksumCRC32": _crc32,
    "ChecksumSHA1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "ChecksumSHA256": lambda data: hashlib.sha256(data).digest(),
    "ChecksumSHA512": lambda data: hashlib.sha512(data).digest(),
    "ContentMD5": lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
}
NAMES = frozenset({*_COMPUTED, "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumAlgorithm"})


def verify(params: Mapping[str, Any], data: bytes) -> dict[str, str]:
    """The checksums given (to be kept), or BadDigest when one does not fit the data."""
    for name, compute in _COMPUTED.items():
        if name in params and base64.b64encode(compute(data)).decode() != params[name]:
            what = name.removeprefix("Checksum").removeprefix("Content-")
            raise AwsError("BadDigest", f"The {what} you specified did not match the calculated checksum.", 400)
    return {name: params[name] for name in sorted(NAMES - {"ChecksumAlgorithm", "ContentMD5"}) if name in params}
