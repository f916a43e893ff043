"""Where single refs are, read as git's file backend keeps them (gitrepository-layout(5)): without a process.

A loose file wins over ``packed-refs``, and is looked for first: git writes the packed one before it removes the loose.
Only the names that are asked for are read, never what git would guess from a short name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_OID = re.compile(rb"[0-9a-f]{40}")


def read_refs(git_dir: Path, names: Iterable[str]) -> dict[str, str] | None:
    """Full name -> object id of those that exist; None when only git can tell (symbolic, damaged, another backend)."""
    if (git_dir / "reftable").exists():
        return None
    found: dict[str, str] = {}
    absent: list[str] = []
    for name in names:
        if not name.startswith("refs/") or ".." in name:
            return None
        try:
            raw = (git_dir / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            absent.append(name)
            continue
        except OSError:
            return None
        if not _OID.fullmatch(raw.rstrip(b"\n")):
            return None
        found[name] = raw[:40].decode()
    packed = _packed(git_dir) if absent else b""
    if packed is None:
        return None
    for name in absent:
        match = re.search(rb"^([0-9a-f]{40}) " + re.escape(name.encode()) + rb"$", packed, re.MULTILINE)
        if match:
            found[name] = match[1].decode()
    return found


def _packed(git_dir: Path) -> bytes | None:
    try:
        return (git_dir / "packed-refs").read_bytes()
    except FileNotFoundError:
        return b""
    except OSError:
        return None
