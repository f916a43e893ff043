"""A use case's life in chapters, lived once for many tests: what each run said, which calls it made, what it left."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from world import repository
from world.desk import Desk, is_read
from world.process import Ended, Zygote

from releaser import sandbox

PACE = 0.01
"""Of AWS's: what takes seconds there takes long enough here to be met in every state on the way."""

_ACCOUNTS = itertools.count(1)


@dataclass(frozen=True)
class Chapter:
    """One run of the program."""

    ended: Ended
    rows: tuple[Mapping[str, Any], ...]
    """The calls that AWS saw, in order: operation, error; parameters are not kept."""

    @property
    def effects(self) -> list[str]:
        """Writes that AWS accepted, in order."""
        return [r["operation"] for r in self.rows if not is_read(r["operation"]) and not r["error"]]

    @property
    def refused(self) -> list[str]:
        """Writes that AWS refused."""
        return [f"{r['operation']}: {r['error']}" for r in self.rows if not is_read(r["operation"]) and r["error"]]

    def count(self, operation: str) -> int:
        """How often a write was accepted; without its service."""
        return sum(o.rpartition(".")[2] == operation for o in self.effects)


@dataclass
class Life:
    """A desk, and what happened at it."""

    desk: Desk
    chapters: dict[str, Chapter] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    """What a chapter left, for those who ask later."""

    def __getitem__(self, name: str) -> Chapter:
        return self.chapters[name]

    def run(self, name: str, *args: str) -> Chapter:
        """One run, whatever its end."""
        before = self.desk.mark()
        ended = self.desk.start(*args).wait()
        self.chapters[name] = Chapter(ended, tuple(self.desk.since(before)))
        return self.chapters[name]

    def release(self, name: str, document: Mapping[str, Any], texts: Mapping[str, str] | None = None) -> Chapter:
        """Commits a manifest and reconciles."""
        self.desk.repo.declare(document, texts)
        self.desk.repo.commit(name)
        return self.run(name, "reconcile", "-e", "dev")

    def keep(self, name: str, look: Callable[[], Any]) -> None:
        """What a look at the account shows now. One that fails is told to those who ask, not to all others."""
        try:
            self.kept[name] = look()
        except Exception as error:
            self.kept[name] = error

    def plan_without_records(self) -> dict[str, Any]:
        """What a look finds that knows of no release."""
        git = self.desk.repo.git
        git("branch", "-m", "releases", "kept")
        try:
            return self.desk.plan("--deep")
        finally:
            git("branch", "-m", "kept", "releases")

    def look(self, name: str) -> Chapter:
        """A new look at everything: exit code 0 when nothing is to be done."""
        return self.run(name, "plan", "-e", "dev", "--deep", "--detailed-exitcode")


@contextmanager
def lived(zygote: Zygote, box: sandbox.SandboxProcess, folder: Path, **environment: object) -> Iterator[Life]:
    """A desk on an account of its own, without a server."""
    number = f"7{os.getpid() % 100_000:05d}{next(_ACCOUNTS):06d}"
    repo = repository.create(folder / "desk")
    repo.environment("dev", number, **environment)
    yield Life(Desk(zygote, box, repo, number))
    box.admin.clear_faults()
