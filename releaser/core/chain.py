"""Checks a sequence of records: over its raw bytes (``core/proof``), and that each entry can be read. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from releaser.core.entry import RecordUnreadable, decode
from releaser.core.proof.files import parsed, sha256
from releaser.core.proof.sequence import Break, problems, split, walk
from releaser.core.record import KINDS

__all__ = ["Break", "head_of", "verify"]


def verify(files: Mapping[str, bytes], head: str = "") -> tuple[Break, ...]:
    """What is wrong with the sequence of one use case in one environment; empty when nothing is.

    ``files``: every file under ``<env>/<use-case>/``, by path from the root of the branch. ``head``: sha256 of the
    newest entry, known from elsewhere (the signed commit, an anchor); without it, a change of the newest entry that
    keeps its form cannot be seen, since no later entry names its digest yet.
    """
    found = list(problems(files, head))
    told = {problem.path for problem in found}
    return tuple(sorted([*found, *(p for p in _unreadable(files) if p.path not in told)]))


def head_of(files: Mapping[str, bytes]) -> str:
    """The digest to anchor: that of the newest entry; empty when there is none."""
    entries, _ = split(files)
    order = walk(entries)
    return sha256(entries[order[-1]]) if order else ""


def _unreadable(files: Mapping[str, bytes]) -> Iterator[Break]:
    """Entries of the kinds that are known here, not of their shape."""
    for path, raw in split(files)[0].items():
        if parsed(raw).get("entry") in KINDS:
            try:
                decode(raw, path)
            except RecordUnreadable as error:
                yield Break(path, str(error))
