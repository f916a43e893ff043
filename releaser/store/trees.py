"""Reads files as they are in a commit, never from the work tree."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from releaser.store.git import Git, HistoryMissing, history_missing
from releaser.store.reader import Outside

_AHEAD = 1 << 20


class TreeReader:
    """The files of one commit. Listing is one git call; small files are read ahead, a top folder at a time."""

    def __init__(self, git: Git, commit: str, prefixes: Sequence[str] = ()) -> None:
        """``prefixes``: the folders that will be read (all when empty). Raises HistoryMissing."""
        self.git = git
        self.commit = commit
        tree = f"{commit}:{git.prefix.rstrip('/')}" if git.prefix else commit
        reply = git.run("ls-tree", "-r", "-l", "-z", "--full-tree", tree, "--", *prefixes, ok=(0, 128))
        if reply.code and git.resolve(commit) is None:
            raise self._missing()
        self._rows: dict[str, tuple[str, int]] = {}
        self._links: set[str] = set()
        for row in reply.out.split(b"\0"):
            meta, _, path = row.partition(b"\t")
            mode, _, rest = meta.partition(b" ")
            if mode == b"120000":
                self._links.add(path.decode("utf-8", "surrogateescape"))
            elif mode in (b"100644", b"100755"):  # no submodules
                _, oid, size = rest.split()
                self._rows[path.decode("utf-8", "surrogateescape")] = (oid.decode(), int(size))
        self._paths = sorted(self._rows)
        self._read: dict[str, bytes] = {}

    def paths(self, prefix: str = "") -> list[str]:
        """Paths of the files under a folder (all when empty), sorted."""
        if not prefix:
            return list(self._paths)
        start = prefix.rstrip("/") + "/"
        return self._paths[bisect_left(self._paths, start) : bisect_left(self._paths, start + "\U0010ffff")]

    def size(self, path: str) -> int | None:
        """Bytes of a file, without reading it; None when there is none."""
        row = self._rows.get(path)
        return row[1] if row else None

    def read(self, path: str) -> bytes | None:
        """Content of a file; None when the commit has no regular file there. Raises Outside for a link, as on disk."""
        if path not in self._rows:
            if self._links and not self._links.isdisjoint(accumulate(path.split("/"), lambda a, b: f"{a}/{b}")):
                raise Outside(path)
            return None
        if path not in self._read:
            self.preload(path.split("/", 1)[0])
        if path not in self._read:
            self._load([path])
        return self._read[path]

    def preload(self, prefix: str = "", largest: int = _AHEAD) -> None:
        """Read every file under a folder that is not larger than ``largest``, by one git call."""
        self._load([p for p in self.paths(prefix) if p not in self._read and self._rows[p][1] <= largest])

    def _load(self, paths: Sequence[str]) -> None:
        found = self.git.objects([self._rows[p][0] for p in paths])
        for path, item in zip(paths, found, strict=True):
            if item is None:
                raise self._missing()
            self._read[path] = item[1]

    def _missing(self) -> HistoryMissing:
        return history_missing(self.git, self.commit)
