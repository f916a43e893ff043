"""The branch of records over its whole history: a line of commits, each of which only adds, and names what it adds.

How a verification is put together (``store/proving.py`` does it from git; a bundle can do it from files): give
``branch_problems`` the commits newest first, each with its raw bytes and what it changed, and the sha256 of every file
that the newest commit has (``every_digest``); give ``sequence.problems`` the files of each sequence; give
``tag_problems`` and ``record_problems`` the tags, the opened entries, and what was recomputed of their content. Each
yields ``Break``s that name the place. Nothing here reads anything, and nothing raises on hostile bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from releaser.core.proof.evidence import erased_digests, tombstone_of
from releaser.core.proof.files import compact, sha256
from releaser.core.proof.objects import object_id, text_of
from releaser.core.proof.sequence import Break

SEAL = "Entries"
"""The trailer of a commit that names the digest over what it adds."""
FILE_MODE = "100644"


class Change(NamedTuple):
    """What a commit did to one file, in git's letters: ``A`` added, ``M`` changed, ``D`` deleted."""

    status: str
    mode: str
    path: str


class Commit(NamedTuple):
    """One commit of the branch: its name, the bytes of the object, what it changed against its parent."""

    id: str
    raw: bytes
    changes: tuple[Change, ...]


def seal(digests: Mapping[str, str]) -> str:
    """One digest over the files of a commit (path -> sha256): it names the newest entries, which no later one names."""
    return sha256(compact(dict(digests)))


def every_digest(commits: Sequence[Commit], here: Mapping[str, str]) -> dict[str, str]:
    """Path -> sha256 of every file that the branch has (``here``) or had: erased evidence by the digest in its name.
    Evidence in S3 was never here, though its tombstone is."""
    added = {change.path for commit in commits for change in commit.changes if change.status == "A"}
    return {**{path: digest for path, digest in erased_digests(here).items() if path in added}, **here}


def branch_problems(commits: Sequence[Commit], digests: Mapping[str, str]) -> Iterator[Break]:
    """What is wrong with the branch. ``commits``: newest first; ``digests``: path -> sha256 of every file it has."""
    yield from _line(commits)
    added: dict[str, str] = {}
    for commit in commits:
        yield from _only_added(commit)
        yield from _sealed(commit, digests)
        for change in commit.changes:
            if change.status == "A":
                if change.path in added:
                    yield Break(change.path, f"added twice: by {commit.id[:12]} and by {added[change.path][:12]}")
                added[change.path] = commit.id
    for path in sorted(set(digests) - set(added)):
        yield Break(path, "no commit of the branch added it")


def _line(commits: Sequence[Commit]) -> Iterator[Break]:
    for i, commit in enumerate(commits):
        if object_id("commit", commit.raw) != commit.id:
            yield Break(place(commit), "the commit's bytes are not those that its id names")
        parents = text_of(commit.raw).all("parent")
        expected = (commits[i + 1].id,) if i + 1 < len(commits) else ()
        if parents != expected:
            yield Break(place(commit), "the history is not one line of commits")


def _only_added(commit: Commit) -> Iterator[Break]:
    here = {c.path for c in commit.changes if c.status == "A"}
    for change in commit.changes:
        if change.status == "A":
            if change.mode != FILE_MODE:
                yield Break(change.path, f"{commit.id[:12]} added something that is not a plain file")
        elif change.status == "D":
            if tombstone_of(change.path) not in here:
                yield Break(change.path, f"{commit.id[:12]} removed it; what was written is never removed")
        else:
            yield Break(change.path, f"{commit.id[:12]} changed it; what was written is never changed")


def _sealed(commit: Commit, digests: Mapping[str, str]) -> Iterator[Break]:
    added = [c.path for c in commit.changes if c.status == "A"]
    said = text_of(commit.raw).trailer(SEAL)
    if not said:
        yield Break(place(commit), "the commit names no digest of what it adds: releaser did not make it")
    elif said != f"sha256:{seal({p: digests.get(p, '') for p in added})}":
        where = ", ".join(sorted(added)[:3]) + (f" and {len(added) - 3} more" if len(added) > 3 else "")
        yield Break(place(commit), f"what it added is not what it says it adds: {where or 'nothing'}")


def place(commit: Commit) -> str:
    """How a problem names a commit of the branch."""
    return f"releases@{commit.id[:12]}"
