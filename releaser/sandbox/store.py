"""What the sandbox remembers: documents in SQLite, with a read cache in front.

SQLite is the truth. One call is one transaction; a reply is sent only after its commit, so a ``kill -9``
loses nothing acknowledged (WAL with ``synchronous=NORMAL`` survives the death of the process; only a
power cut could take the last moments). Documents are replaced, never changed in place. The server is
single-threaded: no locks.
"""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from releaser.sandbox.blobs import Blobs

Doc = Mapping[str, Any]
Partition = tuple[str, str, str]

GLOBAL = ""
_HISTORY = 20_000
_SCHEMA = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=NORMAL;
CREATE TABLE IF NOT EXISTS doc (account TEXT, region TEXT, kind TEXT, id TEXT, body TEXT NOT NULL,
  PRIMARY KEY (account, region, kind, id)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Change:
    """One committed change, with what it replaced: enough to see the past."""

    at: float
    partition: Partition
    id: str
    before: Doc | None


class Store:
    """Documents by (account, region, kind) and id."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.blobs = Blobs(path.parent / "objects")
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.executescript(_SCHEMA)
        self._cache: dict[Partition, dict[str, Doc]] = {}
        self._pending: list[tuple[Partition, str, Doc | None]] = []
        self._undo: list[tuple[Partition, str, Doc | None]] = []
        self._history: deque[Change] = deque(maxlen=_HISTORY)

    def rows(self, account: str, region: str, kind: str) -> Mapping[str, Doc]:
        """All documents of a kind, by id. A live view: do not keep it."""
        return self._partition((account, region, kind))

    def get(self, account: str, region: str, kind: str, id: str) -> Doc | None:
        """One document, or None."""
        return self._partition((account, region, kind)).get(id)

    def put(self, account: str, region: str, kind: str, id: str, doc: Doc) -> None:
        """Adds or replaces a document in the running transaction."""
        self._change((account, region, kind), id, doc)

    def delete(self, account: str, region: str, kind: str, id: str) -> None:
        """Removes a document in the running transaction."""
        self._change((account, region, kind), id, None)

    @contextmanager
    def transaction(self, at: float) -> Iterator[None]:
        """All changes inside are committed together, or none when an exception leaves the block."""
        self._pending, self._undo = [], []
        try:
            yield
            if self._pending:
                self._commit()
        except BaseException:
            for partition, id, before in reversed(self._undo):
                self._apply(partition, id, before)
            raise
        for partition, id, before in self._undo:
            self._history.append(Change(at, partition, id, before))

    def before(self, partition: Partition, *, since: float | None = None, writes: int | None = None) -> dict[str, Doc]:
        """A partition as it was at ``since`` (clock), or ``writes`` changes of this partition ago."""
        rows = dict(self._partition(partition))
        undone = 0
        for change in reversed(self._history):
            if (since is not None and change.at <= since) or (writes is not None and undone >= writes):
                break
            if change.partition == partition:
                undone += 1
                _set(rows, change.id, change.before)
        return rows

    def wipe(self, account: str | None) -> None:
        """Forgets one account, or everything."""
        if account is None:
            self._db.execute("DELETE FROM doc")
            self.blobs.wipe()
        else:
            self._db.execute("DELETE FROM doc WHERE account = ?", (account,))
        self._cache.clear()
        self._history.clear()

    def close(self) -> None:
        """Closes the database."""
        self._db.close()

    def _partition(self, partition: Partition) -> dict[str, Doc]:
        rows = self._cache.get(partition)
        if rows is None:
            found = self._db.execute(
                "SELECT id, body FROM doc WHERE account = ? AND region = ? AND kind = ?", partition
            )
            rows = self._cache[partition] = {id: json.loads(body) for id, body in found}
        return rows

    def _change(self, partition: Partition, id: str, doc: Doc | None) -> None:
        self._undo.append((partition, id, self._partition(partition).get(id)))
        self._pending.append((partition, id, doc))
        self._apply(partition, id, doc)

    def _apply(self, partition: Partition, id: str, doc: Doc | None) -> None:
        _set(self._partition(partition), id, doc)

    def _commit(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for partition, id, doc in self._pending:
                if doc is None:
                    sql = "DELETE FROM doc WHERE account = ? AND region = ? AND kind = ? AND id = ?"
                    self._db.execute(sql, (*partition, id))
                else:
                    body = json.dumps(doc, separators=(",", ":"))
                    self._db.execute("INSERT OR REPLACE INTO doc VALUES (?, ?, ?, ?, ?)", (*partition, id, body))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise


def _set(rows: dict[str, Doc], id: str, doc: Doc | None) -> None:
    if doc is None:
        rows.pop(id, None)
    else:
        rows[id] = doc
