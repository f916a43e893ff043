"""Records that wait for the git server: whole, on this machine's disk, in the order in which they were made.

``.git/releaser/queue/0001/`` holds one record as it will stand on the branch: ``opened.json`` before the first write
to AWS, ``notes.md`` and ``closed.json`` after the last, and in ``planted`` the ids under which it was handed in. Every
file appears whole or not at all, and survives a power cut. What is unfinished is never handed in: whoever finishes it
continues it here, under the same id.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from releaser.core.entry import RecordUnreadable, decode
from releaser.core.proof.files import ENTRY_FILE, NOTES_FILE
from releaser.core.record import Opened
from releaser.core.replant import closing_of

_FOLDER = re.compile(r"[0-9]{4,9}")
_PLANTED = "planted"
_MOST = 64 << 20
"""Bytes of one file: what is larger was not written by us."""


@dataclass(frozen=True, slots=True)
class Queued:
    """One record that waits. ``files``: as on the branch, by name."""

    folder: Path
    opened: Opened
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def is_finished(self) -> bool:
        return "closed.json" in self.files

    @property
    def place(self) -> tuple[str, str]:
        """Environment and use case."""
        return self.opened.environment, self.opened.use_case


class Queue:
    """The records of one repository that wait. One per clone: its work trees share it."""

    def __init__(self, git_dir: Path) -> None:
        self.folder = git_dir / "releaser" / "queue"

    def waiting(self) -> list[Queued]:
        """Everything that waits, oldest first. Raises RecordUnreadable for what is no record."""
        if not self.folder.is_dir():
            return []
        return [q for path in self._folders() if (q := _still_there(path)) is not None]

    def of(self, environment: str, use_case: str) -> list[Queued]:
        """What waits of one sequence."""
        return [q for q in self.waiting() if q.place == (environment, use_case)]

    def unfinished(self, environment: str, use_case: str) -> Queued | None:
        """The record of a run that was cut off."""
        return next((q for q in self.of(environment, use_case) if not q.is_finished), None)

    def begin(self, files: Mapping[str, bytes]) -> Path:
        """A new record, from ``opened.json`` on; on disk when this returns."""
        numbers = [int(path.name) for path in self._folders()] if self.folder.is_dir() else []
        folder = self.folder / f"{max(numbers, default=0) + 1:04d}"
        folder.mkdir(parents=True)
        self.add(folder, files)
        for place in (self.folder, self.folder.parent):
            _sync(place)
        return folder

    def add(self, folder: Path, files: Mapping[str, bytes]) -> None:
        """More files of a record. ``closed.json`` comes last: with it the record is finished."""
        for name in sorted(files, key=lambda n: n == "closed.json"):
            _write(folder / name, files[name])
        _sync(folder)

    def planted(self, queued: Queued) -> frozenset[str]:
        """Ids under which it may stand on the branch already: a push whose answer was lost."""
        try:
            return frozenset((queued.folder / _PLANTED).read_text(encoding="ascii", errors="replace").split())
        except FileNotFoundError:
            return frozenset()

    def plant(self, queued: Queued, id_: str) -> None:
        """Note an id before it is pushed."""
        ids = sorted(self.planted(queued) | {id_})
        _write(queued.folder / _PLANTED, "".join(f"{i}\n" for i in ids).encode())
        _sync(queued.folder)

    def drop(self, queued: Queued) -> None:
        """It stands on the branch: nothing waits any more."""
        gone = queued.folder.with_name(f"gone-{queued.folder.name}")
        queued.folder.rename(gone)  # at once: half a folder would be read as an unfinished record
        shutil.rmtree(gone, ignore_errors=True)
        _sync(self.folder)

    def _folders(self) -> list[Path]:
        return sorted((p for p in self.folder.iterdir() if _FOLDER.fullmatch(p.name)), key=lambda p: int(p.name))


def _still_there(folder: Path) -> Queued | None:
    """As ``_read``; None too for one that another command has handed in meanwhile."""
    try:
        return _read(folder)
    except (FileNotFoundError, RecordUnreadable):
        if folder.exists():
            raise
        return None


def _read(folder: Path) -> Queued | None:
    """A record; None for a folder that was made and holds nothing yet: nothing was written to AWS under it."""
    files = {
        p.name: _bytes(p) for p in sorted(folder.iterdir()) if p.name == NOTES_FILE or ENTRY_FILE.fullmatch(p.name)
    }
    if "opened.json" not in files:
        return None
    opened = decode(files["opened.json"], f"{folder}/opened.json")
    if not isinstance(opened, Opened):
        raise _unreadable(folder, "its first entry is not `opened`")
    closing_of(files, str(folder))
    return Queued(folder, opened, files)


def _bytes(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST:
        raise _unreadable(path, "it is no plain file of ours")
    return path.read_bytes()


def _unreadable(path: Path, why: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"{path}: {why}",
        code="G-record-unreadable",
        hint="a record that waits for the git server was changed by hand: keep a copy of the folder, then move it away",
    )


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def listed(waiting: list[Queued]) -> str:
    """``r11 of claims-assistant in prod, ...``, for messages."""
    return ", ".join(f"{q.opened.release} of {q.opened.use_case} in {q.opened.environment}" for q in waiting)


__all__ = ["Queue", "Queued", "listed"]
