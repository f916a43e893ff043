"""A run is killed at every git write, here and on the server, before and after the effect; the next run ends it.

Git's own hooks are the places: ``reference-transaction`` stands at every ref update of a repository, ``pre-receive``
and ``post-receive`` around every push. The hook kills the releaser process with SIGKILL, and in a second mode the
git process with it, which leaves git's lock files behind.
"""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest
from test_records import sound
from world.git_actors import NOON, TestClock, actor, forked, git

from releaser.core.record import Outcome

pytestmark = pytest.mark.sampled(2)

USE_CASES = ["claims-assistant", "mail"]
_HOOK = """#!/bin/sh
[ -f {armed} ] || exit 0
count=$(($(cat {count} 2>/dev/null || echo 0) + 1))
echo $count > {count}
[ $count = "$(cat {armed})" ] || exit 0
rm {armed}
kill -9 $(cat {victim})
{kill_git}
"""


def arm(repository: Path, hook: str, tmp_path: Path, at: int, with_git: bool) -> None:
    """From now on the ``at``-th call of the hook kills."""
    folder = repository / ".git/hooks" if (repository / ".git").is_dir() else repository / "hooks"
    folder.mkdir(exist_ok=True)
    path = folder / hook
    files = {name: tmp_path / name for name in ("armed", "count", "victim")}
    path.write_text(_HOOK.format(**files, kill_git="kill -9 $PPID" if with_git else ""))
    path.chmod(0o755)
    (tmp_path / "count").write_text("0")
    (tmp_path / "armed").write_text(str(at))


def run_as_victim(root: Path, tmp_path: Path) -> int:
    def work() -> None:
        (tmp_path / "victim").write_text(str(os.getpid()))
        actor(root, clock=TestClock(NOON)).release(USE_CASES)

    return forked(work)


def end_state(root: Path) -> object:
    """What must be the same whether or not anything was killed on the way."""
    run = actor(root)
    if run.remote is not None:
        run.remote.sync()
    sound(run)
    tags = {name: [(t.number, t.digest) for t in rows] for name, rows in run.tags.known().items()}
    accounts = run.records.history()
    assert all(a.closed is not None and a.closed.outcome is Outcome.RELEASED for a in accounts)
    assert len({a.opened.id for a in accounts}) == len(accounts)
    witnesses = run.records.witnesses("dev")
    live = {n: (w.released.record.release, w.released.bindings) for n, w in witnesses.items() if w.released}
    return tags, sorted((a.opened.use_case, a.opened.seq) for a in accounts), live


@pytest.mark.parametrize(
    ("where", "hook", "with_git"),
    [
        pytest.param("alone", "reference-transaction", False, id="here"),
        pytest.param("alone", "reference-transaction", True, id="here-with-git"),
        pytest.param("clone", "reference-transaction", True, id="clone-with-git"),
        pytest.param("bare", "pre-receive", False, id="before-the-server"),
        pytest.param("bare", "pre-receive", True, id="before-the-server-with-git"),
        pytest.param("bare", "reference-transaction", True, id="in-the-server-with-git"),
        pytest.param("bare", "post-receive", False, id="after-the-server"),
        pytest.param("bare", "post-receive", True, id="after-the-server-with-git"),
    ],
)
def test_killed_at_any_git_write_then_run_again(where: str, hook: str, with_git: bool, tmp_path: Path) -> None:
    writes = 0
    expected = None
    (tmp_path / "template").mkdir()
    _template(tmp_path / "template", where)
    for at in range(1, 40):
        shutil.copytree(tmp_path / "template", tmp_path / str(at))
        root = tmp_path / str(at) / "work"
        armed_in = tmp_path / str(at) / "server.git" if where == "bare" else root
        arm(armed_in, hook, tmp_path, at, with_git)
        code = run_as_victim(root, tmp_path)
        if code == 0:
            expected = end_state(root)
            break
        assert code == -signal.SIGKILL
        writes += 1
        _unlock_server(where, armed_in)
        assert run_as_victim(root, tmp_path) == 0
        state = end_state(root)
        assert expected is None or state == expected
        expected = state
    assert writes >= (3 if hook.endswith("receive") else 6), "the hook was hardly ever called: nothing was tested"
    git(root, "fsck", "--strict")
    assert expected[0] == {n: [(1, "a" * 64)] for n in USE_CASES}  # type: ignore[index]
    assert expected[1] == [(n, 1) for n in USE_CASES]  # type: ignore[index]


def _template(folder: Path, where: str) -> None:
    """A new repository, with a server unless ``where`` is ``alone``."""
    work = folder / "work"
    git(folder, "init", "-q", "-b", "main", "--template=", "work")
    git(work, "commit", "-q", "--allow-empty", "-m", "first")
    if where != "alone":
        git(folder, "init", "-q", "--bare", "--template=", "server.git")
        git(work, "remote", "add", "origin", "../server.git")
        git(work, "push", "-q", "origin", "main")


def _unlock_server(where: str, repository: Path) -> None:
    """A git server clears the locks of its own killed processes; this bare folder has nobody who would."""
    if where == "bare":
        for lock in repository.glob("refs/**/*.lock"):
            lock.unlink()
