"""A folder of pages, written whole or not at all: made beside its place, then put there in one move.

What is in the place already is replaced only when every file of it is one that an earlier run wrote there.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from releaser.core.errors import Refused, ReleaserError

MARK = ".releaser-site.json"
FORMAT = "releaser.site/v1"


@contextmanager
def pages(place: Path) -> Iterator[Path]:
    """A folder to write pages into; it becomes ``place`` when the block ends well, and vanishes when it does not.

    Raises Refused for a folder that holds what is not ours, and ReleaserError where it cannot be written.
    """
    target = place.absolute()
    refuse_others(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent))
    except OSError as error:
        raise _failed(target, error) from None
    try:
        yield made
        _mark(made)
        made.chmod(0o755)
        _put(made, target)
    except OSError as error:
        raise _failed(target, error) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


def refuse_others(place: Path) -> None:
    """Raises Refused unless the place is free, an empty folder, or a folder of nothing but pages of ours."""
    if not place.exists() and not place.is_symlink():
        return
    if place.is_symlink() or not place.is_dir():
        raise _refused(place, "it is no folder")
    there = set(_files(place))
    if not there and not any(place.iterdir()):
        return
    foreign = sorted(there - _ours(place))
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise _refused(place, f"it holds {foreign[0]}{more}, which no earlier run wrote there")


def _refused(place: Path, why: str) -> Refused:
    return Refused(
        f"{place} is not replaced: {why}", code="P352", hint="choose another folder with --out, or move that away"
    )


def _failed(place: Path, error: OSError) -> ReleaserError:
    return ReleaserError(
        f"{place}: {error.strerror or error}",
        code="R001",
        hint="free the disk or choose another place; nothing changed",
    )


def _files(folder: Path) -> Iterator[str]:
    """Every file and link below; links are not followed."""
    for path, folders, files in os.walk(folder):
        for name in (*files, *(f for f in folders if Path(path, f).is_symlink())):
            yield Path(path, name).relative_to(folder).as_posix()


def _ours(place: Path) -> set[str]:
    try:
        found = json.loads((place / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return set()
    known = found.get("files") if isinstance(found, dict) and found.get("format") == FORMAT else None
    return {MARK, *map(str, known)} if isinstance(known, list) else set()


def _mark(folder: Path) -> None:
    text = json.dumps({"format": FORMAT, "files": sorted(_files(folder))}, indent=0, ensure_ascii=False)
    (folder / MARK).write_text(text + "\n", encoding="utf-8")


def _put(made: Path, target: Path) -> None:
    """In one move where nothing is; else the old one goes aside first, and comes back when the move fails."""
    if not target.exists():
        made.rename(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".old", dir=target.parent)) / "site"
    try:
        target.rename(aside)
        try:
            made.rename(target)
        except OSError:
            aside.rename(target)
            raise
    finally:
        shutil.rmtree(aside.parent, ignore_errors=True)
