"""A run: open the records, stage, gate, promote, verify, close. What reconcile and apply share.

The order makes every crash harmless: the open record is written before the first write to AWS and closed after
verification; a run that finds it open continues under the same id, so with the same idempotency tokens.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from releaser.core.address import Address
from releaser.core.content import resolve_body
from releaser.core.errors import Refused, ReleaserError
from releaser.core.events import Noted, RunStarted, UseCaseEnded
from releaser.core.gate import Blocked, Cleared, Verdict, clear
from releaser.core.kind import Kind, Verb
from releaser.core.normal import comparable
from releaser.core.outcome import Outcome, Status, UseCaseResult
from releaser.core.plan import Known, UseCasePlan, Wave, is_within
from releaser.core.planner import Question, plan_use_case
from releaser.core.record import (
    ApprovedStep,
    Binding,
    Conclusion,
    Facts,
    Intent,
    OpenRecord,
    Retired,
    StepOutcome,
    StepStatus,
)
from releaser.core.record import Outcome as Ending
from releaser.core.snapshot import Seen
from releaser.core.witness import bind
from releaser.engine.apply import Applier, Job
from releaser.engine.observe import Observer
from releaser.engine.perform import Workspace, workspace
from releaser.engine.planning import Planned
from releaser.engine.ports import Clock, Ledger, Sink


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the content of a run comes from: what the records say of commit, tags and people."""

    commit: str
    tree: str
    tags: Mapping[str, str | None]
    """Use case -> object id of its annotated tag."""
    actor: str
    trigger: str
    tool_version: str
    dirty: bool = False


@dataclass
class Report:
    """What became of each use case."""

    results: dict[str, UseCaseResult] = field(default_factory=dict)
    refused: dict[str, ReleaserError] = field(default_factory=dict)
    """Use cases that were not started, and why."""
    unrecorded: ReleaserError | None = None
    """The work is done and its record could not be written: the next run closes it."""


