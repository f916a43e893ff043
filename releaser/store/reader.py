"""Where files come from: the working tree here, a git tree elsewhere; both through one small port."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

MAX_FILE = 64 << 20
"""Bytes of the largest included file that is read."""


class TooLarge(Exception):
    """The file is larger than what is read."""


class Outside(Exception):
    """The path is, or goes through, a symbolic link: a commit holds where it leads, not what is there."""


class Reader(Protocol):
    """Read-only files under one root. Paths are relative, with ``/``.

    ``read`` gives None for what is not a regular file; raises TooLarge, Outside.
    ``list`` gives every file below a prefix, sorted; a prefix that is not there gives none.
    """

    def read(self, path: str) -> bytes | None: ...

    def list(self, prefix: str) -> tuple[str, ...]: ...


class DiskReader:
    """The working tree."""

    def __init__(self, root: Path | str) -> None:
        self.root = str(root)
        self._real = os.path.realpath(self.root)
        self._plain: set[str] = set()

    def read(self, path: str) -> bytes | None:
        try:
            descriptor = self._open(path)
        except (OSError, ValueError):
            return None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return None
            if status.st_size > MAX_FILE:
                raise TooLarge(path)
            content = os.read(descriptor, status.st_size + 1)
            while more := os.read(descriptor, 1 << 16):
                content += more
                if len(content) > MAX_FILE:
                    raise TooLarge(path)
            return content
        finally:
            os.close(descriptor)

    def _open(self, path: str) -> int:
        """Opens without following links. Never waits on a pipe."""
        folder = path.rpartition("/")[0]
        if folder not in self._plain:
            if os.path.realpath(f"{self._real}/{folder}") != os.path.normpath(f"{self._real}/{folder}"):
                raise Outside(path)
            self._plain.add(folder)
        try:
            return os.open(f"{self._real}/{path}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EMLINK):
                raise Outside(path) from None
            raise

    def list(self, prefix: str) -> tuple[str, ...]:
        found: list[str] = []
        base = f"{self.root}/{prefix}" if prefix else self.root
        for folder, folders, files in os.walk(base):
            folders.sort()
            relative = os.path.relpath(folder, self.root)
            found += [f"{relative}/{name}" if relative != "." else name for name in files]
        return tuple(sorted(found))


class MemoryReader:
    """Files held in memory, for tests and for what git gave."""

    def __init__(self, files: Mapping[str, bytes | str]) -> None:
        self.files = {k: v.encode() if isinstance(v, str) else v for k, v in files.items()}

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def list(self, prefix: str) -> tuple[str, ...]:
        below = prefix.rstrip("/") + "/" if prefix else ""
        return tuple(sorted(path for path in self.files if path.startswith(below)))
