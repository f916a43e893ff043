"""One environment's evaluations: what is asked of what, what earlier runs have said already, and the judgement.

What has been answered is never asked again: earlier evidence of the same thing counts, whatever it said. Only what had
a trouble is asked anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from releaser import wiring
from releaser.core.environment import duration
from releaser.core.errors import ReleaserError
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import FORMAT, CaseFacts, Evidence, Observation
from releaser.core.evaluation.judgement import Judgement
from releaser.core.events import Noted
from releaser.engine.ports import Sink
from releaser.gates.evaluation.asker import Budget, Calls, key_of
from releaser.gates.evaluation.checkpoint import Checkpoint, Entry
from releaser.gates.evaluation.limiter import Limiter
from releaser.gates.evaluation.ports import Refusal, Target
from releaser.gates.evaluation.runner import Ran, Spec, run_suite
from releaser.gates.evaluation.thresholds import thresholds_of
from releaser.pipeline.archive import Archive
from releaser.pipeline.desk import Desk
from releaser.pipeline.subjects import Subjects, SuitePlan
from releaser.pipeline.thresholds import judged_suites
from releaser.store.responses import ResponseFolder

SEED = 20260101
"""Of samples: fixed, so that nobody chooses the luckiest."""


@dataclass(frozen=True, slots=True)
class Found:
    """A judgement with everything that it was made from."""

    judgement: Judgement
    evidence: tuple[Evidence, ...]


@dataclass
class Evaluating:
    """Runs and judges the suites of use cases in one environment's target."""

    desk: Desk
    archive: Archive
    responses: ResponseFolder
    folder: Path
    """Where runs note what they have finished."""
    sink: Sink
    stopped: Callable[[], bool]
    limiter: Limiter
    cases: int | None = None
    sample: int = 0
    overdue: set[str] = field(default_factory=set)
    """Suites that took longer than a run may; the next run goes on with them."""

    def judged(self, what: Subjects, suites: Sequence[str]) -> Found:
        """The judgement of these suites, with earlier evidence where there is some, and new one where there is not."""
        spec = what.spec
        evidence: dict[str, tuple[Evidence, ...]] = {}
        baselines: dict[str, tuple[str, Sequence[Evidence]]] = {}
        accepted: dict[str, str] = {}
        measured: list[Evidence] = []
        for suite in suites:
            evidence[suite], accepted[suite] = self._evidence(what, suite)
            before = self._baseline(what, suite)
            if before is not None:
                baselines[suite] = before
                measured += before[1]
        gates = self.desk.environment.spec.gates
        judgement = judged_suites(
            what.use_case,
            self.desk.environment.name,
            what.release,
            spec,
            evidence,
            baselines,
            today=self.desk.repo.clock.now().date(),
            inconclusive=gates.inconclusive,
        )
        named = tuple(replace(s, accepted_from=accepted.get(s.suite, "")) for s in judgement.suites)
        everything = {e.digest: e for e in (*(e for es in evidence.values() for e in es), *measured)}
        return Found(replace(judgement, suites=named), tuple(everything.values()))

    def _evidence(self, what: Subjects, suite: str) -> tuple[tuple[Evidence, ...], str]:
        """All that counts for one suite, and the environment that it comes from when that is another."""
        plan = what.suite(suite, self.sample)
        key = plan.subject.key
        here = self.archive.under(self.desk.environment.name, what.use_case, suite, key)
        whole = tuple(e for e in here if is_whole(e, plan.repeats))
        if whole:
            return whole, ""
        other = self.desk.environment.spec.gates.accept.get(suite)
        if other and not here:
            there = self.archive.under(other, what.use_case, suite, key)
            whole = tuple(e for e in there if is_whole(e, plan.repeats))
            if whole:
                return whole, other
        return (self._run(what, plan, here),), ""

    def _run(self, what: Subjects, plan: SuitePlan, earlier: Sequence[Evidence]) -> Evidence:
        repo, clock = self.desk.repo, self.desk.repo.clock
        gates = self.desk.environment.spec.gates
        halt = _Halt(self.stopped)
        calls = Calls(self.responses, self.limiter, clock, Budget(cases=self.cases), halt)
        run_id = f"{clock.now():%Y%m%dT%H%M%S}-{plan.subject.key[:8]}"
        known = _answered(earlier)
        with _checkpoint(self.folder / f"{plan.subject.key}.jsonl", plan.subject.key) as checkpoint:
            log = _Earlier(checkpoint, known, plan.target, {c.id: c for c in plan.cases})
            spec = Spec(
                suite=plan.subject.suite,
                run=run_id,
                cases=plan.cases,
                repeats=plan.repeats,
                scorers=plan.scorers(calls),
                counts=plan.counts,
                sample=plan.sample,
                seed=SEED,
                want_timing=plan.want_timing,
            )
            timer = threading.Timer(duration(gates.within).total_seconds(), halt.set)
            timer.daemon = True
            timer.start()
            try:
                ran = run_suite(spec, plan.target, calls, log=log, sink=self.sink)
            finally:
                timer.cancel()
        if halt.timed and not ran.complete:
            self.overdue.add(plan.subject.suite)
        facts = ran.facts(actor=repo.actor() if repo.has_git else "", trigger=repo.trigger(), currency="")
        return Evidence(
            format=FORMAT,
            key=plan.subject.key,
            subject=plan.subject,
            tool_version=wiring.version(),
            seed=SEED,
            cases=tuple(facts_of(c, plan.counts(c)) for c in ran.cases),
            observations=_all(ran, earlier, plan.repeats),
            responses=self.responses.listing({o.response for o in ran.observations if o.response}),
            run=facts,
        )

    def _baseline(self, what: Subjects, suite: str) -> tuple[str, Sequence[Evidence]] | None:
        """Evidence of what is live here, by its behaviour; None when nothing is. Never made from the candidate: where
        the records have none that can be compared, what is live is asked the same."""
        live = what.as_live(suite)
        if live is None:
            return None
        now, then = what.suite(suite, self.sample), live.suite(suite, self.sample)
        if now.subject.behaviour == then.subject.behaviour:
            return None
        rows = self.archive.of_behaviour(self.desk.environment.name, what.use_case, suite, then.subject.behaviour)
        same = [
            e
            for _, e in rows
            if (e.subject.evaluators, e.subject.dataset) == (now.subject.evaluators, now.subject.dataset)
            and is_whole(e, 1)
        ]
        if same:
            return what.live_release, [e for e in same if e.key == same[0].key]
        if not any(t.max_regression is not None for t in thresholds_of(what.spec, suite)):
            return what.live_release, []
        self.sink.emit(Noted(f"{suite}: what is live ({what.live_release}) is asked the same, to compare with"))
        return what.live_release, [self._run(live, then, ())]


