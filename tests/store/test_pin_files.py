"""Pins and what they name: read from tags, checked against them, whatever the clone has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from world import manifest
from world.git_actors import git

from releaser.core.diagnostic import Diagnostic
from releaser.core.workspace import UseCaseFiles
from releaser.store.folders import FolderReader, read_folders
from releaser.store.git import Git, HistoryMissing
from releaser.store.pins import load_pins, read_content
from releaser.store.reader import DiskReader, Outside
from releaser.store.tags import Cut, Tags, known_tags
from releaser.store.trees import TreeReader
from releaser.store.validation import validate
from releaser.store.workspace import load_use_case

LETTER = "Answer this letter.\n\n{{letter}}\n"


def declare(root: Path, name: str = "mail", **more: Any) -> None:
    """A use case in the working tree."""
    folder = root / "manifests" / name
    (folder / "prompts").mkdir(parents=True, exist_ok=True)
    (folder / "manifest.yaml").write_text(manifest.text(manifest.use_case(name, **more)))
    (folder / "prompts" / "answer.md").write_text(LETTER)


def commit(root: Path) -> str:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "change")
    return git(root, "rev-parse", "HEAD")


def release(root: Path, *names: str) -> dict[str, str]:
    """Commits, and cuts a tag for each use case; digests by name."""
    head = commit(root)
    found: dict[str, str] = {}
    for name in names or ("mail",):
        files = load_use_case(DiskReader(root), name)
        assert isinstance(files, UseCaseFiles)
        found[name] = files.digest
    tags = Tags(Git.open(root), None, lambda: datetime(2026, 3, 3, tzinfo=UTC))
    tags.cut([Cut(n, digest, "", head) for n, digest in found.items()])
    return found


def pin(root: Path, release: str, name: str = "mail", environment: str = "prod") -> None:
    document = {
        "apiVersion": "releaser.dev/v1",
        "kind": "Pin",
        "metadata": {"name": name},
        "spec": {"release": release},
    }
    path = root / "environments" / environment / "releases" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(manifest.text(document))


def found_in(root: Path) -> list[Diagnostic]:
    return list(validate(DiskReader(root), git=lambda: Git.open(root)).diagnostics)


def codes(root: Path) -> list[str]:
    return [d.code for d in found_in(root)]


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """mail r1, pinned in prod."""
    path = tmp_path / "work"
    git(tmp_path, "init", "-q", "-b", "main", str(path))
    declare(path)
    environment = path / "environments" / "prod" / "environment.yaml"
    environment.parent.mkdir(parents=True)
    environment.write_text(manifest.text(manifest.environment("prod", "1" * 12, track=None)))
    pin(path, f"r1@sha256:{release(path)['mail']}")
    yield path


def test_validate_finds_nothing_wrong_with_a_true_pin(root: Path) -> None:
    assert found_in(root) == []
    commit(root)
    declare(root, model=manifest.HAIKU)
    assert found_in(root) == []


def test_a_digest_that_is_not_the_tags_is_told_at_its_line(root: Path) -> None:
    pin(root, f"r1@sha256:{'0' * 64}")
    (found,) = found_in(root)
    assert (found.code, found.line, found.path) == ("P304", 8, "environments/prod/releases/mail.yaml")
    assert found.column == found.source.index('"r1@') + 1
    assert "sha256:000000000000" in found.message


def test_what_else_is_wrong_with_a_pin(root: Path) -> None:
    digest = release(root)["mail"]
    pin(root, f"r9@sha256:{digest}")
    assert codes(root) == ["P310"]
    pin(root, "r1")
    assert codes(root) == ["E205"]
    pin(root, f"r1@sha256:{digest}")
    folder = root / "environments" / "prod" / "releases"
    (folder / "mail.yaml").rename(folder / "post.yaml")
    assert codes(root) == ["E209"]
    (folder / "post.yaml").rename(folder / "mail.yml")
    assert codes(root) == ["E214"]
    (folder / "mail.yml").write_text("{")
    (folder / "mail.yml").rename(folder / "mail.yaml")
    assert [c[:2] for c in codes(root)] == ["E1"]


def test_a_release_that_does_not_fit_is_told_before_it_is_promoted(root: Path) -> None:
    declare(root, guardrails={"main": manifest.guardrail(kmsKeyId="${env.kmsKey}")})
    digest = release(root)["mail"]
    declare(root)
    commit(root)
    pin(root, f"r2@sha256:{digest}")
    (found,) = found_in(root)
    assert found.code == "P309" and "[E301]" in found.message and "kmsKey" in found.message


def test_a_tombstone_needs_neither_manifest_nor_tag(root: Path) -> None:
    pin(root, "retired")
    git(root, "rm", "-rq", "manifests")
    assert found_in(root) == []


def test_pins_of_an_environment_that_follows_a_branch_are_read_by_nobody(root: Path) -> None:
    path = root / "environments" / "prod" / "environment.yaml"
    path.write_text(manifest.text(manifest.environment("prod", "1" * 12)))
    (found,) = found_in(root)
    assert (found.code, found.severity) == ("E214", "warning")


# -- clones that lack something


def test_a_shallow_clone_says_what_to_fetch(root: Path, tmp_path: Path) -> None:
    commit(root)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{root}", "shallow")
    shallow = tmp_path / "shallow"
    assert [(d.code, d.severity) for d in found_in(shallow)] == [("P310", "warning")]
    pins = load_pins(DiskReader(shallow), "prod")
    _, (wrong,) = read_content(Git.open(shallow), pins.files.values(), known_tags(Git.open(shallow)))
    assert "git fetch --unshallow --tags" in wrong.hint
    commits = [git(root, "rev-parse", "mail/r1^{commit}"), git(shallow, "rev-parse", "HEAD")]
    missing, there = read_folders(Git.open(shallow), [(c, "manifests/mail") for c in commits])
    assert isinstance(missing, HistoryMissing) and "git fetch --unshallow" in missing.hint
    assert isinstance(there, FolderReader) and len(there.list("")) == 2
    git(shallow, "fetch", "-q", "--unshallow", "--tags")
    assert found_in(shallow) == []


def test_a_partial_clone_says_so_when_its_server_is_gone(root: Path, tmp_path: Path) -> None:
    declare(root, model=manifest.HAIKU)
    commit(root)
    git(root, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{root}", "partial")
    partial = tmp_path / "partial"
    git(partial, "remote", "set-url", "origin", f"file://{tmp_path}/gone")
    (wrong,) = found_in(partial)
    assert wrong.code == "P305" and "--refetch" in wrong.hint, wrong


# -- many releases at once


def test_many_commits_cost_as_many_git_calls_as_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    run = Git.run

    def counted(self: Git, *args: str, **more: Any) -> Any:
        calls.append(args[0])
        return run(self, *args, **more)

    names = [f"letters-{i}" for i in range(12)]
    for name in names:
        declare(root, name)
        pin(root, f"r1@sha256:{release(root, name)[name]}", name)
    monkeypatch.setattr(Git, "run", counted)
    pins = load_pins(DiskReader(root), "prod")
    repo = Git.open(root)
    calls.clear()
    one, _ = read_content(repo, [pins.files["mail"]], known_tags(repo))
    alone = len(calls)
    calls.clear()
    found, wrong = read_content(repo, pins.files.values(), known_tags(repo))
    assert len(found) == 13 and not wrong
    assert len({c.tag.commit for c in found.values()}) == 13
    assert len(calls) == alone <= 8
    assert one["mail"].files.digest == found["mail"].files.digest


def test_a_folder_reads_as_the_whole_commit_does(root: Path) -> None:
    folder = root / "manifests" / "mail"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "file").write_bytes(b"\x00\xff")
    (folder / "prompts" / "ünï.md").write_text("x")
    (folder / "link").symlink_to("prompts/answer.md")
    (folder / "there").symlink_to("deep")
    head = commit(root)
    repo = Git.open(root)
    (reader,) = read_folders(repo, [(head, "manifests/mail")])
    whole = TreeReader(repo, head)
    assert isinstance(reader, FolderReader)
    assert list(reader.list("")) == whole.paths("manifests/mail")
    for path in reader.list("manifests/mail"):
        assert reader.read(path) == whole.read(path)
    assert reader.read("manifests/mail/none") is None
    for link in ("link", "there/er/file"):
        with pytest.raises(Outside):
            reader.read(f"manifests/mail/{link}")
    assert reader.tree == git(root, "rev-parse", "HEAD^{tree}")
    assert json.dumps(list(reader.list("manifests/mail/deep"))) == '["manifests/mail/deep/er/file"]'
