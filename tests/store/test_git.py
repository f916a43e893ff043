"""The door to git: what it reads, whom it commits as, how it fails, what it never touches."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest
from world.git_actors import NOON, actor, git

from releaser.store.git import ABSENT, Git, GitError, HistoryMissing, NotARepository
from releaser.store.reader import Outside
from releaser.store.trees import TreeReader


def test_reads_head_branch_and_root(alone: Path) -> None:
    door = Git.open(alone / "manifests")
    assert door.root == alone
    assert door.head() == git(alone, "rev-parse", "HEAD")
    assert door.branch() == "main"
    git(alone, "checkout", "-q", "--detach")
    assert door.branch() is None
    assert door.remote() is None


def test_says_when_there_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(NotARepository, match="not in a git repository") as caught:
        Git.open(tmp_path)
    assert caught.value.code == "G-not-a-repository"
    assert "git init" in caught.value.hint


def test_says_when_there_is_no_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(GitError, match="no commit yet"):
        Git.open(tmp_path).head()


def test_says_when_git_is_not_installed(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(GitError, match="git cannot be run") as caught:
        Git.open(alone)
    assert caught.value.code == "G-no-git"


def test_dirty_names_every_difference(alone: Path) -> None:
    door = Git.open(alone)
    assert door.dirty(["manifests"]) == ()
    (alone / "manifests/claims-assistant/manifest.yaml").write_text("changed\n")
    (alone / "manifests/new file.yaml").write_text("x\n")
    (alone / "elsewhere.txt").write_text("x\n")
    assert door.dirty(["manifests"]) == ("manifests/claims-assistant/manifest.yaml", "manifests/new file.yaml")
    assert "elsewhere.txt" in door.dirty()


def test_a_pathspec_is_a_path_not_a_pattern(alone: Path) -> None:
    (alone / "manifests/x.yaml").write_text("x\n")
    assert Git.open(alone).dirty([":(glob)**"]) == ()


def test_tree_reader_reads_the_commit_not_the_work_tree(alone: Path) -> None:
    door = Git.open(alone)
    first = door.head()
    (alone / "manifests/claims-assistant/manifest.yaml").write_text("changed\n")
    (alone / "manifests/claims-assistant/link").symlink_to("/etc/passwd")
    (alone / "manifests/ümlaut\nname.yaml").write_bytes(b"\0\xff")
    git(alone, "add", ".")
    git(alone, "commit", "-q", "-m", "second")
    reader = TreeReader(door, first)
    assert reader.paths() == ["manifests/claims-assistant/manifest.yaml"]
    assert reader.read("manifests/claims-assistant/manifest.yaml") == b"kind: UseCase\n"
    assert reader.read("manifests/none.yaml") is None
    newer = TreeReader(door, door.head(), ["manifests"])
    assert newer.read("manifests/ümlaut\nname.yaml") == b"\0\xff"
    for path in ("link", "link/behind.md"):  # as DiskReader
        with pytest.raises(Outside):
            newer.read(f"manifests/claims-assistant/{path}")
    assert newer.paths("manifests/claims-assistant") == ["manifests/claims-assistant/manifest.yaml"]
    assert newer.paths("manifests/claims") == []


def test_a_large_file_is_read_alone(alone: Path) -> None:
    (alone / "manifests/big.jsonl").write_bytes(b"x" * (3 << 20))
    git(alone, "add", ".")
    git(alone, "commit", "-q", "-m", "big")
    reader = TreeReader(Git.open(alone), Git.open(alone).head())
    reader.read("manifests/claims-assistant/manifest.yaml")
    assert "manifests/big.jsonl" not in reader._read
    assert reader.size("manifests/big.jsonl") == 3 << 20
    assert len(reader.read("manifests/big.jsonl") or b"") == 3 << 20


def test_a_shallow_clone_says_what_to_fetch(clone: Path, bare: Path, tmp_path: Path) -> None:
    first = git(clone, "rev-parse", "HEAD")
    git(clone, "commit", "-q", "--allow-empty", "-m", "second")
    git(clone, "push", "-q", "origin", "main")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{bare}", "shallow")
    door = Git.open(tmp_path / "shallow")
    assert door.is_shallow()
    with pytest.raises(HistoryMissing) as caught:
        TreeReader(door, first)
    assert "--unshallow" in caught.value.hint and "GIT_DEPTH" in caught.value.hint


def test_a_shallow_clone_can_release(clone: Path, bare: Path, tmp_path: Path) -> None:
    git(clone, "commit", "-q", "--allow-empty", "-m", "second")
    git(clone, "push", "-q", "origin", "main")
    actor(clone).release(["claims-assistant"], "a")
    git(tmp_path, "clone", "-q", "--depth=1", "--no-tags", f"file://{bare}", "shallow")
    closed = actor(tmp_path / "shallow").release(["claims-assistant"], "b")
    assert closed["claims-assistant"].record.release == "r2"


def test_identity_prefers_ci_then_configuration_then_a_neutral_name(alone: Path) -> None:
    door = Git.open(alone, {})
    assert door.identity().line(NOON) == "releaser <releaser@localhost> 1772539200 +0000"
    git(alone, "config", "user.name", "Ana")
    git(alone, "config", "user.email", "ana@example.com")
    assert Git.open(alone, {}).identity().name == "Ana"
    env = {"GITLAB_USER_NAME": "Bo <evil>\ncommitter x", "GITLAB_USER_EMAIL": "bo@example.com"}
    assert Git.open(alone, env).identity().name == "Bo evilcommitter x"
    assert Git.open(alone, env).identity().email == "bo@example.com"


def test_writing_touches_neither_index_nor_work_tree_nor_head(clone: Path) -> None:
    (clone / "manifests/staged.yaml").write_text("staged\n")
    git(clone, "add", ".")
    (clone / "manifests/staged.yaml").write_text("changed\n")
    index = (clone / ".git/index").read_bytes()
    status = git(clone, "status", "--porcelain")
    index_time = (clone / ".git/index").stat().st_mtime_ns
    head = git(clone, "rev-parse", "HEAD")
    actor(clone).release(["claims-assistant"])
    Git.open(clone).dirty()
    assert (clone / ".git/index").stat().st_mtime_ns == index_time
    assert (clone / ".git/index").read_bytes() == index
    assert git(clone, "status", "--porcelain") == status
    assert git(clone, "rev-parse", "HEAD") == head
    assert git(clone, "for-each-ref", "refs/releaser") == ""
    git(clone, "fsck", "--strict")


def test_works_inside_a_hook_of_another_repository(alone: Path, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(clone / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(alone / ".git/index"))
    door = Git.open(alone / "manifests")
    assert door.root == alone
    assert door.head() != ""
    assert door.remote() is None


def test_a_command_that_hangs_is_killed_with_its_children(alone: Path, tmp_path: Path) -> None:
    hook = alone / ".git/hooks/reference-transaction"
    hook.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    door = Git.open(alone)
    with pytest.raises(GitError, match="no answer within 1 s"):
        door.run("update-ref", "refs/heads/x", door.head(), seconds=1)
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists() or ") Z" in Path(f"/proc/{pid}/stat").read_text():
            return
        time.sleep(0.02)
    pytest.fail("the hook lives on")


def test_a_ref_moves_only_from_where_it_was_expected(alone: Path) -> None:
    door = Git.open(alone)
    head = door.head()
    assert door.update_refs([("refs/heads/releases", head, ABSENT)], "test")
    assert not door.update_refs([("refs/heads/releases", head, ABSENT)], "test")
    assert not door.update_refs([("refs/heads/other", head, "1" * 40)], "test")


def test_the_lock_file_of_a_killed_git_is_removed_once_it_is_old(alone: Path) -> None:
    door = actor(alone).git
    lock = alone / ".git/refs/heads/releases.lock"
    lock.write_text("")
    begun = time.monotonic()
    assert door.update_refs([("refs/heads/releases", door.head(), ABSENT)], "test")
    assert time.monotonic() - begun >= 0.1
    assert not lock.exists()


def test_the_lock_file_of_another_branch_is_left_alone(alone: Path) -> None:
    door = actor(alone).git
    lock = alone / ".git/refs/heads/feature.lock"
    lock.write_text("")
    os.utime(lock, (0, 0))
    with pytest.raises(GitError) as caught:
        door.update_refs([("refs/heads/feature", door.head(), ABSENT)], "test")
    assert "remove that lock file" in caught.value.hint
    assert lock.exists()


def test_paths_are_relative_to_the_root_that_was_given(alone: Path) -> None:
    door = Git.open(alone / "manifests")
    head = door.head()
    assert TreeReader(door, head).paths() == ["claims-assistant/manifest.yaml"]
    (alone / "manifests/claims-assistant/new.md").write_text("x")
    (alone / "outside.md").write_text("x")
    assert door.dirty() == ("claims-assistant/new.md",)
    assert door.dirty(["claims-assistant"]) == ("claims-assistant/new.md",)
    (alone / "later").mkdir()
    assert TreeReader(Git.open(alone / "later"), head).paths() == []
    assert door.resolve(f"{head}^{{tree}}") == git(alone, "rev-parse", "HEAD^{tree}")