def is_whole(evidence: Evidence, repeats: int) -> bool:
    """Whether every case was answered as often as asked, and every answer has its scores."""
    answered = {(o.case, o.repeat) for o in evidence.observations if o.response and not o.unscored}
    return evidence.run.complete and all((c.id, r) in answered for c in evidence.cases for r in range(1, repeats + 1))


def facts_of(case: Case, metrics: Iterable[str]) -> CaseFacts:
    """What a gate needs to know of a case."""
    slices = [f"category:{case.category}"] if case.category else []
    slices += [f"lang:{case.lang}"] if case.lang else []
    slices += [f"tag:{tag}" for tag in case.tags]
    return CaseFacts(
        id=case.id,
        digest=case.digest,
        critical=case.critical,
        label=case.label,
        slices=tuple(slices),
        metrics=tuple(sorted(metrics)),
    )


def _answered(earlier: Iterable[Evidence]) -> dict[tuple[str, int], Observation]:
    found: dict[tuple[str, int], Observation] = {}
    for evidence in earlier:
        for one in evidence.observations:
            if one.response:
                found.setdefault((one.case, one.repeat), one)
    return found


def _all(ran: Ran, earlier: Iterable[Evidence], repeats: int) -> tuple[Observation, ...]:
    """Those of this run, and every other answer that an earlier run had to the same question."""
    found = {(o.case, o.repeat, o.run): o for o in ran.observations}
    for evidence in earlier:
        for one in evidence.observations:
            if one.response and not one.unscored and one.repeat <= repeats:
                found.setdefault((one.case, one.repeat, one.run), one)
    return tuple(found[key] for key in sorted(found))


class _Halt(threading.Event):
    """Set when the time is up; also while the whole run is to stop."""

    def __init__(self, stopped: Callable[[], bool]) -> None:
        super().__init__()
        self._stopped = stopped

    @property
    def timed(self) -> bool:
        """Whether the time was up."""
        return super().is_set()

    def is_set(self) -> bool:
        """For either reason."""
        return super().is_set() or self._stopped()


def _checkpoint(path: Path, key: str) -> Checkpoint:
    try:
        return Checkpoint(path, key)
    except (ValueError, OSError) as error:
        raise ReleaserError(
            f"the evaluation cannot note what it has done: {error}",
            code="P229",
            hint="wait for the other run in this clone; or free the disk; a broken file may be deleted",
        ) from None


class _Earlier:
    """A log that also knows what earlier evidence has: the same question, asked of the same thing, is answered."""

    def __init__(
        self,
        log: Checkpoint,
        known: Mapping[tuple[str, int], Observation],
        target: Target,
        cases: Mapping[str, Case],
    ) -> None:
        self._log, self._known, self._target, self._cases = log, known, target, cases

    def known(self, case: str, repeat: int) -> Entry | None:
        found = self._known.get((case, repeat))
        if found is None:
            return self._log.known(case, repeat)
        try:
            key = key_of(self._target.request(self._cases[case]), repeat)
        except (Refusal, TypeError, ValueError):
            return self._log.known(case, repeat)
        return Entry(key, found)

    def write(self, entry: Entry) -> None:
        self._log.write(entry)


def evaluator(desk: Desk, sink: Sink, stopped: Callable[[], bool], **limits: Any) -> Evaluating:
    """For the desk's environment: responses and notes beside git's own files, evidence in its records."""
    from releaser.pipeline.rejudging import responses_folder

    repo = desk.repo
    folder = responses_folder(repo)
    return Evaluating(
        desk=desk,
        archive=Archive(repo.records(desk.environment), desk.look.connection.aws),
        responses=ResponseFolder(folder),
        folder=folder.parent / "checkpoints",
        sink=sink,
        stopped=stopped,
        limiter=Limiter(repo.clock),
        **limits,
    )
