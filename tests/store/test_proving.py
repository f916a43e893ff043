"""The law of ``audit verify``: whatever is changed of a history, it is seen, and the place is named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from world.git_actors import NOON, actor, conclusion, git, intent, laptop
from world.history_attacks import (
    exchange,
    files_of,
    flipped,
    history,
    place_in,
    proven,
    release,
    rewrite,
)

from releaser.core.errors import ReleaserError
from releaser.store.evidence import erase, find
from releaser.store.ledger import Ledger

FULL = os.environ.get("RELEASER_LAWS") == "full"
ROUNDS = range(8 if FULL else 1)


_MADE: list[Path] = []


@pytest.fixture
def told(alone: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history, made once and copied."""
    if not _MADE:
        history(alone)
        _MADE.append(tmp_path_factory.mktemp("history") / "told")
        shutil.copytree(alone, _MADE[0])
    shutil.copytree(_MADE[0], tmp_path / "told")
    return tmp_path / "told"


def test_a_true_history_is_whole(told: Path) -> None:
    proof = proven(told)
    assert proof.problems == []
    assert proof.counts == {
        "commits": 10,
        "files": 20,
        "records": 5,
        "sequences": 3,
        "tags": 3,
        "contents": 3,
        "evidence": 5,
    }


@pytest.mark.parametrize("turn", ROUNDS)
def test_any_changed_byte_of_a_rewritten_branch_is_seen(told: Path, turn: int) -> None:
    """git is consistent: the attacker made all commits anew, with their old messages."""
    for path, raw in files_of(told).items():
        flip = flipped(place_in(f"{turn} {path}", len(raw)), 1 + place_in(path, 255))
        found = proven(told, rewrite(told, {path: flip(raw)}, seals=False)).problems
        assert found, path
        assert any(path in problem.path or path in problem.reason for problem in found), (path, found)


def test_a_changed_byte_with_new_seals_is_seen_wherever_something_follows(told: Path) -> None:
    """What no later entry names, and nobody signed or anchored, only its own form can protect."""
    files = files_of(told)
    newest = {p for p in files if p.endswith("closed.json") and not _followed(p, files)}
    for path, raw in files.items():
        flip = flipped(place_in(path, len(raw)), 1)
        found = proven(told, rewrite(told, {path: flip(raw)}, seals=True)).problems
        assert found or path in newest, path


def _followed(path: str, files: dict[str, bytes]) -> bool:
    place, number = path.split("/")[:2], int(path.split("/")[2][:4])
    return any(p.split("/")[:2] == place and int(p.split("/")[2][:4]) > number for p in files)


@pytest.mark.parametrize("turn", ROUNDS)
def test_any_byte_exchanged_on_the_disk_is_seen(told: Path, turn: int) -> None:
    """The attacker, or a bad disk, changes an object under its id: git itself would pass it on."""
    names = {f"releases:{path}": path for path in files_of(told)}
    names |= {f"mail/r1:manifests/mail/{name}": f"manifests/mail/{name}" for name in ("manifest.yaml", "answer.md")}
    names |= {"refs/tags/mail/r2": "refs/tags/mail/r2", "releases~3": "releases@", "mail/r1^{commit}": "commit"}
    for name, place in names.items():
        oid = git(told, "rev-parse", name)
        size = int(git(told, "cat-file", "-s", oid))
        restore = exchange(told, oid, flipped(place_in(f"{turn} {name}", size), 1))
        found = proven(told).problems
        restore()
        assert any(place in problem.path or place in problem.reason for problem in found), (name, found)


@pytest.mark.parametrize("at", [0.2, 0.5, 0.8])
def test_a_file_that_is_damaged_on_the_disk_is_named(told: Path, at: float) -> None:
    path = "dev/mail/0001-r1/closed.json"
    oid = git(told, "rev-parse", f"releases:{path}")
    file = told / ".git/objects" / oid[:2] / oid[2:]
    file.chmod(0o644)
    raw = bytearray(file.read_bytes())
    raw[int(len(raw) * at)] ^= 0x10
    file.write_bytes(bytes(raw))
    assert any(problem.path == path for problem in proven(told).problems)


@pytest.mark.parametrize("turn", ROUNDS)
def test_any_changed_byte_of_a_tag_made_anew_is_seen(told: Path, turn: int) -> None:
    for tag in git(told, "tag", "--list").splitlines():
        raw = subprocess.run(["git", "cat-file", "tag", tag], cwd=told, capture_output=True, check=True).stdout
        start = raw.index(b"\n\n") + 2
        flip = flipped(start + place_in(f"{turn} {tag}", len(raw) - start), 1)
        _retag(told, tag, flip(raw))
        assert any(f"refs/tags/{tag}" in problem.path for problem in proven(told).problems), tag
        _retag(told, tag, raw)
    assert proven(told).problems == []


def test_a_manifest_exchanged_under_a_tag_made_anew_is_seen(told: Path) -> None:
    """The commit, its tree and the tag are new and consistent; only the record still names the true tag."""
    raw = git(told, "cat-file", "tag", "claims/r1") + "\n"
    old = git(told, "rev-parse", "claims/r1^{commit}")
    git(told, "checkout", "-q", "--detach", old)
    file = told / "manifests/claims/manifest.yaml"
    file.write_text(file.read_text().replace("answer", "Answer", 1))
    git(told, "commit", "-q", "-a", "--amend", "--no-edit")
    _retag(told, "claims/r1", raw.replace(old, git(told, "rev-parse", "HEAD")).encode())
    found = {p.path for p in proven(told).problems}
    assert "refs/tags/claims/r1" in found


