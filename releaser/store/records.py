"""The records: what is live according to git, the lock, and the account of every run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, Protocol

from releaser.core.address import Address
from releaser.core.entry import close_entry, encode, open_entry
from releaser.core.errors import LockHeld
from releaser.core.evidence_ref import EvidenceRef
from releaser.core.proof.files import NOTES_FILE
from releaser.core.record import (
    Between,
    Binding,
    Closed,
    Conclusion,
    Delivering,
    Delivery,
    Holder,
    Intent,
    Opened,
    OpenRecord,
    Renewed,
    Resumed,
    Staged,
    Witness,
)
from releaser.core.sequence import NOTHING_YET, State, followed, started
from releaser.core.timeline import Account
from releaser.core.values import EMPTY
from releaser.store.branch import ReleasesBranch
from releaser.store.evidence import OnBranch
from releaser.store.git import Git
from releaser.store.holder import Reason, held_by, moved_on, why_free
from releaser.store.ledger import CLOSED_FILE, Ledger
from releaser.store.remote import Remote

if TYPE_CHECKING:
    from releaser.engine.ports import Opening

LEASE = timedelta(hours=1)
Ending = tuple[OpenRecord, Conclusion, str]
"""A record, how it ended, and its notes (Markdown, may be empty)."""


class Clock(Protocol):
    """What time it is, in UTC."""

    def now(self) -> datetime: ...


class Records:
    """Reads and writes the records of one repository, as one holder."""

    def __init__(
        self,
        git: Git,
        *,
        holder: Holder,
        clock: Clock,
        remote: Remote | None,
        lease: timedelta = LEASE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.git = git
        self.holder = holder
        self.lease = lease
        self._clock = clock
        self.branch = ReleasesBranch(git, remote, self._now, sleep)
        self.evidence = OnBranch()

    def witnesses(self, environment: str) -> dict[str, Witness]:
        """By use case: the last released record, the last closed, the open one. Does not ask the remote."""
        return self._ledger().witnesses(environment)

    def released_before(self, environment: str, live: Mapping[str, Closed]) -> dict[str, Closed]:
        """By use case: what a rollback from the live record would go to. Does not ask the remote."""
        return self._ledger().released_before(environment, live)

    def open(
        self, intents: Sequence[Intent], *, take_over: bool = False, since: Mapping[str, Witness] | None = None
    ) -> Opening:
        """Open a record for each use case, in one commit. Where one is open already: resumed if its holder is
        us or provably gone (or ``take_over``), else held. A use case that is held never stops the others.

        ``since``: the witnesses that the plan was made from. A use case with a newer record than that (another
        run was faster, or the last push of a killed one arrived late) is refused: its plan is out of date.
        """
        results: list[Opening] = []

        def compose(tip: str | None) -> Mapping[str, bytes]:
            files, result = self._compose_open(Ledger(self.git, tip), intents, take_over, since)
            results.append(result)
            return files

        self.branch.append(compose, _title("open", [(i.environment, i.use_case, i.release) for i in intents]))
        return results[-1]

    def renew(self, records: Sequence[OpenRecord]) -> dict[str, OpenRecord]:
        """Extend the lease of records that we hold. Raises LockHeld, after the others, for one taken over."""

        def entry(state: OpenRecord) -> Renewed:
            now = self._now()
            return Renewed(record=state.ref, previous=state.tip, renewed_at=now, lease_expires=now + self.lease)

        return self._add(records, "renew", entry)

    def stage(
        self,
        record: OpenRecord,
        bindings: Mapping[Address, Binding],
        awaiting: Sequence[str],
        evidence: Mapping[str, EvidenceRef] = EMPTY,
    ) -> OpenRecord:
        """Note that the candidates exist and what they wait for. The lock is free from here on."""

        def entry(state: OpenRecord) -> Staged:
            return Staged(
                record=state.ref,
                previous=state.tip,
                staged_at=self._now(),
                bindings=bindings,
                awaiting=tuple(awaiting),
                evidence=evidence,
            )

        return self._add([record], "stage", entry, evidence)[record.opened.use_case]

    def deliver(self, record: OpenRecord, delivery: Delivery) -> OpenRecord:
        """Note that what callers follow is on its way, and how far. The lock is free from here on."""

        def entry(state: OpenRecord) -> Delivering:
            return Delivering(record=state.ref, previous=state.tip, at=self._now(), delivery=delivery)

        return self._add([record], "deliver", entry)[record.opened.use_case]

    def close(self, endings: Sequence[Ending]) -> dict[str, Closed]:
        """Close records that we hold, with their notes, in one commit. A record that is closed already (the answer
        to the first try was lost) stays as it is. Raises LockHeld, after the others, for one taken over.
        """
        closed: dict[str, Closed] = {}
        lost: list[LockHeld] = []

        def compose(tip: str | None) -> Mapping[str, bytes]:
            closed.clear()
            lost.clear()
            return self._compose_close(Ledger(self.git, tip), endings, closed, lost)

        self.branch.append(compose, _title("close", [_names(record) for record, _, _ in endings]))
        if lost:
            raise lost[0]
        return closed

    def history(
        self, use_case: str | None = None, environment: str | None = None, *, brief: bool = False
    ) -> list[Account]:
        """Every record of a use case (None: all) in an environment (None: all), newest first; ``brief``: without steps,
        outcomes and bindings."""
        return self._ledger().history(use_case, environment, brief=brief)

    def accounts(self, use_cases: Iterable[str], environments: Iterable[str]) -> list[Account]:
        """Every record of some use cases in some environments, newest first in each sequence."""
        ledger, names = self._ledger(), list(use_cases)
        folders = [f for e in environments for rows in ledger.folders(e, names).values() for f in rows]
        return ledger.accounts(folders)

    def live(self, moment: datetime, use_case: str | None = None, environment: str | None = None) -> list[Account]:
        """What was live at that moment: the record that made it so, for each environment and use case."""
        return self._ledger().live(use_case, environment, moment)

    def places(self) -> frozenset[tuple[str, str]]:
        """Every (environment, use case) that has records."""
        ledger = self._ledger()
        return frozenset((e, use_case) for e in ledger.environments() for use_case in ledger.folders(e))

    def notes(self, account: Opened) -> str | None:
        """The release notes of a record."""
        path = f"{account.ref.folder}/{NOTES_FILE}"
        tip = self.branch.tip()
        found = self.git.objects([f"{tip}:{path}"])[0] if tip else None
        return found[1].decode("utf-8", "replace") if found else None

    def heads(self, environment: str) -> dict[str, str]:
        """``<env>/<use-case>`` -> sha256 of the newest entry of its sequence, as of the newest known commit."""
        return {f"{environment}/{name}": state.tip for name, state in self._ledger().states(environment).items()}

    def _ledger(self) -> Ledger:
        return Ledger(self.git, self.branch.tip())

    def _now(self) -> datetime:
        return self._clock.now().replace(microsecond=0)

    def _states(self, ledger: Ledger, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], State]:
        """Where each wanted (environment, use case) stands."""
        cases: dict[str, list[str]] = {}
        for environment, use_case in wanted:
            cases.setdefault(environment, []).append(use_case)
        return {
            (environment, use_case): state
            for environment, names in cases.items()
            for use_case, state in ledger.states(environment, names).items()
        }

    def _compose_open(
        self, ledger: Ledger, intents: Sequence[Intent], take_over: bool, since: Mapping[str, Witness] | None
    ) -> tuple[dict[str, bytes], Opening]:
        from releaser.engine.ports import Opening  # the engine's imports cost 0.2 s, and reading needs none of them

        states = self._states(ledger, ((i.environment, i.use_case) for i in intents))
        files: dict[str, bytes] = {}
        opened: dict[str, OpenRecord] = {}
        resumed: dict[str, OpenRecord] = {}
        held: dict[str, LockHeld] = {}
        for intent in intents:
            state = states.get((intent.environment, intent.use_case), NOTHING_YET)
            moved = since is not None and state.moved_on(since.get(intent.use_case))
            reason = self._claim(state.open, take_over) if state.open else None
            if state.open and reason is None:
                held[intent.use_case] = held_by(state.open)
            elif state.open and reason == "ours":
                resumed[intent.use_case] = state.open
            elif moved:
                held[intent.use_case] = moved_on(intent)
            elif state.open and reason and reason != "ours":
                resumed[intent.use_case] = self._resume(state.open, reason, files)
            else:
                opened[intent.use_case] = self._start(intent, state, files)
        return files, Opening(opened, resumed, held)

    def _start(self, intent: Intent, state: State, files: dict[str, bytes]) -> OpenRecord:
        now = self._now()
        opened = open_entry(
            intent,
            seq=state.seq + 1,
            previous=state.tip,
            holder=self.holder,
            now=now,
            expires=now + self.lease,
        )
        record, added = started(opened)
        files |= added
        return record

    def _claim(self, record: OpenRecord, take_over: bool) -> Reason | Literal["ours"] | None:
        if record.holder == self.holder and not record.free:
            return "ours"
        return why_free(record, self.holder, self._now()) or ("taken-over" if take_over else None)

    def _resume(self, record: OpenRecord, reason: Reason, files: dict[str, bytes]) -> OpenRecord:
        now = self._now()
        entry = Resumed(
            record=record.ref,
            previous=record.tip,
            holder=self.holder,
            resumed_at=now,
            lease_expires=now + self.lease,
            reason=reason,
        )
        after, added = followed(record, entry)
        files |= added
        return after

    def _add(
        self,
        records: Sequence[OpenRecord],
        verb: str,
        entry: Callable[[OpenRecord], Between],
        evidence: Mapping[str, EvidenceRef] = EMPTY,
    ) -> dict[str, OpenRecord]:
        after: dict[str, OpenRecord] = {}
        lost: list[LockHeld] = []

        def compose(tip: str | None) -> Mapping[str, bytes]:
            after.clear()
            lost.clear()
            states = self._states(Ledger(self.git, tip), map(_place, records))
            files: dict[str, bytes] = {}
            for record in records:
                state = self._ours(record, states, lost)
                if state is not None:
                    after[record.opened.use_case], added = followed(state, entry(state))
                    files |= added | self._kept(tip, evidence)
            return files

        self.branch.append(compose, _title(verb, [_names(r) for r in records]))
        if lost:
            raise lost[0]
        return after

    def _compose_close(
        self, ledger: Ledger, endings: Sequence[Ending], closed: dict[str, Closed], lost: list[LockHeld]
    ) -> dict[str, bytes]:
        states = self._states(ledger, (_place(record) for record, _, _ in endings))
        files: dict[str, bytes] = {}
        for record, conclusion, text in endings:
            use_case = record.opened.use_case
            latest = states.get(_place(record), NOTHING_YET).latest
            if latest is not None and latest.record.id == record.id:
                closed[use_case] = latest
                continue
            state = self._ours(record, states, lost)
            if state is None:
                continue
            notes = text.encode() if text else None
            entry = close_entry(conclusion, record=state.ref, previous=state.tip, notes=notes, now=self._now())
            closed[use_case] = entry
            files[f"{state.ref.folder}/{CLOSED_FILE}"] = encode(entry)
            if notes is not None:
                files[f"{state.ref.folder}/{NOTES_FILE}"] = notes
            files |= self._kept(ledger.commit, conclusion.evidence)
        return files

    def _kept(self, tip: str | None, evidence: Mapping[str, EvidenceRef]) -> dict[str, bytes]:
        """The files of evidence that is kept on the branch and is not there yet: paths have its digest."""
        waiting = self.evidence.waiting
        paths = [ref.uri for ref in evidence.values() if ref.uri in waiting]
        there = self.git.objects([f"{tip}:{path}" for path in paths]) if tip else [None] * len(paths)
        return {path: waiting[path] for path, found in zip(paths, there, strict=True) if found is None}

    def _ours(
        self, record: OpenRecord, states: Mapping[tuple[str, str], State], lost: list[LockHeld]
    ) -> OpenRecord | None:
        """The record as it stands now; None, and noted in ``lost``, when it is no longer ours."""
        state = states.get(_place(record), NOTHING_YET)
        if state.open is not None and state.open.id == record.id and state.open.holder == self.holder:
            return state.open
        if state.open is not None:
            lost.append(held_by(state.open))
        else:
            closed_by_other = f"the record {record.ref.folder} was closed by another run"
            lost.append(LockHeld(closed_by_other, code="G-lock-lost", hint="run again: it plans anew"))
        return None


def _place(record: OpenRecord) -> tuple[str, str]:
    return record.opened.environment, record.opened.use_case


def _names(record: OpenRecord) -> tuple[str, str, str]:
    return *_place(record), record.opened.release


def _title(verb: str, records: Sequence[tuple[str, str, str]]) -> str:
    """``dev: open claims-assistant r12``, or how many."""
    environments = ", ".join(sorted({environment for environment, _, _ in records}))
    if len(records) == 1:
        return f"{environments}: {verb} {records[0][1]} {records[0][2]}"
    return f"{environments}: {verb} {len(records)} records"
