"""Records without the git server: kept on disk while it is away, handed in when it is back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from releaser.core.address import Address
from releaser.core.entry import close_entry, encode, open_entry
from releaser.core.errors import LockHeld
from releaser.core.evidence_ref import EvidenceRef
from releaser.core.hold import is_overtaken
from releaser.core.proof.files import NOTES_FILE, sha256
from releaser.core.record import (
    Binding,
    Closed,
    Conclusion,
    Delivery,
    Intent,
    Opened,
    OpenRecord,
    Outcome,
    Resumed,
    Witness,
)
from releaser.core.replant import closing_of, replanted
from releaser.core.sequence import NOTHING_YET, State, assembled, followed, started
from releaser.core.values import EMPTY
from releaser.store.git import GitError
from releaser.store.holder import held_by, why_free
from releaser.store.ledger import Ledger
from releaser.store.queue import Queue, Queued
from releaser.store.records import Ending, Records

if TYPE_CHECKING:
    from releaser.engine.ports import Opening
    from releaser.store.evidence import EvidenceStore


@dataclass
class QueuedLedger:
    """The records of a run that cannot reach the git server. There is no lock there: another may be at work.

    ``opened`` is told of each new record when it is safely on disk, before the first write to AWS.
    """

    records: Records
    queue: Queue
    now: Callable[[], datetime]
    opened: Callable[[Opened], None] = lambda _: None

    def witnesses(self, environment: str) -> Mapping[str, Witness]:
        return with_waiting(self.records.witnesses(environment), self.queue.waiting(), environment)

    def open(
        self, intents: Sequence[Intent], *, take_over: bool = False, since: Mapping[str, Witness] | None = None
    ) -> Opening:
        """As ``Records.open``; nobody else sees it, so ``since`` says nothing."""
        from releaser.engine.ports import Opening

        opened: dict[str, OpenRecord] = {}
        resumed: dict[str, OpenRecord] = {}
        held: dict[str, LockHeld] = {}
        for intent in intents:
            left = self.queue.unfinished(intent.environment, intent.use_case)
            if left is None:
                opened[intent.use_case] = self._begin(intent)
                continue
            found = self._continue(left, take_over)
            if isinstance(found, LockHeld):
                held[intent.use_case] = found
            else:
                resumed[intent.use_case] = found
                self.opened(left.opened)
        return Opening(opened, resumed, held)

    def close(self, endings: Sequence[Ending]) -> None:
        """Each is finished with its notes; the next command that reaches the server hands it in."""
        for record, conclusion, text in endings:
            left = self.queue.unfinished(record.opened.environment, record.opened.use_case)
            if left is None or left.opened.id != record.id:
                continue
            notes = text.encode() if text else None
            state = assembled(str(left.folder), _entries(left))
            entry = close_entry(conclusion, record=state.ref, previous=state.tip, notes=notes, now=self._moment())
            files = {"closed.json": encode(entry)} | ({NOTES_FILE: notes} if notes is not None else {})
            self.queue.add(left.folder, files)

    def renew(self, records: Sequence[OpenRecord]) -> Mapping[str, OpenRecord]:
        """Nobody else sees the lease."""
        return {r.opened.use_case: r for r in records}

    def _begin(self, intent: Intent) -> OpenRecord:
        state, now = self._state(intent.environment, intent.use_case), self._moment()
        opened = open_entry(
            intent,
            seq=state.seq + 1,
            previous=state.open.tip if state.open else state.tip,
            holder=self.records.holder,
            now=now,
            expires=now + self.records.lease,
        )
        record, files = started(opened)
        self.queue.begin({path.rpartition("/")[2]: raw for path, raw in files.items()})
        self.opened(opened)
        return record

    def _continue(self, left: Queued, take_over: bool) -> OpenRecord | LockHeld:
        record, me, now = assembled(str(left.folder), _entries(left)), self.records.holder, self._moment()
        if record.holder == me:
            return record
        reason = why_free(record, me, now) or ("taken-over" if take_over else None)
        if reason is None:
            return held_by(record)
        lease = now + self.records.lease
        entry = Resumed(
            record=record.ref, previous=record.tip, holder=me, resumed_at=now, lease_expires=lease, reason=reason
        )
        after, files = followed(record, entry)
        self.queue.add(left.folder, {path.rpartition("/")[2]: raw for path, raw in files.items()})
        return after

    def _state(self, environment: str, use_case: str) -> State:
        """Where the sequence stands with what waits."""
        ledger = Ledger(self.records.git, self.records.branch.tip())
        state = ledger.states(environment, [use_case]).get(use_case, NOTHING_YET)
        for queued in self.queue.of(environment, use_case):
            closed = closing_of(queued.files)
            raw = queued.files.get("closed.json", b"")
            state = State(queued.opened.seq, sha256(raw), None, closed) if closed else state
        return state

    def _moment(self) -> datetime:
        return self.now().replace(microsecond=0)


@dataclass
class EmergencyLedger:
    """The branch of records; where it cannot be written to, the queue. What began in one place is finished there.

    ``without``: told why the branch could not be written to.
    """

    records: Records
    queued: QueuedLedger
    without: Callable[[GitError], None]
    is_queued: bool = False

    @property
    def evidence(self) -> EvidenceStore | None:
        """Where evidence is kept; None while the record waits: its place on the branch is not known yet."""
        return None if self.is_queued else self.records.evidence

    def witnesses(self, environment: str) -> Mapping[str, Witness]:
        return self.queued.witnesses(environment)

    def open(
        self, intents: Sequence[Intent], *, take_over: bool = False, since: Mapping[str, Witness] | None = None
    ) -> Opening:
        self.is_queued = self.is_queued or any(
            self.queued.queue.unfinished(i.environment, i.use_case) is not None for i in intents
        )
        if not self.is_queued:
            try:
                return self.records.open(intents, take_over=take_over, since=since)
            except GitError as error:
                self.without(error)
                self.is_queued = True
        return self.queued.open(intents, take_over=take_over, since=since)

    def close(self, endings: Sequence[Ending]) -> None:
        if self.is_queued:
            self.queued.close(endings)
        else:
            self.records.close(endings)

    def released_before(self, environment: str, live: Mapping[str, Closed]) -> Mapping[str, Closed]:
        return self.records.released_before(environment, live)

    def deliver(self, record: OpenRecord, delivery: Delivery) -> OpenRecord:
        """The queue tells of no roll-out: a way back reaches everybody at once."""
        return record if self.is_queued else self.records.deliver(record, delivery)

    def stage(
        self,
        record: OpenRecord,
        bindings: Mapping[Address, Binding],
        awaiting: Sequence[str],
        evidence: Mapping[str, EvidenceRef] = EMPTY,
    ) -> OpenRecord:
        """Nothing waits in an emergency for evidence: where the branch cannot be written to, the record stays open."""
        return record if self.is_queued else self.records.stage(record, bindings, awaiting, evidence)

    def renew(self, records: Sequence[OpenRecord]) -> Mapping[str, OpenRecord]:
        return self.queued.renew(records) if self.is_queued else self.records.renew(records)


def with_waiting(found: Mapping[str, Witness], waiting: Sequence[Queued], environment: str) -> dict[str, Witness]:
    """What git knows of an environment, and what it will know when the server is back."""
    witnesses = dict(found)
    for queued in waiting:
        if queued.opened.environment == environment:
            name = queued.opened.use_case
            before = witnesses.get(name, Witness(use_case=name, released=None, latest=None, open=None))
            witnesses[name] = _after(before, queued)
    return witnesses


def _after(before: Witness, queued: Queued) -> Witness:
    closed, held = closing_of(queued.files), (queued.opened.holds,) if queued.opened.holds else ()
    if closed is None:
        return replace(before, open=assembled(str(queued.folder), _entries(queued)), holds=(*held, *before.holds))
    if before.released is not None and is_overtaken(queued.opened, closed, before.released):
        return before
    kept = tuple(h for h in before.holds if h.release_digest != closed.record.release_digest)
    after = replace(before, latest=closed, holds=(*held, *kept))
    if closed.outcome in (Outcome.RELEASED, Outcome.RETIRED):
        live = closed if closed.outcome is Outcome.RELEASED else None
        after = replace(after, released=live, holds=after.holds if held else ())
    return after


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What became of what waited."""

    done: tuple[Queued, ...] = ()
    left: tuple[tuple[Queued, str], ...] = ()
    """What still waits, and why."""


