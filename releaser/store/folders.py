"""Reads many folders of many commits by few git calls: five hundred releases cost about what one costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from releaser.core.proof.objects import tree_of
from releaser.store.git import Git, GitError, HistoryMissing, history_missing
from releaser.store.reader import MAX_FILE, Outside, TooLarge

_AHEAD = 1 << 20
"""Bytes of the largest file that is read before somebody asks for it."""
_FILES = 20_000
"""The most files a folder may have: a tree can be made that names one file in a million places."""
_DEEP = 64

Wanted = tuple[str, str]
"""A commit id, and a folder's path from the root."""


@dataclass(frozen=True, slots=True)
class Blobs:
    """File contents by object id; small ones are here already."""

    git: Git
    held: dict[str, bytes]
    sizes: Mapping[str, int]

    def read(self, oid: str) -> bytes | None:
        """The content; None when this clone lacks it."""
        if oid not in self.held and (found := self.git.objects([oid])[0]) is not None:
            self.held[oid] = found[1]
        return self.held.get(oid)


@dataclass(frozen=True, slots=True)
class FolderReader:
    """The files of one folder of one commit, as ``store.reader.Reader``. Paths are from the root, as everywhere."""

    commit: str
    tree: str
    """Of the whole commit."""
    files: Mapping[str, str]
    """Path -> object id."""
    links: frozenset[str]
    blobs: Blobs

    def list(self, prefix: str) -> tuple[str, ...]:
        below = prefix.rstrip("/") + "/" if prefix else ""
        return tuple(path for path in sorted(self.files) if path.startswith(below))

    def read(self, path: str) -> bytes | None:
        """As ``Reader.read``. Raises HistoryMissing when this clone lacks the content."""
        oid = self.files.get(path)
        if oid is None:
            if not self.links.isdisjoint(accumulate(path.split("/"), lambda a, b: f"{a}/{b}")):
                raise Outside(path)
            return None
        if self.blobs.sizes.get(oid, 0) > MAX_FILE:
            raise TooLarge(path)
        content = self.blobs.read(oid)
        if content is None:
            raise history_missing(self.blobs.git, self.commit)
        return content


def read_folders(git: Git, wanted: Sequence[Wanted]) -> list[FolderReader | HistoryMissing]:
    """One reader for each; what this clone lacks is told there, and stops no other. A folder that the commit does not
    have is an empty one."""
    try:
        return _read(git, wanted)
    except HistoryMissing as missing:  # a partial clone, whose server is away: nobody knows of which folder
        return [missing for _ in wanted]


def _read(git: Git, wanted: Sequence[Wanted]) -> list[FolderReader | HistoryMissing]:
    roots = _roots(git, [commit for commit, _ in wanted])
    tops = git.objects([f"{commit}:{git.prefix}{folder}" for commit, folder in wanted])
    found: list[_Folder | HistoryMissing] = []
    for (commit, folder), top in zip(wanted, tops, strict=True):
        if commit not in roots:
            found.append(history_missing(git, commit))
        else:
            made = _Folder(commit, roots[commit])
            if top is not None and top[0] == "tree":
                made.add(folder, top[1])
            found.append(made)
    _descend(git, found)
    whole = [f for f in found if isinstance(f, _Folder)]
    blobs = _blobs(git, sorted({oid for f in whole for oid in f.files.values()}))
    return [_finished(f, blobs) if isinstance(f, _Folder) else f for f in found]


class _Folder:
    """A folder while its trees are read."""

    def __init__(self, commit: str, tree: str) -> None:
        self.commit, self.tree = commit, tree
        self.files: dict[str, str] = {}
        self.links: set[str] = set()
        self.left: list[tuple[str, str]] = []
        """Path and object id of trees that are still to be read."""

    def add(self, path: str, raw: bytes) -> None:
        for name, (mode, oid) in tree_of(raw).items():
            match mode:
                case "40000":
                    self.left.append((f"{path}/{name}", oid))
                case "120000":
                    self.links.add(f"{path}/{name}")
                case "100644" | "100755":
                    self.files[f"{path}/{name}"] = oid
                case _:
                    pass  # a submodule: its content is in no commit of ours
        if len(self.files) + len(self.left) > _FILES:
            raise GitError(
                f"{path} has more than {_FILES:,} files at {self.commit[:12]}",
                code="G-git",
                hint="a use case's folder holds its manifest and what it names; keep the rest elsewhere",
            )


def _roots(git: Git, commits: Iterable[str]) -> dict[str, str]:
    """Commit -> its tree, of those that this clone has."""
    names = sorted(set(commits))
    found = {}
    for commit, item in zip(names, git.objects(names), strict=True):
        if item is not None and item[0] == "commit":
            found[commit] = item[1].split(b"\n", 1)[0].removeprefix(b"tree ").decode("ascii", "replace")
    return found


def _descend(git: Git, found: list[_Folder | HistoryMissing]) -> None:
    """Read the trees below, all folders together, a level at a time."""
    for _ in range(_DEEP):
        level = [(i, f, f.left) for i, f in enumerate(found) if isinstance(f, _Folder) and f.left]
        if not level:
            return
        oids = sorted({oid for _, _, left in level for _, oid in left})
        trees = dict(zip(oids, git.objects(oids), strict=True))
        for index, folder, left in level:
            folder.left = []
            for path, oid in left:
                item = trees[oid]
                if item is None:
                    found[index] = history_missing(git, folder.commit)
                    break
                folder.add(path, item[1])
    raise GitError(
        f"folders are nested more than {_DEEP} deep", code="G-git", hint="a use case's folder is two or three deep"
    )


def _blobs(git: Git, oids: Sequence[str]) -> Blobs:
    sizes = dict(_sizes(git, oids))
    small = [oid for oid in oids if sizes.get(oid, _AHEAD + 1) <= _AHEAD]
    held = {oid: item[1] for oid, item in zip(small, git.objects(small), strict=True) if item is not None}
    return Blobs(git, held, sizes)


def _sizes(git: Git, oids: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The bytes of each object that is there."""
    yield from ((found.oid, found.size) for found in git.headers(oids) if found)


def _finished(folder: _Folder, blobs: Blobs) -> FolderReader:
    return FolderReader(folder.commit, folder.tree, folder.files, frozenset(folder.links), blobs)
