"""What apply and reconcile share: tags, the run under open records, its report."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from types import FrameType
from typing import TYPE_CHECKING

from releaser.core.environment import duration
from releaser.core.errors import Refused
from releaser.core.events import Noted
from releaser.core.facts import facts_of
from releaser.core.gate import Verdict
from releaser.core.outcome import UseCaseResult
from releaser.core.plan import Plan
from releaser.core.record import Emergency, Facts, Held
from releaser.engine.ports import Ledger
from releaser.engine.run import Provenance, Report, Run
from releaser.kinds import registry
from releaser.pipeline.anchoring import anchor
from releaser.pipeline.desk import Desk
from releaser.pipeline.evaluating import evaluator
from releaser.pipeline.evidencing import keeper
from releaser.pipeline.gatekeeping import Gatekeeper
from releaser.pipeline.notes_of_run import notes_of
from releaser.pipeline.provenance import Agreed, provenance_of, sources_of
from releaser.pipeline.telling import say

if TYPE_CHECKING:
    from releaser.core.evaluation.judgement import Judgement
    from releaser.engine.apply import Stop
    from releaser.engine.planning import Planned
    from releaser.render.data import SavedPlan


@dataclass(frozen=True, slots=True)
class Options:
    """The flags of a run."""

    workers: int | None = None
    take_over: bool = False
    supersede: bool = False
    wait: str = "10m"
    """How long roll-outs are watched."""
    taken_back: TakenBack | None = None
    agreed: Agreed | None = None
    """None: nobody asked, and git's word is recorded."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What an emergency rollback says of itself, and where it is recorded."""

    use_case: str
    emergency: Emergency
    holds: Held | None
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class Finished:
    """A run with the plan it applied."""

    planned: Planned
    report: Report
    verdicts: tuple[Verdict, ...]
    judgements: tuple[Judgement, ...] = ()


def refuse_elsewhere(saved: SavedPlan, environment: str) -> None:
    """A saved plan is for one environment."""
    if saved.environment != environment:
        raise Refused(
            f"the plan was made for {saved.environment}, this is {environment}", code="P160", hint="plan again here"
        )


def refuse_stale(saved: SavedPlan, planned: Planned, desk: Desk) -> None:
    """A saved plan is applied only while it still says what would be done; once; where it was made for."""
    plan = planned.plan
    here = (plan.environment, plan.account, plan.region)
    there = (saved.environment, saved.account, saved.region)
    if here != there:
        raise Refused(
            f"the plan was made for {' '.join(there)}, this is {' '.join(here)}", code="P160", hint="plan again here"
        )
    witnesses = desk.witnesses()
    for part in saved.use_cases:
        witness = witnesses.get(part.use_case)
        if witness and witness.open is not None and witness.open.opened.plan_digest == saved.digest:
            continue  # our own interrupted run: what is left is checked against its approved steps
        if (
            witness
            and witness.latest is not None
            and part.steps
            and _was_applied(saved, witness.latest.record.id, desk)
        ):
            raise Refused(f"this plan was applied to {part.use_case} already", code="P161", hint="plan again")
        now = plan.of(part.use_case)
        bodies = {str(s.key): s.body_digest for s in now.steps} if now else {}
        approved = {str(s.key): s.body_digest for s in part.steps}
        if now is None or now.change_digest != part.change_digest or bodies != approved:
            raise Refused(
                f"the plan is stale: {part.use_case} would now change differently ({_difference(part, now)})",
                code="P160",
                hint="somebody changed git or the account since; plan again and look",
            )


def _was_applied(saved: SavedPlan, record_id: str, desk: Desk) -> bool:
    accounts = desk.repo.records(desk.environment).history(environment=desk.environment.name)
    return any(a.opened.id == record_id and a.opened.plan_digest == saved.digest for a in accounts)


def _difference(part: object, now: object) -> str:
    then = {(str(s.address), str(s.verb), s.stamp, s.before or "") for s in getattr(part, "steps", ())}
    today = {(str(s.address), s.verb.value, s.stamp, s.before) for s in getattr(now, "steps", ())}
    changed = sorted({f"{verb} {address}" for address, verb, _, _ in then ^ today})
    return ", ".join(changed[:5]) or "its content differs"


