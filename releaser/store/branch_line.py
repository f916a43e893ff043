"""The branch of records as a line of commits up to a moment, with the files that it had then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from releaser.core.proof.branch import Change, Commit
from releaser.store.git import Git

_AT_ONCE = 2000
"""Objects that are held in memory together."""


def newest_until(git: Git, tip: str, moment: datetime) -> str | None:
    """The newest commit of the branch that was made at or before a moment; None when there was none."""
    reply = git.run("rev-list", "--first-parent", "-n", "1", f"--until={int(moment.timestamp())}", tip)
    return reply.text or None


def commits_of(git: Git, tip: str) -> list[Commit]:
    """Every commit up to ``tip``, newest first, with what it changed."""
    ids = git.run("rev-list", "--topo-order", tip).text.split()
    changes = changes_of(git, ids)
    found = _objects(git, ids)
    return [Commit(oid, raw, changes.get(oid, ())) for oid, raw in zip(ids, found, strict=True)]


def _objects(git: Git, ids: Sequence[str]) -> Iterator[bytes]:
    for start in range(0, len(ids), _AT_ONCE):
        for item in git.objects(ids[start : start + _AT_ONCE]):
            yield item[1] if item else b""


def changes_of(git: Git, commits: Sequence[str]) -> dict[str, tuple[Change, ...]]:
    """What each commit changed against its parent, by one ``diff-tree``."""
    send = ("\n".join(commits) + "\n").encode()
    out = git.run("diff-tree", "--stdin", "-r", "--root", "--raw", "--no-renames", "-z", send=send).out
    found: dict[str, list[Change]] = {}
    rows = iter(out.split(b"\0"))
    current = ""
    for row in rows:
        if row.startswith(b":"):
            _, mode, _, _, status = row.decode().split(" ")
            found[current].append(Change(status[:1], mode, next(rows).decode("utf-8", "replace")))
        elif row.strip():
            current = row.decode().strip()
            found[current] = []
    return {commit: tuple(rows) for commit, rows in found.items()}


def files_at(git: Git, tip: str) -> dict[str, str]:
    """Path -> object id of every file that the branch had."""
    out = git.run("ls-tree", "-r", "-z", "--full-tree", tip).out
    rows = (row.partition(b"\t") for row in out.split(b"\0") if row)
    return {path.decode("utf-8", "replace"): meta.split()[2].decode() for meta, _, path in rows}


def contents(git: Git, files: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Every file with its bytes, a part at a time; one that is missing has none."""
    yield from zip(files, _objects(git, list(files.values())), strict=True)
