"""``releaser release``: merged content gets its number, and the tag says what changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from world.desk import Desk
from world.manifest import HAIKU, use_case


def test_a_release_is_cut_once_and_says_what_changes(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk(server=True)
    desk.repo.declare(use_case())
    desk.repo.declare(use_case("post"))
    first = desk.repo.commit("two use cases")
    dry = desk.run("release", "--dry-run", ok=0)
    assert dry.out.count("would be cut") == 2 and desk.repo.tags() == []
    assert desk.run("release", "mail", ok=0).out.startswith("mail r1  sha256:")
    assert desk.repo.tags() == ["mail/r1"]
    found = desk.run("release", "--output", "json", ok=0).json()
    assert [(r["useCase"], r["release"], r["isNew"]) for r in found["releases"]] == [
        ("mail", "r1", False),
        ("post", "r1", True),
    ]
    desk.repo.declare(use_case(model=HAIKU))
    second = desk.repo.commit("another model")
    desk.run("release", ok=0)
    assert desk.repo.tags() == ["mail/r1", "mail/r2", "post/r1"]
    message = desk.repo.git("tag", "-l", "--format=%(contents)", "mail/r2")
    lines = message.splitlines()
    assert lines[0] == "mail r2"
    assert lines[2].startswith("Replaces r1. Changes: ")
    assert "haiku" in message
    manifest = hashlib.sha256((desk.repo.root / "manifests/mail/manifest.yaml").read_bytes()).hexdigest()
    digest = next(r for r in desk.run("release", "--output", "json", ok=0).json()["releases"])["releaseDigest"]
    assert lines[-5:] == [
        "Use-Case: mail",
        "Release: r2",
        f"Manifest-Digest: sha256:{manifest}",
        f"Release-Digest: sha256:{digest}",
        f"Manifest-Commit: {second}",
    ]
    assert desk.repo.git("rev-parse", "mail/r1^{commit}", "post/r1^{commit}").split() == [first, first]


def test_what_was_not_merged_gets_no_number(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk(server=True)
    desk.repo.declare(use_case())
    desk.repo.commit("first")
    desk.repo.git("checkout", "-q", "-b", "feature")
    assert "P171" in desk.run("release", ok=4).err
    desk.repo.git("checkout", "-q", "--detach")
    desk.repo.declare(use_case(model=HAIKU))
    desk.repo.git("commit", "-qam", "not merged")
    assert "P173" in desk.run("release", ok=4).err
    assert desk.repo.tags() == []
