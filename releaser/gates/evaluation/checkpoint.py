"""What a run has finished, line by line: a run that was killed goes on where it was."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from releaser.core.evaluation.evidence import Observation
from releaser.core.shape import ShapeError, plain, typed
from releaser.core.values import canonical

FORMAT = "releaser.checkpoint/v1"


@dataclass(frozen=True, slots=True)
class Entry:
    """An observation, and the key of the request that was answered; without the key where there was no request."""

    key: str
    observation: Observation


class Log(Protocol):
    """Where a run notes what it has finished. Safe to use from several threads."""

    def known(self, case: str, repeat: int) -> Entry | None:
        """The last entry of an earlier run."""

    def write(self, entry: Entry) -> None:
        """Returns when it cannot be lost any more."""


class Forgetful:
    """A log that keeps nothing."""

    def known(self, case: str, repeat: int) -> Entry | None:
        return None

    def write(self, entry: Entry) -> None:
        pass


class Checkpoint:
    """A log as a file: JSON lines, only ever added to, on the disk before ``write`` returns.

    ``key``: what the run is of; a file of something else raises ValueError, and so does one that another process
    writes. A line that is torn or unreadable is as if it had not been written.
    """

    def __init__(self, path: Path, key: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            self._known = self._begin(path, key)
        except BaseException:
            os.close(self._file)
            raise
        self._written = self._synced = 0
        self._writing, self._syncing = threading.Lock(), threading.Lock()

    def _begin(self, path: Path, key: str) -> dict[tuple[str, int], Entry]:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ValueError(f"another run writes {path.name}") from None
        raw = path.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        if len(whole) < len(raw):
            os.ftruncate(self._file, len(whole))
        head, *lines = whole.splitlines() or [b""]
        if not head:
            _put(self._file, canonical({"format": FORMAT, "key": key}) + b"\n")
            os.fsync(self._file)
            _sync_folder(path.parent)
            return {}
        said = _json(head)
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            raise ValueError(f"{path.name} is no checkpoint of this version")
        if said.get("key") != key:
            raise ValueError(f"{path.name} is the checkpoint of something else")
        entries = filter(None, map(_entry, lines))
        return {(e.observation.case, e.observation.repeat): e for e in entries}

    def known(self, case: str, repeat: int) -> Entry | None:
        """What the file said when it was opened."""
        return self._known.get((case, repeat))

    def write(self, entry: Entry) -> None:
        """One sync serves all threads that wait for it."""
        line = canonical({"key": entry.key, "observation": plain(entry.observation)}) + b"\n"
        with self._writing:
            _put(self._file, line)
            self._written += 1
            mine = self._written
        with self._syncing:
            if self._synced < mine:
                upto = self._written
                os.fsync(self._file)
                self._synced = upto

    def close(self) -> None:
        """Lets others write it."""
        os.close(self._file)

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _put(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _entry(line: bytes) -> Entry | None:
    data = _json(line)
    if not isinstance(data, dict) or not isinstance(data.get("key"), str):
        return None
    try:
        observation: Observation = typed(Observation, data.get("observation"))
    except ShapeError:
        return None
    scores = {m: tuple(v) if isinstance(v, list) else v for m, v in observation.scores.items()}
    return Entry(data["key"], replace(observation, scores=scores))