def test_replacement_refs_are_not_followed(told: Path) -> None:
    path = "releases:dev/mail/0001-r1/notes.md"
    forged = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], input=b"# other\n", cwd=told, capture_output=True, check=True
    )
    git(told, "replace", git(told, "rev-parse", path), forged.stdout.decode().strip())
    assert git(told, "show", path) == "# other"
    assert proven(told).problems == []


def _retag(root: Path, tag: str, raw: bytes) -> None:
    made = subprocess.run(
        ["git", "hash-object", "-t", "tag", "-w", "--literally", "--stdin"],
        input=raw, cwd=root, capture_output=True, check=True,
    )  # fmt: skip
    git(root, "update-ref", f"refs/tags/{tag}", made.stdout.decode().strip())


@pytest.mark.parametrize("drop", [1, 2, 3])
def test_entries_that_were_cut_off_are_seen_by_who_has_seen_them(told: Path, drop: int) -> None:
    last = git(told, "rev-parse", "releases")
    git(told, "update-ref", "refs/heads/releases", f"releases~{drop}")
    assert any(p.path == f"releases@{last[:12]}" for p in proven(told).problems)


def test_a_last_entry_that_was_dropped_looks_like_a_run_that_died(told: Path) -> None:
    with_it = (p for p in files_of(told) if p.startswith("prod/") and not p.endswith("opened.json"))
    tip = rewrite(told, dict.fromkeys(with_it), seals=True)
    assert proven(told, tip).problems == []  # its holder, this process, is at work
    opened = "prod/mail/0001-r2/opened.json"
    found = proven(told, tip, laptop(), hours=2).problems
    assert [p.path for p in found] == [opened]
    assert "cut off" in found[0].reason


def test_a_release_that_no_record_names_is_noted(told: Path) -> None:
    left_out = {path: None for path in files_of(told) if path.startswith("dev/claims/")}
    proof = proven(told, rewrite(told, left_out, seals=True))
    assert [u.path for u in proof.unproven] == ["refs/tags/claims/r1"]


@pytest.mark.parametrize("what", ["changed", "removed", "moved", "link", "stray", "unsealed"])
def test_a_commit_on_top_by_another_hand_is_seen(told: Path, what: str) -> None:
    git(told, "checkout", "-q", "releases")
    path = told / "dev/mail/0001-r1/notes.md"
    match what:
        case "changed":
            path.write_text("# mail\n")
        case "removed":
            path.unlink()
        case "moved":
            path.rename(path.with_name("other.md"))
        case "link":
            path.unlink()
            path.symlink_to("closed.json")
        case "stray":
            (told / "README.md").write_text("hello\n")
    git(told, "add", "-A")
    git(told, "commit", "-q", "--allow-empty", "-m", "a good reason")
    tip = git(told, "rev-parse", "HEAD")[:12]
    found = {p.path for p in proven(told).problems}
    assert f"releases@{tip}" in found
    if what not in ("stray", "unsealed"):
        assert "dev/mail/0001-r1/notes.md" in found
    if what == "stray":
        assert "README.md" in found


def test_erased_evidence_leaves_a_tombstone_and_a_chain_that_holds(told: Path) -> None:
    run = actor(told)
    path = next(p for p in files_of(told) if p.startswith("dev/mail/0001") and p.endswith("-plan.json"))
    for name in (path, path):  # twice: the second finds it done
        one, version = find(Ledger(run.git, run.records.branch.tip()), name)
        assert version == ""
        stone = erase(run.records.branch, one, by="ana", why="erasure request 17", at=NOON)
    files = files_of(told)
    assert path not in files and json.loads(files[stone])["why"] == "erasure request 17"
    assert git(told, "rev-list", "--count", "releases") == "11"
    assert proven(told).problems == []
    release(run, "claims")
    assert proven(told).problems == []
    flip = flipped(place_in(stone, len(files[stone])), 1)
    assert proven(told, rewrite(told, {stone: flip(files[stone])}, seals=False)).problems


@pytest.mark.parametrize("what", ["nothing", "twice"])
def test_evidence_to_erase_must_be_named_by_one_record(told: Path, what: str) -> None:
    run = actor(told)
    digest = next(p for p in files_of(told) if "/evidence/" in p).rpartition("/")[2][:64]
    with pytest.raises(ReleaserError) as caught:
        find(Ledger(run.git, run.records.branch.tip()), "0" * 64 if what == "nothing" else digest)
    assert caught.value.code == "G-evidence"


def test_content_that_no_tag_holds_may_be_gone(alone: Path) -> None:
    """Applied from a branch that was never pushed: nobody else has that commit."""
    run = actor(alone)
    record = run.records.open([intent("mail")]).opened["mail"]
    run.records.close([(record, conclusion("mail"), "")])
    proof = proven(alone)
    assert proof.problems == []
    assert [u.path for u in proof.unproven] == ["dev/mail/0001-unreleased/opened.json"]
