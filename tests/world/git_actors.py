"""A run as the engine does it: cut the release, open the record, close it. Used by tests in real processes."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from releaser.core.address import Address
from releaser.core.record import ApprovedStep, Binding, Closed, Conclusion, Holder, Intent, OpenRecord, Outcome
from releaser.store.git import Git
from releaser.store.holder import holder_here
from releaser.store.records import Records
from releaser.store.remote import Remote
from releaser.store.tags import Cut, ReleaseTag, Tags


def git(folder: Path, *args: str) -> str:
    """Run git in a folder, as an engineer would."""
    who = ("-c", "user.name=Engineer", "-c", "user.email=engineer@example.com")
    done = subprocess.run(["git", *who, *args], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


@dataclass
class TestClock:
    __test__ = False
    time: datetime = NOON
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.time

    def forward(self, **delta: float) -> None:
        self.time += timedelta(**delta)


@dataclass
class Actor:
    """One releaser process on one clone."""

    git: Git
    remote: Remote | None
    tags: Tags
    records: Records
    clock: TestClock

    def cut(self, use_cases: Sequence[str], digit: str = "a") -> dict[str, ReleaseTag]:
        head = self.git.head()
        return self.tags.cut([Cut(name, digit * 64, "What changes.", head) for name in use_cases])

    def release(self, use_cases: Sequence[str], digit: str = "a") -> dict[str, Closed]:
        """The whole run, again when another was faster; what is released already with this digest is left alone."""
        for _ in range(5):
            closed = self._attempt(use_cases, digit)
            if closed is not None:
                return closed
        raise AssertionError("another run was always faster")

    def _attempt(self, use_cases: Sequence[str], digit: str) -> dict[str, Closed] | None:
        if self.remote is not None:
            self.remote.sync()
        known = self.records.witnesses("dev")
        tags = self.cut(use_cases, digit)
        open_ones = {n for n in use_cases if n in known and known[n].open}
        todo = [n for n in use_cases if n in open_ones or not _is_live(known, n, digit)]
        opening = self.records.open([intent(n, tags[n]) for n in todo], since=known)
        if any(error.code == "G-moved-on" for error in opening.held.values()):
            return None
        assert not opening.held, opening.held
        records = {**opening.opened, **opening.resumed}
        return self.records.close([(r, conclusion(n), f"# {n}\n") for n, r in records.items()])


def _is_live(known: dict, name: str, digit: str) -> bool:
    live = known.get(name)
    return live is not None and live.released is not None and live.released.record.release_digest == digit * 64


def actor(root: Path, holder: Holder | None = None, clock: TestClock | None = None) -> Actor:
    git = Git.open(root)
    git.stale_lock_seconds = 0.2
    remote = Remote.of(git)
    clock = clock or TestClock()
    records = Records(git, holder=holder or holder_here(), clock=clock, remote=remote)
    return Actor(git, remote, Tags(git, remote, clock.now), records, clock)


def intent(use_case: str, tag: ReleaseTag | None = None, environment: str = "dev") -> Intent:
    return Intent(
        use_case=use_case,
        environment=environment,
        account="111111111111",
        region="eu-central-1",
        release=tag.release if tag else "unreleased",
        release_digest=tag.digest if tag else "e" * 64,
        commit=tag.commit if tag else "c" * 40,
        tree="1" * 40,
        tag=tag.object_id if tag else None,
        plan_digest="d" * 64,
        change_digest="f" * 64,
        steps=(
            ApprovedStep(address=Address(use_case, "prompt", "answer"), verb="create", stamp="5" * 64, before=None),
        ),
        previous_release="",
        tool_version="0.1.0",
        actor="engineer",
        trigger="laptop",
        dirty=False,
    )


def conclusion(use_case: str, outcome: Outcome = Outcome.RELEASED) -> Conclusion:
    address = Address(use_case, "prompt", "answer")
    binding = Binding(
        kind="prompt",
        id="ABCDEFGHIJ",
        arn="arn:aws:bedrock:eu-central-1:111111111111:prompt/ABCDEFGHIJ",
        name=f"{use_case}_answer",
        revision="2026-03-03T12:00:00+00:00",
        version="1",
        stamp="5" * 64,
        behaviour="6" * 64,
        body_digest="7" * 64,
    )
    return Conclusion(outcome=outcome, bindings={address: binding}, verified=True, duration_ms=1200)


def laptop(name: str = "ana", **known: object) -> Holder:
    """Someone on another machine."""
    return Holder(kind="laptop", name=f"{name}@desk", host="desk", boot=f"boot-{name}", pid=7, started="1", **known)


def abandoned(root: Path, use_cases: Sequence[str]) -> dict[str, OpenRecord]:
    """Open records in a process that is then killed."""
    read, write = os.pipe()

    def work() -> None:
        actor(root).records.open([intent(n) for n in use_cases])
        os.write(write, b"x")
        os.kill(os.getpid(), signal.SIGKILL)

    assert forked(work) == -signal.SIGKILL
    assert os.read(read, 1) == b"x"
    os.close(read)
    os.close(write)
    return {n: w.open for n, w in actor(root).records.witnesses("dev").items() if w.open}


def forked(work: Callable[[], object]) -> int:
    """Run in a real process of its own (a fork: nothing is imported again); its exit code, or minus the signal."""
    return wait_for(spawned(work))


def spawned(work: Callable[[], object]) -> int:
    """Start a process; returns its pid."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def wait_for(pid: int) -> int:
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)
