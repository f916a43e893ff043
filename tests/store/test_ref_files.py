"""Single refs read from their files say what git says, packed or not, and leave to git what only git can tell."""

from __future__ import annotations

import subprocess
from pathlib import Path

from world.git_actors import git

from releaser.store import git as door
from releaser.store.git import ABSENT, Git

NAMES = ("refs/heads/main", "refs/heads/releases", "refs/tags/mail/r1", "refs/heads/none")


def test_loose_packed_moved_and_removed(alone: Path) -> None:
    run = Git.open(alone)
    head = run.head()
    assert run.tips("refs/heads/releases") == {}
    run.update_refs([("refs/heads/releases", head, ABSENT), ("refs/tags/mail/r1", head, ABSENT)], "test")
    loose = run.tips(*NAMES)
    assert loose == {n: run.refs(n)[n] for n in NAMES if run.refs(n)}
    git(alone, "pack-refs", "--all")
    assert not (run.git_dir / "refs/heads/releases").exists()
    assert run.tips(*NAMES) == loose
    git(alone, "commit", "--allow-empty", "-qm", "next")
    next_ = run.head()
    assert next_ != head
    run.update_refs([("refs/heads/releases", next_, head)], "test")
    assert run.tips(*NAMES)["refs/heads/releases"] == next_
    git(alone, "update-ref", "-d", "refs/heads/releases")
    assert "refs/heads/releases" not in run.tips(*NAMES)


def test_a_tag_with_the_name_of_the_branch_is_not_the_branch(alone: Path) -> None:
    """A short name would be looked for below refs/tags too: anybody who pushes tags could make up records."""
    run = Git.open(alone)
    git(alone, "update-ref", "refs/tags/refs/heads/releases", run.head())
    for _ in range(2):
        assert run.tips("refs/heads/releases") == {}
        git(alone, "pack-refs", "--all")


def test_what_is_no_plain_file_is_asked_of_git(alone: Path) -> None:
    run = Git.open(alone)
    head = run.head()
    branch = git(alone, "symbolic-ref", "HEAD").strip()
    git(alone, "symbolic-ref", "refs/heads/releases", branch)
    assert run.tips("refs/heads/releases", "refs/heads/none") == {"refs/heads/releases": head}
    assert run.tips() == {}


def test_names_that_lead_out_are_left_to_git(alone: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("a" * 40 + "\n")
    run = Git.open(alone)
    steps = "/".join([".."] * 12)
    assert run.tips(f"refs/{steps}{tmp_path}/outside") == {}


def test_the_remote_is_asked_once_for_all_that_is_watched(clone: Path) -> None:
    from releaser.store.remote import Remote

    run = Git.open(clone)
    asked: list[object] = []
    start = door._start

    def noted(root: Path, command: list[str], environ: dict[str, str]) -> subprocess.Popen[bytes]:
        asked.append(command)
        return start(root, command, environ)

    door._start = noted
    try:
        remote = Remote(run, "origin")
        branch = git(clone, "symbolic-ref", "--short", "HEAD").strip()
        remote.watch(branch)
        remote.watch("releaser/*")
        remote.sync()
        tip = git(clone, "rev-parse", f"origin/{branch}").strip()
        assert remote.default() == branch
        assert remote.tip_of(branch) == tip
        assert remote.heads("releaser/*")[1][f"refs/heads/{branch}"] == tip
        assert sum("ls-remote" in c for c in asked) == 1  # type: ignore[operator]
        assert remote.tip_of("nobody") is None
        remote.heads("releaser/*", again=True)
        assert sum("ls-remote" in c for c in asked) == 3  # type: ignore[operator]
    finally:
        door._start = start
