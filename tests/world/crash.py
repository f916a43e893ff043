"""Killing a run at one chosen write: AWS calls by the sandbox's hang faults, git's ref updates by git's own hooks."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from world.desk import Desk
from world.process import Ended, Running, until

_HOOK = """#!/bin/sh
[ "$1" = aborted ] && exit 0
key="{where} $1 $(cut -d' ' -f3 | sort | tr '\\n' ' ')"
echo "$key" >> {log}
if [ -f {armed} ] && [ "$key" = "$(cat {armed})" ] && [ "$(grep -cxF "$key" {log})" = "$(cat {nth})" ]; then
  echo $$ > {held}
  while [ ! -f {go} ]; do sleep 0.02; done
fi
exit 0
"""
_HOOKS = (("clone", "reference-transaction"), ("server", "pre-receive"), ("server", "post-receive"))


@dataclass(frozen=True, order=True)
class Point:
    """A moment of a run: the ``nth`` (from 1) call of a key, before or after its effect.

    ``where``: ``aws`` (key: ``service.Operation``), ``clone`` or ``server`` (key: what the hook saw).
    """

    where: str
    key: str
    nth: int
    after: bool

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.where} {self.key.strip()} #{self.nth}"


class Tripwire:
    """Git hooks of a desk's repositories that note every ref update, and hold at the one that is armed."""

    def __init__(self, desk: Desk) -> None:
        self.folder = desk.repo.root.parent / "tripwire"
        self.folder.mkdir()
        self.log = self.folder / "log"
        for where, name in _HOOKS:
            place = desk.repo.root / ".git" if where == "clone" else desk.repo.server
            if place is None:
                continue
            files = {f: self.folder / f for f in ("log", "armed", "nth", "held", "go")}
            path = place / "hooks" / name
            path.parent.mkdir(exist_ok=True)
            text = _HOOK.format(where=where, **files)
            path.write_text(text if where == "clone" else text.replace("$1 ", f"{name} "))
            path.chmod(0o755)

    def arm(self, point: Point) -> None:
        self.reset()
        (self.folder / "nth").write_text(str(point.nth))
        (self.folder / "armed").write_text(point.key)

    def reset(self) -> None:
        for path in self.folder.iterdir():
            path.unlink()

    def points(self) -> list[Point]:
        """Every moment that was passed since the last reset."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        seen: Counter[str] = Counter()
        found = []
        for key in lines:
            seen[key] += 1
            where, state, _ = key.split(" ", 2)
            found.append(Point(where, key, seen[key], state in ("committed", "post-receive")))
        return found

    @property
    def held(self) -> int | None:
        """The process id of the hook that holds."""
        path = self.folder / "held"
        text = path.read_text().strip() if path.exists() else ""
        return int(text) if text else None


def aws_points(writes: Iterable[str]) -> list[Point]:
    """Before and after each write of an uncrashed run."""
    seen: Counter[str] = Counter()
    found = []
    for operation in writes:
        seen[operation] += 1
        found += [Point("aws", operation, seen[operation], after) for after in (False, True)]
    return found


def crash(desk: Desk, tripwire: Tripwire, point: Point, *args: str) -> Ended:
    """Runs a command and kills it at the point. Its git processes die with it, as when a machine stops."""
    if point.where == "aws":
        return crash_in_aws(desk, point, args)
    tripwire.arm(point)
    run = desk.start(*args)
    hook = until(lambda: tripwire.held or (run.is_over and -1), why=str(point))
    _demand_held(run, hook != -1, point)
    group = os.getpgid(hook)
    ended = run.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    until(lambda: not _is_alive(hook), why="the hook lives on")
    tripwire.reset()
    _age_locks(desk.repo.root / ".git")
    return ended


def crash_in_aws(desk: Desk, point: Point, args: tuple[str, ...]) -> Ended:
    """Runs a command and kills it while a call of AWS is under way."""
    service, _, operation = point.key.partition(".")
    kind = "hang-after" if point.after else "hang-before"
    desk.admin.add_fault(kind, service=service, operation=operation, account=desk.account, skip=point.nth - 1)
    run = desk.start(*args)
    until(lambda: desk.admin.held() or run.is_over, why=str(point))
    _demand_held(run, bool(desk.admin.held()), point)
    ended = run.kill()
    until(lambda: not desk.admin.held(), why="the sandbox still holds the request")
    desk.admin.clear_faults()
    return ended


def _demand_held(run: Running, held: bool, point: Point) -> None:
    if not held:
        raise AssertionError(f"the run ended and never came {point}: {run.wait().said}")


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def _age_locks(git_dir: Path) -> None:
    """A killed git leaves lock files; releaser removes old ones. As if half a minute had passed."""
    then = time.time() - 30
    for lock in git_dir.rglob("*.lock"):
        os.utime(lock, (then, then))
