"""How a use case's run ended, as the record keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from releaser.core.address import Address
from releaser.core.evidence_ref import EvidenceRef
from releaser.core.gate import Verdict
from releaser.core.kind import Kind, Verb
from releaser.core.outcome import Outcome, Status, UseCaseResult
from releaser.core.plan import Known
from releaser.core.record import Binding, Conclusion, Facts, OpenRecord, Retired, StepOutcome, StepStatus
from releaser.core.record import Outcome as Ending
from releaser.engine.apply import Job
from releaser.engine.deliver import RolledBack
from releaser.engine.planning import Planned

Names = tuple[str, ...]


def result_of(job: Job, planned: Planned, now: datetime) -> UseCaseResult:
    """The result of one use case when none of its tasks is left."""
    error = job.error
    return UseCaseResult(
        use_case=job.use_case,
        outcomes=job.in_order(),
        verified=job.verified,
        bindings=dict(job.work.bindings),
        retired=_retired_after(job, planned, now),
        message=str(error) if error else "",
        code=error.code if error else "",
        hint=error.hint if error else "",
        retires=job.cleared.plan.retires,
        exit_code=error.exit_code if error else 0,
    )


def conclude(
    job: Job,
    result: UseCaseResult,
    planned: Planned,
    verdicts: Sequence[Verdict],
    kinds: Mapping[str, Kind],
    facts: Facts,
) -> Conclusion:
    """What ``closed.json`` says of the use case."""
    done = Ending.RETIRED if result.retires else Ending.RELEASED
    outcome = done if result.succeeded else Ending.FAILED
    if not result.succeeded and job.error is not None and job.error.exit_code == 130:
        outcome = Ending.INTERRUPTED
    known = planned.known.get(job.use_case, Known())
    delivery: Mapping[str, Any] = job.work.delivery
    if isinstance(job.error, RolledBack):
        outcome, delivery = Ending.ROLLED_BACK, job.error.delivery
    is_back = isinstance(job.error, RolledBack)
    left = _left(job, planned)
    kept = {a: bs[0] for a, bs in left.items()} | dict(result.bindings)
    bindings = kept if result.succeeded else {**known.bindings, **({} if is_back else _created(job, kinds))}
    concerning = [v for v in verdicts if v.use_case in ("", job.use_case)]
    return Conclusion(
        outcome=outcome,
        outcomes=tuple(step_outcome(o) for o in result.outcomes),
        bindings=bindings,
        retired=only_retired(result.retired),
        verified=result.verified,
        verdicts=tuple(_kept(v) for v in concerning),
        facts=facts,
        duration_ms=sum(o.duration_ms for o in result.outcomes),
        attempted=_beside(left, kept) if result.succeeded else attempted_names(job, known),
        allowed={} if result.succeeded else _allowed(job, known),
        delivery=delivery,
    )


def _allowed(job: Job, known: Known) -> dict[Address, tuple[str, ...]]:
    """Stamps of drafts that this run, or one before it since the last release, was allowed to write."""
    pairs = known.approved | {(s.address, s.stamp) for s in job.cleared.plan.steps if s.verb is Verb.UPDATE}
    return by_address(tuple(sorted(pairs)))


def _kept(verdict: Verdict) -> Mapping[str, Any]:
    """A verdict as a record keeps it."""
    said: dict[str, Any] = {"gate": verdict.gate, "result": verdict.result.value, "reason": verdict.reason}
    return said | ({"metrics": list(verdict.metrics)} if verdict.metrics else {})


def evidence_so_far(record: OpenRecord) -> Mapping[str, EvidenceRef]:
    """What a run found before its use case had to wait: it counts, whatever becomes of the record."""
    return record.evidence


def superseded(known: Known) -> Conclusion:
    """How a record ends that another run takes the place of: what it knew is kept."""
    return Conclusion(
        outcome=Ending.SUPERSEDED,
        bindings=known.bindings,
        retired=only_retired(known.retired),
        verified=False,
        duration_ms=0,
        attempted=by_address(known.attempted),
        allowed=by_address(tuple(sorted(known.approved))),
    )


def _left(job: Job, planned: Planned) -> dict[Address, tuple[Binding, ...]]:
    """What was to be marked or let go, and was not: it is live, so the record goes on knowing it."""
    done = {(k.address, k.target) for k, o in job.outcomes.items() if o.status is Status.DONE}
    found = {
        a: tuple(b for b in bs if not isinstance(b, Retired) and (a, b.id) not in done)
        for a, bs in planned.snapshot.retired.items()
        if a.use_case == job.use_case
    }
    return {a: bs for a, bs in found.items() if bs}


def _beside(left: Mapping[Address, tuple[Binding, ...]], kept: Mapping[Address, Binding]) -> dict[Address, Names]:
    """Names of what is left where another resource has the address by now: looked for by the next run."""
    names = {a: tuple(b.name for b in bs if b.id != kept[a].id) for a, bs in left.items()}
    return {a: found for a, found in names.items() if found}


def attempted_names(job: Job, known: Known) -> dict[Address, tuple[str, ...]]:
    """Names under which this run and those before it may have created something that no release knows yet."""
    found = set(known.attempted)
    found |= {(s.address, job.work.nodes[s.address].name) for s in job.steps if s.verb in (Verb.CREATE, Verb.REPOINT)}
    return by_address(sorted(found))


def by_address(names: Iterable[tuple[Address, str]]) -> dict[Address, tuple[str, ...]]:
    """The names of each address together."""
    found: dict[Address, tuple[str, ...]] = {}
    for address, name in names:
        found[address] = (*found.get(address, ()), name)
    return found


def _members(binding: Binding) -> dict[str, Any]:
    return {name: getattr(binding, name) for name in Binding.__dataclass_fields__}


def only_retired(found: Mapping[Address, tuple[Binding, ...]]) -> dict[Address, tuple[Retired, ...]]:
    """What is marked already; what is yet to be marked is not retired."""
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
            if verbs & {Verb.DELETE, Verb.DISOWN}:
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
        if not kinds[node.kind].is_named_by_content:
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
            on_remove=node.on_remove,
        )
    return found


_STATUS: Mapping[Status, StepStatus] = {
    Status.DONE: "DONE",
    Status.FAILED: "FAILED",
    Status.SKIPPED: "SKIPPED",
    Status.UNKNOWN: "UNKNOWN",
}


def step_outcome(outcome: Outcome) -> StepOutcome:
    """A step's outcome as the record keeps it."""
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
