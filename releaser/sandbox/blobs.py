"""Bytes of objects, as files named by their SHA-256. They are never changed, and shared by equal objects.

A file is complete before it has its name, so what the store refers to is there after a ``kill -9``. Files that nothing
refers to any more stay until everything is forgotten.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path


class Blobs:
    """A folder of immutable files; made when the first one is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keeps ``data``; its name."""
        name = hashlib.sha256(data).hexdigest()
        path = self._path(name)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(f".{os.getpid()}")
            temporary.write_bytes(data)
            temporary.replace(path)
        return name

    def get(self, name: str) -> bytes:
        """The bytes of that name."""
        return self._path(name).read_bytes()

    def wipe(self) -> None:
        """Forgets everything."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name
