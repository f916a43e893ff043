"""Reads records from one commit of the branch ``releases``: few git calls, however long the history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from releaser.core.entry import RecordUnreadable, decode, document
from releaser.core.hold import holds_after, is_overtaken
from releaser.core.proof.files import FOLDER, NAME, NOTES_FILE, sha256
from releaser.core.proof.objects import tree_of
from releaser.core.record import Closed, Opened, OpenRecord, Outcome, Witness
from releaser.core.sequence import State, assembled
from releaser.core.timeline import DECIDES, Account, Ending, live_of
from releaser.store.git import Git

CLOSED_FILE = "closed.json"
Row = tuple[Opened | None, Closed | None]
"""The first entry of a record that says what it holds (None: it holds nothing), and the last one."""


@dataclass(frozen=True, slots=True)
class Folder:
    """One record's folder: its number and its tree."""

    path: str
    seq: int
    tree: str


class Ledger:
    """The records as of one commit (None: there are none)."""

    def __init__(self, git: Git, commit: str | None) -> None:
        self.git = git
        self.commit = commit

    def environments(self) -> tuple[str, ...]:
        """Every environment that has records."""
        rows = self._trees([f"{self.commit}^{{tree}}"])[0] if self.commit else {}
        return tuple(sorted(name for name, (mode, _) in rows.items() if mode == "40000" and NAME.fullmatch(name)))

    def folders(self, environment: str, only: Iterable[str] | None = None) -> dict[str, list[Folder]]:
        """Every record's folder by use case, newest first."""
        if self.commit is None or not NAME.fullmatch(environment):
            return {}
        rows = self._trees([f"{self.commit}:{environment}"])[0]
        wanted = None if only is None else set(only)
        cases = {
            name: oid
            for name, (mode, oid) in sorted(rows.items())
            if mode == "40000" and NAME.fullmatch(name) and (wanted is None or name in wanted)
        }
        trees = self._trees(list(cases.values()))
        return {name: _newest_first(f"{environment}/{name}", tree) for name, tree in zip(cases, trees, strict=True)}

    def states(self, environment: str, only: Iterable[str] | None = None) -> dict[str, State]:
        """Where each sequence stands."""
        latest = {name: rows[0] for name, rows in self.folders(environment, only).items() if rows}
        closings = self._closings(latest.values())
        opened = self._open_records([f for f in latest.values() if f.path not in closings])
        states = {}
        for name, found in latest.items():
            raw = closings.get(found.path)
            if raw is not None:
                states[name] = State(found.seq, sha256(raw), None, _closed(raw, found.path))
            else:
                record = opened[found.path]
                states[name] = State(found.seq, record.tip, record, None)
        return states

    def witnesses(self, environment: str) -> dict[str, Witness]:
        """What git knows of each use case: the last release, the last closed record, the open record, the hold.

        Every sequence is read back to the record that made what is live; all of them together, depth by depth. A way
        back that waited for the git server may stand behind a release that came after it: so no further than that.
        """
        folders = {name: rows for name, rows in self.folders(environment).items() if rows}
        opened: dict[str, OpenRecord] = {}
        read: dict[str, list[Row]] = {name: [] for name in folders}
        depth = 0
        pending = list(folders)
        while pending:
            at = {name: folders[name][depth] for name in pending}
            closings, holds = self._ends(at.values())
            if depth == 0:
                found = self._open_records([f for f in at.values() if f.path not in closings])
                opened = {name: found[f.path] for name, f in at.items() if f.path in found}
            for name, place in at.items():
                closed = _closed(closings[place.path], place.path) if place.path in closings else None
                read[name].append((holds.get(place.path), closed))
            depth += 1
            pending = [n for n in pending if not _decides(*read[n][-1]) and len(folders[n]) > depth]
        return {name: _witness(name, rows, opened.get(name)) for name, rows in read.items()}

    def released_before(self, environment: str, live: Mapping[str, Closed]) -> dict[str, Closed]:
        """Use case -> the last released record of another content than the live one: what a rollback goes to."""
        folders = {
            name: [f for f in rows if f.seq < live[name].record.seq]
            for name, rows in self.folders(environment, live).items()
        }
        found: dict[str, Closed] = {}
        depth = 0
        while pending := [n for n, rows in folders.items() if n not in found and len(rows) > depth]:
            at = {name: folders[name][depth] for name in pending}
            closings = self._closings(at.values())
            for name, place in at.items():
                closed = _closed(closings[place.path], place.path) if place.path in closings else None
                other = closed is not None and closed.record.release_digest != live[name].record.release_digest
                if closed is not None and other and closed.outcome == "released":
                    found[name] = closed
            depth += 1
        return found

    def files(self, folders: Sequence[Folder]) -> dict[str, bytes]:
        """Raw content of everything in these folders, by path."""
        paths = {
            f"{f.path}/{name}": oid
            for f, tree in zip(folders, self._trees([f.tree for f in folders]), strict=True)
            for name, (mode, oid) in tree.items()
            if mode != "40000"
        }
        found = self.git.objects(list(paths.values()))
        return {path: item[1] for path, item in zip(paths, found, strict=True) if item}

    def accounts(self, folders: Sequence[Folder], *, brief: bool = False) -> list[Account]:
        """What history shows of each record; ``brief``: without what only machines read, see ``decode``."""
        names = [f"{f.tree}:{name}" for f in folders for name in ("opened.json", CLOSED_FILE)]
        found = self.git.objects(names)
        rows = []
        for i, place in enumerate(folders):
            first, last = found[2 * i], found[2 * i + 1]
            opened = decode(first[1], place.path, brief=brief) if first else None
            if not isinstance(opened, Opened):
                raise RecordUnreadable(f"{place.path} has no opened.json", code="G-record-unreadable")
            rows.append(Account(opened, _closed(last[1], place.path, brief=brief) if last else None))
        return rows

    def history(self, use_case: str | None, environment: str | None, *, brief: bool = False) -> list[Account]:
        """Every record of a use case (None: all) in an environment (None: all), newest first; ``brief`` as above."""
        accounts = []
        for name in [environment] if environment else self.environments():
            folders = self.folders(name, [use_case] if use_case else None)
            accounts += self.accounts([f for rows in folders.values() for f in rows], brief=brief)
        accounts.sort(key=lambda a: (a.opened.opened_at, a.opened.seq, a.opened.environment, a.opened.use_case))
        return accounts[::-1]

    def live(self, use_case: str | None, environment: str | None, moment: datetime) -> list[Account]:
        """As ``timeline.live_at`` of the history; only what was live is read whole."""
        folders = [
            f
            for name in ([environment] if environment else self.environments())
            for rows in self.folders(name, [use_case] if use_case else None).values()
            for f in rows
        ]
        closings = self._closings(folders)
        return self.accounts(
            live_of(((_ending(f, closings[f.path]), f) for f in folders if f.path in closings), moment)
        )

    def _closings(self, folders: Iterable[Folder]) -> dict[str, bytes]:
        rows = list(folders)
        found = self.git.objects([f"{f.tree}:{CLOSED_FILE}" for f in rows])
        return {f.path: item[1] for f, item in zip(rows, found, strict=True) if item}

    def _ends(self, folders: Iterable[Folder]) -> tuple[dict[str, bytes], dict[str, Opened]]:
        """The last entries, as ``_closings``, and the first ones of records that say what they hold. Almost none does,
        so few are decoded."""
        rows = list(folders)
        found = self.git.objects([f"{f.tree}:{name}" for name in (CLOSED_FILE, "opened.json") for f in rows])
        closings = {f.path: item[1] for f, item in zip(rows, found, strict=False) if item}
        said = {f.path: i[1] for f, i in zip(rows, found[len(rows) :], strict=True) if i and b'"holds"' in i[1]}
        opened = {path: decode(raw, f"{path}/opened.json") for path, raw in said.items()}
        return closings, {p: e for p, e in opened.items() if isinstance(e, Opened) and e.holds is not None}

    def _open_records(self, folders: Sequence[Folder]) -> dict[str, OpenRecord]:
        if not folders:
            return {}
        entries: dict[str, dict[str, bytes]] = {f.path: {} for f in folders}
        for path, raw in self.files(folders).items():
            folder, _, name = path.rpartition("/")
            if name != NOTES_FILE:
                entries[folder][name] = raw
        return {path: assembled(path, rows) for path, rows in entries.items()}

    def _trees(self, names: Sequence[str]) -> list[dict[str, tuple[str, str]]]:
        return [tree_of(item[1]) if item and item[0] == "tree" else {} for item in self.git.objects(names)]