def execute(
    desk: Desk,
    planned: Planned,
    verdicts: Sequence[Verdict],
    tags: Mapping[str, str],
    options: Options,
) -> Finished:
    """Apply under open records, with progress on stderr."""
    from releaser.engine.apply import Applier, Stop
    from releaser.engine.perform import Performer
    from releaser.render.console import console

    clock, look, back = desk.repo.clock, desk.look, options.taken_back
    spec = desk.environment.spec
    with console(desk.repo.environ) as sink:
        stop, until = Stop(), clock.monotonic() + duration(options.wait).total_seconds()
        performer = Performer(
            look.observer.driver,
            registry(),
            clock.now,
            is_over=lambda: stop.asked or clock.monotonic() >= until,
            tell=lambda said: sink.emit(Noted(said)),
        )
        applier = Applier(
            performer,
            clock,
            sink,
            options.workers or spec.workers,
            look.connection.tally.take_request_ids,
            stop,
        )
        ledger = back.ledger if back else desk.repo.records(desk.environment)
        judged: list[Judgement] = []

        def hear(judgement: Judgement) -> None:
            judged.append(judgement)
            _show(desk, judgement)

        ordered = [back.use_case] if back else []
        gatekeeper = Gatekeeper(desk, planned, lambda: evaluator(desk, sink, lambda: stop.asked), hear, ordered)
        run = Run(
            observer=look.observer,
            applier=applier,
            ledger=ledger,
            kinds=registry(),
            clock=clock,
            sink=sink,
            provenance=_provenance(desk, tags, options),
            rollback_window=duration(spec.rollbackWindow),
            notes=notes_of(desk, planned),
            facts=_facts(desk, planned),
            evaluate=gatekeeper,
            evidence=keeper(desk, planned, ledger, gatekeeper.evidence_of),
            take_over=options.take_over,
            supersede=options.supersede,
            lease=_lease(desk),
        )
        here = desk.files.keys() | desk.retired
        unfinished = [n for n, w in desk.witnesses().items() if w.open is not None and n in here]
        unfinished += [back.use_case] if back else []  # also with nothing to do: the hold must stand in git
        with _stopping(applier.stop):
            report = run.execute(planned, verdicts, unfinished)
    if report.results:
        anchor(desk, ledger)
    return Finished(planned, report, tuple(verdicts), tuple(sorted(judged, key=lambda j: j.use_case)))


def _show(desk: Desk, judgement: Judgement) -> None:
    """A judgement that stands in the way, on stderr, with the worst samples."""
    from releaser.core.gate import Result
    from releaser.pipeline.rejudging import texts_of
    from releaser.render.evaluation.table import judgement_text

    if judgement.result is not Result.PASS:
        say(judgement_text(judgement, texts_of(desk.repo)).rstrip())
    else:
        say(f"{judgement.use_case}: " + "; ".join(f"{s.suite}: {s.reason}" for s in judgement.suites))


def _provenance(desk: Desk, tags: Mapping[str, str], options: Options) -> Provenance:
    told, back = provenance_of(desk, sources_of(desk, tags), options.agreed), options.taken_back
    if back is None:
        return told
    return replace(
        told, emergencies={back.use_case: back.emergency}, holds={back.use_case: back.holds} if back.holds else {}
    )


def _lease(desk: Desk) -> timedelta:
    return duration(desk.environment.spec.lease)


def _facts(desk: Desk, planned: Planned) -> Callable[[str], Facts]:
    def facts(name: str) -> Facts:
        if name not in desk.files:
            return Facts()
        files = desk.files[name]
        part = planned.plan.of(name)
        return facts_of(files.spec, planned.compiled.graph.of(name), files.digests, part.processing if part else {})

    return facts


@contextmanager
def _stopping(stop: Stop) -> Iterator[None]:
    """The first Ctrl-C lets running steps finish and records what is done; the second stops at once."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        if stop.asked:
            os._exit(130)  # threads that wait for AWS cannot be interrupted; the open records say what was under way
        stop.ask()
        sys.stderr.write("\nstopping: what runs is finished and recorded; Ctrl-C again stops at once\n")

    before = {n: signal.signal(n, ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_code(plan: Plan, report: Report) -> int:
    """130, 1, 4, 3, 5, 0: the worst wins. What could not be planned is an error, though nothing else went wrong."""
    codes = {e.exit_code for e in report.refused.values()}
    if any(d.severity == "error" for d in plan.diagnostics):
        codes.add(1)
    codes |= {_of_result(r) for r in report.results.values() if not r.succeeded}
    if report.unrecorded is not None:
        codes.add(1)
    return next((c for c in (130, 1, 4, 3, 5) if c in codes), 0)


def _of_result(result: UseCaseResult) -> int:
    if result.is_underway:
        return 5
    if result.exit_code == 3:
        return 3
    return 130 if result.code == "R000" and "stopped" in result.message else 1
