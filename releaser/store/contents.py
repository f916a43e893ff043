"""The files of many use cases at many commits, by a handful of git calls: what is the same in two commits is read once.

Everything is read from git's object store, never from the work tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from releaser.core.diagnostic import Diagnostic
from releaser.core.workspace import UseCaseFiles
from releaser.store.git import Git
from releaser.store.ledger import parse_tree
from releaser.store.reader import MAX_FILE, Outside, TooLarge
from releaser.store.workspace import load_use_case

_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Place:
    """A use case at a commit."""

    use_case: str
    commit: str


Loaded = UseCaseFiles | tuple[Diagnostic, ...] | None
"""The files; why they are none; None where this clone lacks the commit, or the commit the use case."""


def load_at(git: Git, places: Sequence[Place]) -> Iterator[tuple[Place, Loaded]]:
    """The files of each place, in order. Ask for a few hundred at a time: their contents are held together."""
    roots = git.objects([f"{p.commit}:{git.prefix}manifests/{p.use_case}" for p in places])
    trees = _Trees(git)
    listings = trees.listings([found[1] if found and found[0] == "tree" else None for found in roots])
    blobs = _blobs(git, (oid for listing in listings if listing for mode, oid in listing.values() if mode != _LINK))
    for place, listing in zip(places, listings, strict=True):
        if listing is None:
            yield place, None
            continue
        yield place, load_use_case(_Reader(f"manifests/{place.use_case}/", listing, blobs), place.use_case)


_LINK = "120000"
Listing = dict[str, tuple[str, str]]
"""Path below the folder -> mode and object id, of files and links."""


class _Trees:
    """Folders with what is in them, every tree read once."""

    def __init__(self, git: Git) -> None:
        self.git = git
        self.known: dict[str, dict[str, tuple[str, str]]] = {}

    def listings(self, roots: Sequence[bytes | None]) -> list[Listing | None]:
        parsed = [None if raw is None else parse_tree(raw) for raw in roots]
        level = [rows for rows in parsed if rows is not None]
        for _ in range(_DEEPEST):
            wanted = {oid for rows in level for mode, oid in rows.values() if mode == "40000"} - self.known.keys()
            if not wanted:
                break
            names = sorted(wanted)
            found = self.git.objects(names)
            level = [parse_tree(item[1]) if item else {} for item in found]
            self.known |= dict(zip(names, level, strict=True))
        return [None if rows is None else dict(self._files("", rows, _DEEPEST)) for rows in parsed]

    def _files(
        self, prefix: str, rows: dict[str, tuple[str, str]], depth: int
    ) -> Iterator[tuple[str, tuple[str, str]]]:
        for name, (mode, oid) in rows.items():
            if mode == "40000" and depth:
                yield from self._files(f"{prefix}{name}/", self.known.get(oid, {}), depth - 1)
            elif mode in ("100644", "100755", _LINK):
                yield f"{prefix}{name}", (mode, oid)


def _blobs(git: Git, oids: Iterable[str]) -> dict[str, bytes | None]:
    names = sorted(set(oids))
    return {n: item[1] if item else None for n, item in zip(names, git.objects(names), strict=True)}


class _Reader:
    """The files of one folder at one commit."""

    def __init__(self, prefix: str, listing: Listing, blobs: dict[str, bytes | None]) -> None:
        self.prefix, self.listing, self.blobs = prefix, listing, blobs

    def read(self, path: str) -> bytes | None:
        """As TreeReader's: raises Outside for a link, TooLarge."""
        inside = path.removeprefix(self.prefix)
        row = self.listing.get(inside)
        if row is None:
            parts = inside.split("/")
            for end in range(1, len(parts)):
                above = self.listing.get("/".join(parts[:end]))
                if above is not None and above[0] == _LINK:
                    raise Outside(path)
            return None
        if row[0] == _LINK:
            raise Outside(path)
        content = self.blobs[row[1]]
        if content is not None and len(content) > MAX_FILE:
            raise TooLarge(path)
        return content

    def list(self, prefix: str) -> tuple[str, ...]:
        below = prefix.rstrip("/") + "/" if prefix else ""
        return tuple(sorted(p for p in (self.prefix + name for name in self.listing) if p.startswith(below)))
