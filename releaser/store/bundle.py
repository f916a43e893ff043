"""Writes a bundle: a zip file with fixed times, order and modes; whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from releaser.core.errors import ReleaserError
from releaser.core.proof.bundle import BUNDLE, LISTING
from releaser.core.proof.files import pretty, sha256
from releaser.store.handed.members import MAX_MEMBER, unsafe

_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file can say."""
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3


def write_bundle(path: Path, members: Iterable[tuple[str, bytes]], withheld: Mapping[str, str], root: str) -> str:
    """The bundle's digest: sha256 of the list of its members, the same however they were packed.

    ``withheld``: member that stays behind -> its sha256, read when all members are written. ``root``: where
    ``manifests/`` stands in the repository. Raises ReleaserError for a member that no bundle can hold, OSError.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as bundle:
            listed: dict[str, dict[str, str | int]] = {}
            for name, raw in members:
                _refuse(name, raw, listed)
                listed[name] = {"sha256": sha256(raw), "size": len(raw)}
                _add(bundle, name, raw)
            listing = pretty({"format": BUNDLE, "members": listed, "withheld": dict(withheld), "root": root})
            _add(bundle, LISTING, listing)
        with fresh.open("rb") as written:
            os.fsync(written.fileno())
        fresh.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
    return sha256(listing)


def _add(bundle: zipfile.ZipFile, name: str, raw: bytes) -> None:
    info = zipfile.ZipInfo(name, _TIME)
    info.external_attr = _PLAIN_FILE
    info.create_system = _UNIX
    info.compress_type = zipfile.ZIP_DEFLATED
    bundle.writestr(info, raw)


def _refuse(name: str, raw: bytes, listed: Mapping[str, object]) -> None:
    why = unsafe(name) or ("it is there twice" if name in listed else "")
    if not why and len(raw) > MAX_MEMBER:
        why = f"it has {len(raw):,} bytes"
    if why:
        raise ReleaserError(
            f"{name[:200]!r} cannot become a member of a bundle: {why}",
            code="P345",
            hint="a file that a manifest names has an odd name or is far too large; leave that use case out",
        )
