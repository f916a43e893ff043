"""What the history pages are made from: names, tags with their dates and heads, all of git."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from releaser.core.proof.files import NAME
from releaser.core.proof.objects import tree_of
from releaser.core.workspace import UseCaseFiles
from releaser.store.folders import FolderReader, read_folders
from releaser.store.git import Git, HistoryMissing
from releaser.store.remote import TAGS
from releaser.store.workspace import load_use_case

Loaded = UseCaseFiles | str
"""The files of a use case at a commit, or why there are none."""


def use_cases_at(git: Git, commit: str | None) -> tuple[str, ...]:
    """Names of the use cases that a commit has a folder for; those that may become a path."""
    found = git.objects([f"{commit}:{git.prefix}manifests"])[0] if commit else None
    rows = tree_of(found[1]) if found and found[0] == "tree" else {}
    return tuple(sorted(name for name, (mode, _) in rows.items() if mode == "40000" and NAME.fullmatch(name)))


def tag_dates(git: Git) -> dict[str, datetime]:
    """When each release tag was made, by ref; one git call."""
    out = git.run("for-each-ref", "--format=%(refname) %(creatordate:unix)", TAGS).out.decode("utf-8", "replace")
    rows = (line.rpartition(" ") for line in out.splitlines())
    return {ref: datetime.fromtimestamp(int(at), UTC) for ref, _, at in rows if at.isdecimal() and len(at) < 12}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A use case at a commit."""

    use_case: str
    commit: str


def files_at(git: Git, wanted: list[Wanted]) -> Mapping[Wanted, Loaded]:
    """The files of each, by few git calls."""
    readers = read_folders(git, [(w.commit, f"manifests/{w.use_case}") for w in wanted])
    return {w: _loaded(reader, w.use_case) for w, reader in zip(wanted, readers, strict=True)}


def _loaded(reader: FolderReader | HistoryMissing, use_case: str) -> Loaded:
    if isinstance(reader, HistoryMissing):
        return f"{reader}; {reader.hint}"
    try:
        found = load_use_case(reader, use_case)
    except HistoryMissing as error:
        return f"{error}; {error.hint}"
    return found if isinstance(found, UseCaseFiles) else f"{found[0].path}: {found[0].message}"
