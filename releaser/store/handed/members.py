"""The members of a bundle, from a zip file or an unpacked folder; hostile ones are refused before they are read."""

from __future__ import annotations

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

MAX_MEMBER = 256 << 20
"""Bytes of the largest member that is read."""
MAX_BUNDLE = 8 << 30
"""Bytes of all members together."""
MAX_MEMBERS = 2_000_000
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\\]")


class Refused(Exception):
    """The bundle is not read: what it holds could harm, or is no bundle."""


def unsafe(name: str) -> str:
    """Why a member of this name is refused; empty when it is not."""
    if len(name) > 1000:
        return "its name is too long"
    parts = name.split("/")
    if _UNSEEN.search(name) or ":" in parts[0] or not {"", ".", ".."}.isdisjoint(parts):
        return "its name is not a plain relative path"
    return ""


class Zipped(Mapping[str, bytes]):
    """A bundle as it was handed over. Members are read when they are asked for; what cannot be read is empty, and
    is named in ``damaged``. Raises Refused."""

    def __init__(self, path: Path) -> None:
        self.damaged: dict[str, str] = {}
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
            raise Refused(f"{path}: not a zip file that can be read: {error}") from None
        self._rows: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            why = unsafe(info.filename) or self._unfit(info)
            if why:
                raise Refused(f"{path}: {info.filename[:200]!r}: {why}")
            self._rows[info.filename] = info
        if len(self._rows) > MAX_MEMBERS or sum(i.file_size for i in self._rows.values()) > MAX_BUNDLE:
            raise Refused(f"{path}: it is far too large for a bundle")

    def _unfit(self, info: zipfile.ZipInfo) -> str:
        form = stat.S_IFMT(info.external_attr >> 16)
        if info.filename in self._rows:
            return "it is there twice"
        if info.file_size > MAX_MEMBER:
            return f"it has {info.file_size:,} bytes"
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return "it is encrypted, or packed in a way that no bundle is"
        return "it is no plain file" if form not in (0, stat.S_IFREG) else ""

    def __getitem__(self, name: str) -> bytes:
        info = self._rows[name]
        try:
            return self._zip.read(info)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
            self.damaged[name] = str(error)
            return b""

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class Unpacked(Mapping[str, bytes]):
    """A bundle that somebody unpacked. Links are not followed. Raises Refused."""

    def __init__(self, folder: Path) -> None:
        self.damaged: dict[str, str] = {}
        self._rows: dict[str, Path] = {}
        for top, folders, files in os.walk(folder):
            folders.sort()
            for name in sorted(files) + [f for f in folders if Path(top, f).is_symlink()]:
                path = Path(top, name)
                member = path.relative_to(folder).as_posix()
                why = unsafe(member) or ("" if stat.S_ISREG(path.lstat().st_mode) else "it is no plain file")
                if not why and path.lstat().st_size > MAX_MEMBER:
                    why = "it is too large"
                if why:
                    raise Refused(f"{member[:200]!r}: {why}")
                self._rows[member] = path

    def __getitem__(self, name: str) -> bytes:
        path = self._rows[name]
        try:
            return path.read_bytes()
        except OSError as error:
            self.damaged[name] = str(error)
            return b""

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def opened(path: Path) -> Zipped | Unpacked:
    """The bundle at a path. Raises Refused."""
    if path.is_dir():
        return Unpacked(path)
    return Zipped(path)
