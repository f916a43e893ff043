"""Release tags: numbering by compare-and-swap, reuse, races, what was never pushed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from world.git_actors import Actor, actor, git, spawned, wait_for

from releaser.store.git import GitError
from releaser.store.remote import Contended, PushDeclined, RemoteUnreachable
from releaser.store.tags import Cut


def server_tags(bare: Path) -> list[str]:
    return git(bare, "tag", "--list").split()


def hook(repository: Path, name: str, script: str) -> None:
    folder = repository / ("hooks" if (repository / "hooks").exists() else ".git/hooks")
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize("place", ["alone", "clone"])
def test_numbers_count_up_and_the_same_digest_is_reused(place: str, request: pytest.FixtureRequest) -> None:
    run = actor(request.getfixturevalue(place))
    first = run.cut(["claims-assistant", "mail"], "a")
    assert {n: t.release for n, t in first.items()} == {"claims-assistant": "r1", "mail": "r1"}
    assert run.cut(["claims-assistant", "mail"], "a") == first
    second = run.cut(["claims-assistant"], "b")
    assert second["claims-assistant"].release == "r2"
    # Content that comes back is a new release: the account goes through it again.
    assert run.cut(["claims-assistant"], "a")["claims-assistant"].release == "r3"
    known = run.tags.known()
    assert [t.number for t in known["claims-assistant"]] == [3, 2, 1]
    assert known["claims-assistant"][1].digest == "b" * 64
    assert known["claims-assistant"][1].commit == run.git.head()


def test_a_tag_is_annotated_and_says_what_it_contains(alone: Path) -> None:
    run = actor(alone)
    head = run.git.head()
    run.tags.cut([Cut("mail", "a" * 64, "Shorter answers.\n\nRelease-Digest: sha256:" + "f" * 64, head)])
    text = git(alone, "cat-file", "-p", "refs/tags/mail/r1")
    assert text.startswith(f"object {head}\ntype commit\ntag mail/r1\ntagger releaser <releaser@localhost> ")
    assert text.endswith(f"Release-Digest: sha256:{'a' * 64}\nManifest-Commit: {head}")
    # A message that imitates the trailers changes nothing.
    assert run.tags.known()["mail"][0].digest == "a" * 64
    git(alone, "fsck", "--strict")


def test_a_foreign_tag_only_takes_the_number(alone: Path) -> None:
    git(alone, "tag", "mail/r4")
    git(alone, "tag", "-a", "-m", "by hand", "mail/r5")
    git(alone, "tag", "mail/rest")
    git(alone, "tag", "v1.0")
    run = actor(alone)
    assert [(t.number, t.digest) for t in run.tags.known()["mail"]] == [(5, ""), (4, "")]
    assert run.cut(["mail"])["mail"].release == "r6"


def test_a_number_taken_by_another_clone_is_reused_or_passed(clone: Path, other: Path, bare: Path) -> None:
    ours, theirs = actor(clone), actor(other)
    ours.tags.remote.sync()  # type: ignore[union-attr]
    theirs.cut(["mail", "claims-assistant"], "b")
    tags = ours.tags.cut(
        [Cut("mail", "b" * 64, "", ours.git.head()), Cut("claims-assistant", "a" * 64, "", ours.git.head())]
    )
    assert tags["mail"] == theirs.tags.known()["mail"][0]
    assert tags["claims-assistant"].release == "r2"
    assert server_tags(bare) == ["claims-assistant/r1", "claims-assistant/r2", "mail/r1"]


def test_a_number_lost_in_the_push_itself(clone: Path, other: Path, bare: Path) -> None:
    """The other clone is faster between our look and our push."""
    ours, theirs = actor(clone), actor(other)
    assert ours.remote is not None
    push = ours.remote.push

    def late(updates):  # type: ignore[no-untyped-def]
        ours.remote.push = push  # type: ignore[union-attr,method-assign]
        theirs.cut(["mail"], "b")
        return push(updates)

    ours.remote.push = late  # type: ignore[method-assign]
    tags = ours.cut(["mail", "claims-assistant"], "a")
    assert (tags["mail"].release, tags["claims-assistant"].release) == ("r2", "r1")
    assert ours.tags.known()["mail"][1] == theirs.tags.known()["mail"][0]


def test_two_processes_number_without_gaps_or_doubles(clone: Path, other: Path, bare: Path) -> None:
    def work(root: Path, digits: str) -> None:
        run = actor(root)
        for digit in digits:
            run.cut(["mail", "claims-assistant"], digit)

    pids = [spawned(lambda: work(clone, "0123")), spawned(lambda: work(other, "4567"))]
    assert [wait_for(p) for p in pids] == [0, 0]
    run = actor(clone)
    run.remote.sync()  # type: ignore[union-attr]
    for tags in run.tags.known().values():
        assert sorted(t.number for t in tags) == list(range(1, 9))
        assert {t.digest[0] for t in tags} == set("01234567")


def test_a_tag_that_was_never_pushed_is_pushed(clone: Path, bare: Path) -> None:
    unplugged(clone, bare, lambda run: run.cut(["mail"], "a"))
    assert server_tags(bare) == []
    assert actor(clone).cut(["mail"], "b")["mail"].release == "r2"
    assert server_tags(bare) == ["mail/r1", "mail/r2"]


def test_a_tag_that_was_never_pushed_is_renumbered_when_the_number_is_taken(
    clone: Path, other: Path, bare: Path
) -> None:
    unplugged(clone, bare, lambda run: run.cut(["mail"], "a"))
    theirs = actor(other).cut(["mail"], "b")["mail"]
    run = actor(clone)
    assert run.cut(["mail"], "a")["mail"].release == "r2"
    assert run.tags.known()["mail"][1] == theirs


def unplugged(clone: Path, bare: Path, work) -> None:  # type: ignore[no-untyped-def]
    git(clone, "remote", "remove", "origin")
    work(actor(clone))
    git(clone, "remote", "add", "origin", str(bare))


def test_a_protected_tag_is_a_clear_refusal(clone: Path, bare: Path) -> None:
    hook(bare, "update", 'case "$1" in refs/tags/mail/*) echo "mail is protected" >&2; exit 1;; esac')
    run = actor(clone)
    with pytest.raises(PushDeclined, match="mail is protected") as caught:
        run.cut(["claims-assistant", "mail"])
    assert "write_repository" in caught.value.hint
    assert server_tags(bare) == ["claims-assistant/r1"]
    (bare / "hooks/update").unlink()
    assert {t.release for t in actor(clone).cut(["claims-assistant", "mail"]).values()} == {"r1"}


def test_an_unreachable_remote_is_a_clear_error(clone: Path, bare: Path) -> None:
    bare.rename(bare.with_name("gone.git"))
    with pytest.raises(RemoteUnreachable, match="cannot be reached") as caught:
        actor(clone).cut(["mail"])
    assert caught.value.code == "G-offline"
    assert actor(clone).tags.known() == {}


def test_a_tag_in_the_way_of_the_folder_is_named(alone: Path) -> None:
    git(alone, "tag", "mail")
    with pytest.raises(GitError, match="refs/tags/mail"):
        actor(alone).cut(["mail"])


@pytest.mark.parametrize("name", ["Mail", "-mail", "ma il", "mail/../x", "", "mail\n", "é", "a" * 64])
def test_a_name_that_must_not_become_a_ref_is_refused(alone: Path, name: str) -> None:
    with pytest.raises(GitError, match="cannot become the name of a tag"):
        actor(alone).cut([name])


def test_gives_up_after_many_lost_races(clone: Path) -> None:
    run = actor(clone)
    assert run.remote is not None
    # A server that says yes and stores nothing: every attempt starts anew, but not for ever.
    run.tags._push = lambda remote, tags: frozenset()  # type: ignore[method-assign]
    with pytest.raises(Contended):
        run.cut(["mail"])


def test_user_hooks_run(alone: Path, tmp_path: Path) -> None:
    hook(alone, "reference-transaction", f"cat >> {tmp_path}/seen")
    run: Actor = actor(alone)
    run.cut(["mail"])
    assert "refs/tags/mail/r1" in (tmp_path / "seen").read_text()
