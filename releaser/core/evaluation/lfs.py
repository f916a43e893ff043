"""Pointers of Git LFS: what a commit holds in the place of a large file."""

from __future__ import annotations

import re
from typing import NamedTuple

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,15})\n?"
)


class Pointer(NamedTuple):
    """``sha256`` and size of the file that it stands for."""

    sha256: str
    size: int


def pointer_of(content: bytes) -> Pointer | None:
    """The pointer that a file's bytes are; None for any other file."""
    found = _POINTER.fullmatch(content) if len(content) < 1024 else None
    return Pointer(found[1].decode(), int(found[2])) if found else None