@dataclass
class Run:
    """Applies a plan under open records."""

    observer: Observer
    applier: Applier
    ledger: Ledger
    kinds: Mapping[str, Kind]
    clock: Clock
    sink: Sink
    provenance: Provenance
    rollback_window: timedelta
    notes: Callable[[str, Mapping[Address, Binding]], str] = lambda _name, _bindings: ""
    facts: Callable[[str], Facts] = lambda _name: Facts()
    take_over: bool = False
    supersede: bool = False
    lease: timedelta = timedelta(minutes=15)

    def execute(self, planned: Planned, verdicts: Sequence[Verdict], unfinished: Iterable[str] = ()) -> Report:
        """Every use case with something to do, or whose record was left open. One's failure stops no other."""
        report = Report()
        wanted = [u for u in planned.plan.use_cases if u.steps or u.blocked or u.use_case in set(unfinished)]
        cleared = self._clear(planned, wanted, verdicts, report)
        records = self._open(planned, cleared, report)
        jobs = [self._job(planned, cleared[name], record, verdicts) for name, record in records.items()]
        steps = sum(len(j.steps) for j in jobs)
        self.sink.emit(RunStarted(planned.plan.environment, len(jobs), steps))
        closer = _Closer(self.ledger, self.clock, self.lease, dict(records))

        def ended(job: Job) -> None:
            result = self._result(job, planned)
            report.results[job.use_case] = result
            closer.put(job.use_case, self._conclude(job, result, planned, verdicts), self._notes(job, result))
            done = UseCaseEnded(job.use_case, job.cleared.plan.release, result.succeeded, result.message)
            self.sink.emit(done)

        with closer:
            self.applier.apply(jobs, ended)
        report.unrecorded = closer.error
        return report

    def _clear(
        self, planned: Planned, wanted: list[UseCasePlan], verdicts: Sequence[Verdict], report: Report
    ) -> dict[str, Cleared]:
        found = {}
        for part in wanted:
            answer = clear(planned.plan, part.use_case, Wave.STAGE, verdicts)
            if isinstance(answer, Blocked):
                report.refused[part.use_case] = refusal(answer)
            else:
                found[part.use_case] = answer
        return found

    def _open(self, planned: Planned, cleared: Mapping[str, Cleared], report: Report) -> dict[str, OpenRecord]:
        if not cleared:
            return {}
        self.sink.emit(Noted(f"opening {len(cleared)} records"))
        intents = [self._intent(planned, c) for c in cleared.values()]
        opening = self.ledger.open(intents, take_over=self.take_over, since=planned.witnesses)
        report.refused |= opening.held
        stale = {n: r for n, r in opening.resumed.items() if self._is_superseded(cleared[n], r)}
        diverged = {n: r for n, r in opening.resumed.items() if n not in stale and self._exceeds(cleared[n], r)}
        if self.supersede:
            stale |= diverged
            diverged = {}
        for name, record in diverged.items():
            report.refused[name] = self._diverged(cleared[name], record)
        records = {n: r for n, r in opening.resumed.items() if n not in stale and n not in diverged}
        records |= opening.opened
        if stale:
            records |= self._supersede(planned, {n: cleared[n] for n in stale}, stale, report)
        return {name: records[name] for name in cleared if name in records}

    def _supersede(
        self,
        planned: Planned,
        cleared: Mapping[str, Cleared],
        stale: Mapping[str, OpenRecord],
        report: Report,
    ) -> Mapping[str, OpenRecord]:
        """Close what an older commit left open, keep what it knew, and open anew."""
        endings = []
        for name, record in stale.items():
            known = planned.known.get(name, Known())
            kept = _attempted(planned, name)
            conclusion = Conclusion(
                outcome=Ending.SUPERSEDED,
                bindings={**kept, **known.bindings},
                retired=_only_retired(known.retired),
                verified=False,
                duration_ms=0,
            )
            endings.append((record, conclusion, ""))
        self.ledger.close(endings)
        opening = self.ledger.open([self._intent(planned, c) for c in cleared.values()], take_over=self.take_over)
        report.refused |= opening.held
        return {**opening.opened, **opening.resumed}

    def _intent(self, planned: Planned, cleared: Cleared) -> Intent:
        part, plan, told = cleared.plan, planned.plan, self.provenance
        known = planned.known.get(part.use_case, Known())
        return Intent(
            use_case=part.use_case,
            environment=plan.environment,
            account=plan.account,
            region=plan.region,
            release=part.release,
            release_digest=part.release_digest,
            commit=told.commit,
            tree=told.tree,
            tag=told.tags.get(part.use_case),
            plan_digest=plan.digest,
            change_digest=part.change_digest,
            steps=tuple(
                ApprovedStep(address=s.address, verb=s.verb.value, stamp=s.stamp, before=s.before or None)
                for s in part.steps
            ),
            previous_release=known.release,
            tool_version=told.tool_version,
            actor=told.actor,
            trigger=told.trigger,
            dirty=told.dirty,
        )

    def _is_superseded(self, cleared: Cleared, record: OpenRecord) -> bool:
        """Left open by a run of other content: its approval says nothing about this one."""
        return record.opened.release_digest != cleared.plan.release_digest

    def _exceeds(self, cleared: Cleared, record: OpenRecord) -> bool:
        return bool(is_within(cleared.plan.steps, _approved(record)))

    def _diverged(self, cleared: Cleared, record: OpenRecord) -> ReleaserError:
        extra = ", ".join(str(k) for k in is_within(cleared.plan.steps, _approved(record))[:5])
        return Refused(
            f"{cleared.plan.use_case}: an interrupted run ({record.opened.release}) is to be continued, and the "
            f"account has changed meanwhile; now also needed: {extra}",
            code="P134",
            hint="look at `releaser plan`, then run again with --supersede to close the old record and start anew",
        )

    def _job(self, planned: Planned, cleared: Cleared, record: OpenRecord, verdicts: Sequence[Verdict]) -> Job:
        name = cleared.plan.use_case
        nodes = planned.compiled.graph.of(name)
        work = workspace(name, record.id, nodes, planned.snapshot, cleared.plan.versions, self.kinds)

        def between(_: Workspace) -> Cleared | Blocked:
            return clear(planned.plan, name, Wave.PROMOTE, verdicts)

        return Job(cleared, work, between, lambda w: self._verify(planned, cleared.plan, w))

    def _verify(self, planned: Planned, part: UseCasePlan, work: Workspace) -> None:
        """Look again, at everything: a new plan must be empty. Leaves the bindings for the record."""
        nodes = planned.compiled.graph.of(part.use_case)
        known = planned.known.get(part.use_case, Known())
        ids = {a: o["id"] for a, o in work.outputs.items() if "id" in o}
        proven = {a: {b.version: b.body_digest} for a, b in known.bindings.items() if b.version} | work.proven
        snapshot = self.observer.reread(nodes, ids, proven)
        draft = {n.address: _known_extras(known.bindings.get(n.address), work.extras.get(n.address)) for n in nodes}
        question = Question(
            use_case=part.use_case,
            nodes=nodes,
            snapshot=snapshot,
            known=Known(bindings={a: b for a, b in draft.items() if b is not None}),
            kinds=self.kinds,
            now=self.clock.now(),
            rollback_window=self.rollback_window,
        )
        again = plan_use_case(question)
        if again.blocked or again.steps:
            left = ", ".join([d.message for d in again.blocked] + [str(s.key) for s in again.steps])
            raise ReleaserError(
                f"{part.use_case} was applied and does not hold: {left}",
                code="P140",
                hint="somebody may be changing it; `releaser plan --deep` shows the difference",
            )
        for node in nodes:
            seen = snapshot.observations[node.address]
            version = again.versions.get(node.address)
            if isinstance(seen, Seen):
                if version:
                    work.learn(node.address, version=version)
                kind = self.kinds[node.kind]
                desired = comparable(kind, resolve_body(node, work.value))
                work.bindings[node.address] = bind(kind, node, seen, version, desired)

    def _result(self, job: Job, planned: Planned) -> UseCaseResult:
        error = job.error
        return UseCaseResult(
            use_case=job.use_case,
            outcomes=job.in_order(),
            verified=job.verified,
            bindings=dict(job.work.bindings),
            retired=_retired_after(job, planned, self.clock.now()),
            message=str(error) if error else "",
            code=error.code if error else "",
        )

    def _conclude(self, job: Job, result: UseCaseResult, planned: Planned, verdicts: Sequence[Verdict]) -> Conclusion:
        outcome = Ending.RELEASED if result.succeeded else Ending.FAILED
        if job.error is not None and job.error.exit_code == 130:
            outcome = Ending.INTERRUPTED
        known = planned.known.get(job.use_case, Known())
        bindings = result.bindings if result.succeeded else {**known.bindings, **_created(job, self.kinds)}
        concerning = [v for v in verdicts if v.use_case in ("", job.use_case)]
        return Conclusion(
            outcome=outcome,
            outcomes=tuple(_step_outcome(o) for o in result.outcomes),
            bindings=bindings,
            retired=_only_retired(result.retired),
            verified=result.verified,
            verdicts=tuple({"gate": v.gate, "result": v.result.value, "reason": v.reason} for v in concerning),
            facts=self.facts(job.use_case),
            duration_ms=sum(o.duration_ms for o in result.outcomes),
        )

    def _notes(self, job: Job, result: UseCaseResult) -> str:
        return self.notes(job.use_case, result.bindings) if result.succeeded else ""