def hand_in(
    records: Records, queue: Queue, stale: Callable[[Witness], Conclusion], now: Callable[[], datetime]
) -> HandedIn:
    """Append every finished record to the branch, each behind what others wrote meanwhile, and let it go here.

    ``stale``: how to close a record that a run left open which is proven gone. Raises what the push raises.
    """
    done: list[Queued] = []
    left: list[tuple[Queued, str]] = []
    for queued in queue.waiting():
        if any(queued.place == other.place for other, _ in left):
            left.append((queued, "one before it waits"))
        elif not queued.is_finished:
            left.append((queued, "it is not finished: run the same command again"))
        else:
            try:
                _hand_in(records, queue, queued, stale, now().replace(microsecond=0))
                queue.drop(queued)
            except LockHeld as error:
                left.append((queued, str(error)))
            except FileNotFoundError:
                if queued.folder.exists():
                    raise  # else another command in this clone was faster
            else:
                done.append(queued)
    return HandedIn(tuple(done), tuple(left))


def _hand_in(
    records: Records, queue: Queue, queued: Queued, stale: Callable[[Witness], Conclusion], now: datetime
) -> None:
    environment, use_case = queued.place

    def compose(tip: str | None) -> Mapping[str, bytes]:
        ledger = Ledger(records.git, tip)
        there = {account.opened.id for account in ledger.history(use_case, environment)}
        if there & (queue.planted(queued) | {queued.opened.id}):
            return {}  # an earlier push arrived, and its answer did not
        state = ledger.states(environment, [use_case]).get(use_case, NOTHING_YET)
        files: dict[str, bytes] = {}
        if state.open is not None:
            state, files = _settled(records, ledger, state.open, stale, now)
        opened, own = replanted(queued.files, state.seq + 1, state.tip, str(queued.folder))
        queue.plant(queued, opened.id)
        return files | {f"{opened.ref.folder}/{name}": raw for name, raw in own.items()}

    records.branch.append(compose, f"{environment}: hand in {use_case} {queued.opened.release}")


def _settled(
    records: Records, ledger: Ledger, record: OpenRecord, stale: Callable[[Witness], Conclusion], now: datetime
) -> tuple[State, dict[str, bytes]]:
    """A record that a dead run left open, closed. Raises LockHeld while its run may be at work."""
    me = records.holder
    reason = why_free(record, me, now)
    if reason is None:
        raise held_by(record)
    opened = record.opened
    entry = Resumed(record=record.ref, previous=record.tip, holder=me, resumed_at=now, lease_expires=now, reason=reason)
    after, files = followed(record, entry)
    conclusion = stale(ledger.witnesses(opened.environment)[opened.use_case])
    raw = encode(close_entry(conclusion, record=after.ref, previous=after.tip, notes=None, now=now))
    return State(opened.seq, sha256(raw), None, None), {**files, f"{after.ref.folder}/closed.json": raw}


def _entries(queued: Queued) -> dict[str, bytes]:
    return {name: raw for name, raw in queued.files.items() if name != NOTES_FILE}


__all__ = ["EmergencyLedger", "HandedIn", "QueuedLedger", "hand_in", "with_waiting"]
