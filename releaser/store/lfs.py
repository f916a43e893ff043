"""Files of Git LFS that this clone has."""

from __future__ import annotations

from pathlib import Path


def lfs_object(git_dir: Path, sha256: str) -> bytes | None:
    """The bytes of one object; None when it was not fetched. Not verified."""
    common = git_dir / "commondir"
    home = (git_dir / common.read_text().strip()).resolve() if common.is_file() else git_dir
    path = home / "lfs" / "objects" / sha256[:2] / sha256[2:4] / sha256
    return path.read_bytes() if path.is_file() else None