def refusal(blocked: Blocked) -> ReleaserError:
    """The first reason as an exception with the right exit code."""
    first = blocked.verdicts[0]
    error = Refused if first.refusal and first.gate != "plan" else ReleaserError
    return error(first.reason, code=first.code or "P200", hint=first.hint)


def _approved(record: OpenRecord) -> list[tuple[str, str, str]]:
    return [(str(s.address), s.verb, s.stamp) for s in record.opened.steps]


def _known_extras(binding: Binding | None, extras: Mapping[str, str] | None) -> Binding | None:
    """A binding that knows only which server's additions to expect."""
    if extras is None:
        return binding
    return Binding(
        kind=binding.kind if binding else "",
        id=binding.id if binding else "",
        arn=binding.arn if binding else "",
        name=binding.name if binding else "",
        revision="",
        version=binding.version if binding else None,
        stamp="",
        behaviour="",
        body_digest="",
        server_defaults=extras,
    )


def _members(binding: Binding) -> dict[str, Any]:
    return {name: getattr(binding, name) for name in Binding.__dataclass_fields__}


def _attempted(planned: Planned, use_case: str) -> dict[Address, Binding]:
    """What the interrupted run created and nothing declares any more: kept in the record until it is retired."""
    return {a: bs[-1] for a, bs in planned.snapshot.retired.items() if a.use_case == use_case and bs}