def _decides(opened: Opened | None, closed: Closed | None) -> bool:
    """Whether nothing older matters to what is live."""
    return opened is None and closed is not None and closed.outcome in DECIDES


def _witness(name: str, rows: Sequence[Row], opened: OpenRecord | None) -> Witness:
    latest = next((c for _, c in rows if c is not None), None)
    by_time = _late_behind(rows)
    live = next((c for _, c in by_time if c is not None and c.outcome is Outcome.RELEASED), None)
    holds = holds_after((o.holds if o else None, c) for o, c in by_time)
    return Witness(use_case=name, released=live, latest=latest, open=opened, holds=holds)


def _late_behind(rows: Sequence[Row]) -> list[Row]:
    """Newest first, where what waited for the git server while another release came stands behind that one."""
    base = rows[-1][1]
    if base is None or not _decides(*rows[-1]):
        return list(rows)
    first = len(rows) - 1
    while first and _is_late(*rows[first - 1], base):
        first -= 1
    return [*rows[:first], rows[-1], *rows[first:-1]]


def _is_late(opened: Opened | None, closed: Closed | None, base: Closed) -> bool:
    return opened is not None and closed is not None and is_overtaken(opened, closed, base)


def _newest_first(path: str, tree: Mapping[str, tuple[str, str]]) -> list[Folder]:
    rows = []
    for name, (mode, oid) in tree.items():
        match = FOLDER.fullmatch(name)
        if match and mode == "40000":
            rows.append(Folder(f"{path}/{name}", int(match[1]), oid))
    return sorted(rows, key=lambda row: row.seq, reverse=True)


def _ending(place: Folder, raw: bytes) -> Ending:
    """What decides what is live; the rest of the entry stays unread."""
    data = document(raw, f"{place.path}/{CLOSED_FILE}")
    environment, use_case, _ = place.path.split("/")
    try:
        closed_at = datetime.fromisoformat(data["closedAt"])
        outcome = Outcome(data["outcome"])
    except (KeyError, TypeError, ValueError) as error:
        raise RecordUnreadable(
            f"{place.path}/{CLOSED_FILE}: {error}", code="G-record-unreadable", hint="records are never edited"
        ) from None
    return Ending((environment, use_case), place.seq, outcome, closed_at)


def _closed(raw: bytes, path: str, *, brief: bool = False) -> Closed:
    entry = decode(raw, f"{path}/{CLOSED_FILE}", brief=brief)
    if not isinstance(entry, Closed):
        raise RecordUnreadable(f"{path}/{CLOSED_FILE} is not a closed entry", code="G-record-unreadable")
    return entry
