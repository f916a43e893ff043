"""Files of the repository that are generated: compared, and written where they are stale."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def stale(root: Path, wanted: Mapping[str, str]) -> list[str]:
    """Paths whose file differs from what is wanted, or is not there."""
    return [path for path, text in wanted.items() if _read(root / path) != text]


def write(root: Path, wanted: Mapping[str, str]) -> list[str]:
    """Writes what is stale; gives the paths that were written."""
    written = stale(root, wanted)
    for path in written:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(wanted[path], encoding="utf-8")
    return written


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
