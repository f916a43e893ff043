"""A run: open the records, stage, gate, promote, verify, close. What reconcile and apply share.

The order makes every crash harmless: the open record is written before the first write to AWS and closed after
verification; a run that finds it open continues under the same id, so with the same idempotency tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from releaser.core.address import Address
from releaser.core.change_facts import Approval, ChangeFacts
from releaser.core.errors import Awaiting, Refused, ReleaserError
from releaser.core.events import Noted, RunStarted, UseCaseEnded
from releaser.core.evidence_ref import EvidenceRef
from releaser.core.garbage import is_of_gc
from releaser.core.gate import Blocked, Cleared, Verdict, clear
from releaser.core.graph import physical_name
from releaser.core.kind import REMOVAL, Kind, Verb
from releaser.core.outcome import UseCaseResult
from releaser.core.plan import Known, Step, UseCasePlan, Wave, is_within
from releaser.core.record import (
    ApprovedStep,
    Binding,
    Emergency,
    Facts,
    Held,
    Intent,
    Opened,
    OpenRecord,
    RecordRef,
    is_older,
)
from releaser.core.record import Outcome as Ending
from releaser.core.values import EMPTY, digest
from releaser.engine.apply import Applier, Job
from releaser.engine.closer import Awaited, Closer
from releaser.engine.conclude import conclude, evidence_so_far, result_of, superseded
from releaser.engine.deliver import Underway, rolled_back
from releaser.engine.observe import Observer
from releaser.engine.perform import Workspace, token, workspace
from releaser.engine.planning import Planned
from releaser.engine.ports import Clock, Ledger, Sink
from releaser.engine.verify import verify


@dataclass(frozen=True, slots=True)
class Source:
    """Where the content of one use case comes from."""

    commit: str
    tree: str
    tag: str | None
    """Object id of its annotated tag."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the content of a run comes from: what the records say of commits, tags and people."""

    sources: Mapping[str, Source]
    """By use case."""
    actor: str
    trigger: str
    tool_version: str
    dirty: bool = False
    environment_commit: str = ""
    """Where environment.yaml and pins come from."""
    emergencies: Mapping[str, Emergency] = EMPTY
    """By use case: why this run does not take the usual way."""
    holds: Mapping[str, Held] = EMPTY
    """By use case: what this run takes back."""
    changes: Mapping[str, ChangeFacts] = EMPTY
    """By use case: the change that brought it here."""
    environment_digest: str = ""
    """sha256 of environment.yaml."""
    session_name: str = ""
    """Names our calls in CloudTrail."""
    approvals: tuple[Approval, ...] = ()
    """Of the deployment."""


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
    notes: Callable[[Opened, Mapping[Address, Binding]], str] = lambda _opened, _bindings: ""
    facts: Callable[[str], Facts] = lambda _name: Facts()
    evaluate: Callable[[UseCasePlan, Workspace], tuple[Verdict, ...]] = lambda _part, _work: ()
    """Judges the staged candidates of a use case, before callers get them."""
    evidence: Callable[[RecordRef], Mapping[str, EvidenceRef]] = lambda _record: EMPTY
    """Keeps what proves the outcome, when a use case has ended."""
    take_over: bool = False
    supersede: bool = False
    lease: timedelta = timedelta(minutes=15)
    _seeds: dict[str, dict[tuple[Address, str], str]] = field(default_factory=dict)
    """Tokens of creates that superseded runs may have sent: sent again, they cannot make a second one."""

    def execute(self, planned: Planned, verdicts: Sequence[Verdict], unfinished: Iterable[str] = ()) -> Report:
        """Every use case with something to do, or whose record was left open. One's failure stops no other."""
        report = Report()
        open_ = set(unfinished)
        self._record_lost(planned, report)
        parts = [u for u in planned.plan.use_cases if u.use_case not in planned.lost]
        wanted = [u for u in parts if u.steps or u.blocked or u.use_case in open_]
        for part in (u for u in wanted if u.observed):
            self.sink.emit(Noted(f"{part.use_case} says `mode: observe`: nothing is written"))
        wanted = [u for u in wanted if not u.observed]
        cleared = self._clear(planned, wanted, verdicts, report)
        records = self._open(planned, cleared, report)
        jobs = [self._job(planned, cleared[name], record, verdicts) for name, record in records.items()]
        steps = sum(len(j.steps) for j in jobs)
        if jobs:
            self.sink.emit(RunStarted(planned.plan.environment, len(jobs), steps))
        closer = Closer(self.ledger, self.clock, self.lease, dict(records), self.applier.stop.ask)

        def ended(job: Job) -> None:
            result = result_of(job, planned, self.clock.now())
            report.results[job.use_case] = result
            opened = records[job.use_case].opened
            if isinstance(job.error, Underway):
                closer.pause(job.use_case, job.error.delivery)
            elif isinstance(job.error, Awaiting):
                reasons = tuple(v.reason for v in job.blocked.verdicts) if job.blocked else ()
                closer.stage(job.use_case, Awaited(reasons, self.evidence(opened.ref)))
            else:
                everything = (*verdicts, *job.judged)
                conclusion = conclude(job, result, planned, everything, self.kinds, self.facts(job.use_case))
                found = {**evidence_so_far(records[job.use_case]), **self.evidence(opened.ref)}
                conclusion = replace(conclusion, evidence=found, approvals=self.provenance.approvals)
                closer.put(job.use_case, conclusion, self.notes(opened, result.bindings) if result.succeeded else "")
            release, goes_on = job.cleared.plan.release, result.is_underway
            done = UseCaseEnded(job.use_case, release, result.succeeded, result.message, goes_on)
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
        intents = [self._intent(planned, c.plan) for c in cleared.values()]
        opening = self.ledger.open(intents, take_over=self.take_over, since=planned.witnesses)
        report.refused |= opening.held
        stale = {n: r for n, r in opening.resumed.items() if self._is_superseded(cleared[n], r)}
        diverged = {n: r for n, r in opening.resumed.items() if n not in stale and self._exceeds(cleared[n], r)}
        if self.supersede:
            stale, diverged = dict(opening.resumed), {}
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
            self._seeds[name] = {**self._seeds.get(name, {}), **self._tokens_of(record)}
            endings.append((record, replace(superseded(known), evidence=evidence_so_far(record)), ""))
        self.ledger.close(endings)
        opening = self.ledger.open([self._intent(planned, c.plan) for c in cleared.values()], take_over=self.take_over)
        report.refused |= opening.held
        return {**opening.opened, **opening.resumed}

    def _tokens_of(self, record: OpenRecord) -> dict[tuple[Address, str], str]:
        """(address, name) -> token of each create that an open record allowed."""
        found = {}
        for step in record.opened.steps:
            kind = self.kinds.get(step.address.kind)
            if kind is not None and step.verb == Verb.CREATE:
                name = step.name or physical_name(step.address, kind, step.stamp)
                found[step.address, name] = token(record.id, step.address, Verb.CREATE, step.stamp)
        return found

    def _record_lost(self, planned: Planned, report: Report) -> None:
        """What was taken back since the records were written is closed as rolled back: from then on it is held."""
        for name, lost in sorted(planned.lost.items()):
            kind = self.kinds[lost.address.kind]
            job = self.observer.driver.deliverer.job(kind, lost.id, lost.job)
            error = rolled_back(kind, job)
            part = next(u for u in planned.plan.use_cases if u.use_case == name)
            intent = replace(self._intent(planned, part), steps=())
            before = Known()
            if not lost.is_open:
                intent, before = self._undone(planned, name, intent)
            opening = self.ledger.open([intent], take_over=self.take_over, since=planned.witnesses)
            report.refused |= opening.held
            record = {**opening.opened, **opening.resumed}.get(name)
            if record is None:
                continue
            known = planned.known.get(name, Known())
            live = known.bindings if lost.is_open else before.bindings
            conclusion = replace(superseded(known), outcome=Ending.ROLLED_BACK, bindings=live, delivery=error.delivery)
            self.ledger.close([(record, conclusion, "")])
            report.refused[name] = error

    def _undone(self, planned: Planned, name: str, intent: Intent) -> tuple[Intent, Known]:
        """A release that somebody took back by hand: who it was, and what is live instead."""
        live = planned.witnesses[name].released
        if live is None:
            return intent, Known()
        before = self.ledger.released_before(planned.plan.environment, {name: live}).get(name)
        was = live.record
        intent = replace(
            intent,
            release=was.release,
            release_digest=was.release_digest,
            commit=was.commit,
            rollback_to=before.record.release if before else "",
        )
        return intent, Known(bindings=before.bindings if before else {})

    def _intent(self, planned: Planned, part: UseCasePlan) -> Intent:
        plan, told = planned.plan, self.provenance
        known = planned.known.get(part.use_case, Known())
        source = told.sources[part.use_case]
        nodes = planned.compiled.graph.of(part.use_case)
        names = {n.address: n.name for n in nodes}
        return Intent(
            use_case=part.use_case,
            environment=plan.environment,
            account=plan.account,
            region=plan.region,
            release=part.release,
            release_digest=part.release_digest,
            commit=source.commit,
            tree=source.tree,
            tag=source.tag,
            plan_digest=plan.digest,
            change_digest=part.change_digest,
            steps=tuple(self._approved(s, names.get(s.address, "")) for s in part.steps),
            previous_release=known.release,
            tool_version=told.tool_version,
            actor=told.actor,
            trigger=told.trigger,
            dirty=told.dirty,
            risk=part.risk.value,
            environment_commit=told.environment_commit if told.environment_commit != source.commit else "",
            emergency=told.emergencies.get(part.use_case),
            holds=told.holds.get(part.use_case),
            environment_digest=told.environment_digest,
            manifest_digest=digest({str(n.address): n.stamp for n in nodes}) if nodes else "",
            rollback_to=known.release if known.release_digest != part.release_digest else "",
            change=told.changes.get(part.use_case),
            session_name=told.session_name,
        )

    def _approved(self, step: Step, name: str) -> ApprovedStep:
        """With the name in AWS where address and stamp do not tell it: whoever comes after a crash must look for it."""
        makes = step.verb in (Verb.CREATE, Verb.REPOINT)
        chosen = makes and name and name != physical_name(step.address, self.kinds[step.address.kind], step.stamp)
        return ApprovedStep(
            address=step.address,
            verb=step.verb.value,
            stamp=step.stamp,
            before=step.before or None,
            name=name if chosen else "",
        )

    def _is_superseded(self, cleared: Cleared, record: OpenRecord) -> bool:
        """Left open by a run of other content, or by gc: its approval says nothing about this one."""
        opened = record.opened
        other = cleared.plan.retires and not all(s.verb in REMOVAL for s in opened.steps)
        return other or opened.release_digest != cleared.plan.release_digest or is_of_gc(opened)

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
        work.seeds = self._seeds.get(name, {})
        work.at_once = self._goes_back(planned, cleared.plan)
        work.delivery = self._delivered(planned, record)

        def between(staged: Workspace) -> Cleared | Blocked:
            job.judged = self.evaluate(cleared.plan, staged)
            return clear(planned.plan, name, Wave.PROMOTE, (*verdicts, *job.judged))

        job = Job(cleared, work, between, lambda w: self._verify(planned, cleared.plan, w))
        return job

    def _goes_back(self, planned: Planned, part: UseCasePlan) -> bool:
        """Whether an older release comes back than the one that is live, or on its way."""
        witness = planned.witnesses.get(part.use_case)
        on_its_way = witness.open.opened.release if witness and witness.open else ""
        live = planned.known.get(part.use_case, Known()).release
        emergency = self.provenance.emergencies.get(part.use_case)
        is_asked = emergency is not None and emergency.kind == "rollback"
        return is_older(part.release, live) or is_older(part.release, on_its_way) or is_asked

    def _delivered(self, planned: Planned, record: OpenRecord) -> Mapping[str, Any]:
        """How the document reached its readers, where an earlier run began to bring it and it has arrived since."""
        on_its_way = record.delivering.delivery if record.delivering else None
        kind = next((k for k in self.kinds.values() if k.delivery), None)
        if on_its_way is None or kind is None:
            return {}
        id_ = f"{on_its_way.application}/{on_its_way.environment}"
        return self.observer.driver.deliverer.facts_of(kind, id_, on_its_way.deployment)

    def _verify(self, planned: Planned, part: UseCasePlan, work: Workspace) -> None:
        verify(self.observer, planned, part, work, self.clock.now(), self.rollback_window)


def refusal(blocked: Blocked) -> ReleaserError:
    """The first reason as an exception with the right exit code."""
    first = blocked.verdicts[0]
    error = Refused if first.refusal and first.gate != "plan" else ReleaserError
    return error(first.reason, code=first.code or "P200", hint=first.hint)


def _approved(record: OpenRecord) -> list[tuple[str, str, str]]:
    return [(str(s.address), s.verb, s.stamp) for s in record.opened.steps]