def _only_retired(found: Mapping[Address, tuple[Binding, ...]]) -> dict[Address, tuple[Retired, ...]]:
    kept = {a: tuple(b for b in bs if isinstance(b, Retired)) for a, bs in found.items()}
    return {a: bs for a, bs in kept.items() if bs}


def _retired_after(job: Job, planned: Planned, now: datetime) -> dict[Address, tuple[Binding, ...]]:
    """What is marked after this run: what was, less what was deleted, plus what was marked now."""
    done = {k for k, o in job.outcomes.items() if o.status is Status.DONE}
    left: dict[Address, tuple[Binding, ...]] = {}
    for address, bindings in planned.snapshot.retired.items():
        if address.use_case != job.use_case:
            continue
        kept: list[Binding] = []
        for binding in bindings:
            verbs = {k.verb for k in done if k.address == address and k.target == binding.id}
            if Verb.DELETE in verbs:
                continue
            if Verb.RETIRE in verbs:
                kept.append(Retired(**_members(binding), since=now.replace(microsecond=0)))
            elif isinstance(binding, Retired):
                kept.append(binding)
        if kept:
            left[address] = tuple(kept)
    return left


def _created(job: Job, kinds: Mapping[str, Kind]) -> dict[Address, Binding]:
    """What a failed run did create, so that the next one finds it, or retires it when it is no longer wanted."""
    found = {}
    for address in job.work.settled:
        node, outputs = job.work.nodes[address], job.work.outputs[address]
        if not kinds[node.kind].identity.stamped_name:
            continue
        found[address] = Binding(
            kind=node.kind,
            id=outputs["id"],
            arn=outputs["arn"],
            name=job.work.names[address],
            revision="",
            version=None,
            stamp=node.stamp,
            behaviour=node.behaviour,
            body_digest="",
        )
    return found


_STATUS: Mapping[Status, StepStatus] = {
    Status.DONE: "DONE",
    Status.FAILED: "FAILED",
    Status.SKIPPED: "SKIPPED",
    Status.UNKNOWN: "UNKNOWN",
}


def _step_outcome(outcome: Outcome) -> StepOutcome:
    started = datetime.fromisoformat(outcome.started_at).replace(microsecond=0) if outcome.started_at else None
    return StepOutcome(
        address=outcome.key.address,
        verb=outcome.key.verb.value,
        status=_STATUS[outcome.status],
        message=outcome.message,
        request_ids=outcome.request_ids,
        started_at=started,
        duration_ms=outcome.duration_ms,
    )


class _Closer:
    """Closes records in batches, and renews the leases of those that are still open, in a thread of its own."""

    def __init__(self, ledger: Ledger, clock: Clock, lease: timedelta, records: dict[str, OpenRecord]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._lease = lease.total_seconds()
        self._records = records
        self._queue: queue.Queue[tuple[str, Conclusion, str] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="records", daemon=True)
        self.error: ReleaserError | None = None

    def put(self, use_case: str, conclusion: Conclusion, notes: str) -> None:
        self._queue.put((use_case, conclusion, notes))

    def __enter__(self) -> _Closer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        renewed = self._clock.monotonic()
        over = False
        while not over:
            batch, over = self._take()
            try:
                if batch:
                    self._ledger.close([(self._records.pop(name), c, n) for name, c, n in batch])
                if self._records and self._clock.monotonic() - renewed > self._lease / 3:
                    renewed = self._clock.monotonic()
                    self._records |= self._ledger.renew(list(self._records.values()))
            except ReleaserError as error:
                self.error = self.error or error

    def _take(self) -> tuple[list[tuple[str, Conclusion, str]], bool]:
        """Everything that waits, after a moment for more to come; whether it was the last."""
        batch: list[tuple[str, Conclusion, str]] = []
        timeout: float | None = 1.0
        while True:
            try:
                item = self._queue.get(timeout=timeout)
            except queue.Empty:
                return batch, False
            if item is None:
                return batch, True
            batch.append(item)
            timeout = 0.2
