"""One environment's evaluations: what is asked of what, what earlier runs have said already, and the judgement.

What has been answered is never asked again: earlier evidence of the same thing counts, whatever it said. Only what had
a trouble is asked anew.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from releaser import wiring
from releaser.core.environment import duration
from releaser.core.errors import ReleaserError
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import FORMAT, Agreement, CaseFacts, Evidence, Subject
from releaser.core.evaluation.judgement import Judgement, SuiteVerdict, worst
from releaser.core.events import Noted
from releaser.core.gate import Result
from releaser.core.record import OpenRecord
from releaser.core.shape import plain
from releaser.engine.ports import Sink
from releaser.gates.evaluation.asker import Budget, Calls, key_of
from releaser.gates.evaluation.calibration import calibrated
from releaser.gates.evaluation.judging import call_of
from releaser.gates.evaluation.limiter import Limiter
from releaser.gates.evaluation.pairs import Before
from releaser.gates.evaluation.ports import Refusal
from releaser.gates.evaluation.runner import Ran, Spec, run_suite
from releaser.gates.evaluation.thresholds import thresholds_of
from releaser.pipeline.archive import Archive, is_same
from releaser.pipeline.before import answers_before, digests_of, nothing_before
from releaser.pipeline.desk import Desk
from releaser.pipeline.earlier import Earlier, agreed, answered, checkpoint_at, is_like, is_whole, together
from releaser.pipeline.halting import Halt
from releaser.pipeline.subjects import Subjects
from releaser.pipeline.suites import SuitePlan
from releaser.pipeline.thresholds import judged_suites
from releaser.store.responses import ResponseFolder
from releaser.store.workspace import read_reviews

N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class Found:
    """A judgement with everything that it was made from."""

    judgement: Judgement
    evidence: tuple[Evidence, ...]
    broken: Mapping[str, ReleaserError]
    """Suite -> why it could not be asked at all: an ERROR, and what other suites found is kept."""


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

    def judged(self, what: Subjects, suites: Sequence[str]) -> Found:
        """The judgement of these suites, with earlier evidence where there is some, and new one where there is not.
        Smoke suites come first: where one does not pass, no other is asked."""
        session = _Session(self, what, self.desk.environment.spec.gates.budget)
        declared = what.spec["evaluation"]["suites"]
        smoke = [s for s in suites if declared[s].get("smoke")]
        rest = [s for s in suites if s not in smoke]
        session.ask(smoke)
        if rest and smoke and (first := session.judgement(smoke)).result is not Result.PASS:
            self.sink.emit(Noted(f"{', '.join(rest)}: not asked, since {', '.join(smoke)} does not pass"))
            return Found(first, session.everything(), session.broken)
        session.ask(rest)
        return Found(session.judgement(suites), session.everything(), session.broken)


class _Session:
    """The suites of one use case in one run: what was found, and what is left of the budget."""

    def __init__(self, evaluating: Evaluating, what: Subjects, money: float | None) -> None:
        self._on, self._what, self._left = evaluating, what, money
        self._evidence: dict[str, tuple[Evidence, ...]] = {}
        self._baselines: dict[str, tuple[str, Sequence[Evidence]]] = {}
        self._accepted: dict[str, str] = {}
        self._unfinished: dict[str, str] = {}
        """Suite -> why a later run goes on with it."""
        self.broken: dict[str, ReleaserError] = {}

    def ask(self, suites: Sequence[str]) -> None:
        """Evidence of suites and of what they are compared with."""
        for suite in suites:
            try:
                self._ask(suite)
            except ReleaserError as error:
                self.broken[suite] = error
            except Exception as error:  # noqa: BLE001 - a full disk, a defect: an ERROR of this suite, and others go on
                self.broken[suite] = unforeseen(error)

    def _ask(self, suite: str) -> None:
        plan = self._what.suite(suite, self._on.sample)
        self._evidence[suite], self._accepted[suite] = self._found_or_run(plan)
        before = self._baseline(plan)
        if before is not None:
            self._baselines[suite] = before

    def everything(self) -> tuple[Evidence, ...]:
        """All evidence that the judgement was made from."""
        before = (e for _, es in self._baselines.values() for e in es)
        found = {e.digest: e for e in (*(e for es in self._evidence.values() for e in es), *before)}
        return tuple(found.values())

    def judgement(self, suites: Sequence[str]) -> Judgement:
        """Of these suites; one that was not finished is awaited."""
        desk = self._on.desk
        judgement = judged_suites(
            self._what.use_case,
            desk.environment.name,
            self._what.release,
            self._what.spec,
            {s: self._evidence.get(s, ()) for s in suites},
            self._baselines,
            today=desk.repo.clock.now().date(),
            inconclusive=desk.environment.spec.gates.inconclusive,
            files=self._reviews(),
        )
        named = tuple(self._named(s) for s in judgement.suites)
        return replace(judgement, suites=named, result=worst(tuple(s.result for s in named)))

    def _reviews(self) -> dict[str, bytes]:
        """What people wrote so far: also after the release was cut, so it is read where the run's commit has it."""
        desk, files = self._on.desk, self._what.files
        reader = desk.repo.reader_of(desk.commit if desk.from_commit else None)
        return read_reviews(reader, files)

    def _named(self, suite: SuiteVerdict) -> SuiteVerdict:
        suite = replace(suite, accepted_from=self._accepted.get(suite.suite, ""))
        error = self.broken.get(suite.suite)
        if error is not None:
            # Nothing is published before a merge: what needs that is awaited, and `reconcile` evaluates it.
            waits = self._what.via == "inline" and error.code == "P226"
            result = Result.PENDING if waits else Result.ERROR
            unasked = tuple(
                replace(m, result=result, reason=f"{m.threshold.metric}: {error}", hint=error.hint)
                for m in suite.metrics
            )
            return replace(suite, result=result, reason=str(error), hint=error.hint, metrics=unasked)
        why = self._unfinished.get(suite.suite)
        if why is None:
            return suite
        hint = "the same command again goes on where this one stopped"
        waiting = tuple(
            replace(m, result=Result.PENDING, reason=f"{m.threshold.metric}: not done: {why}", hint=hint)
            for m in suite.metrics
        )
        return replace(suite, result=Result.PENDING, reason=f"not done: {why}", hint=hint, metrics=waiting)

    def _found_or_run(self, plan: SuitePlan) -> tuple[tuple[Evidence, ...], str]:
        """All that counts for one suite, and the environment that it comes from when that is another."""
        on, use_case = self._on, self._what.use_case
        suite, key = plan.subject.suite, plan.subject.key
        here = on.archive.under(on.desk.environment.name, use_case, suite, key)
        whole = tuple(e for e in here if is_whole(e, plan.repeats))
        if whole:
            return whole, ""
        other = on.desk.environment.spec.gates.accept.get(suite)
        if other and not here:
            there = on.archive.under(other, use_case, suite, key)
            whole = tuple(e for e in there if is_whole(e, plan.repeats))
            if whole:
                return whole, other
        return (self._run(plan, here),), ""

    def _run(self, plan: SuitePlan, earlier: Sequence[Evidence]) -> Evidence:
        on, subject = self._on, plan.subject
        repo, clock = on.desk.repo, on.desk.repo.clock
        halt = Halt(on.stopped)
        calls = Calls(on.responses, on.limiter, clock, self._budget(plan), halt)
        call = call_of(self._what.around.runtime)
        with checkpoint_at(on.folder / f"{subject.key}.jsonl", subject.key) as checkpoint:
            log = Earlier(checkpoint, answered(earlier), plan.target, {c.id: c for c in plan.cases})
            spec = Spec(
                suite=subject.suite,
                run=f"{clock.now():%Y%m%dT%H%M%S}-{subject.key[:8]}",
                cases=plan.cases,
                repeats=plan.repeats,
                scorers=plan.scorers(calls, call, self._before(plan, calls)),
                counts=plan.counts,
                sample=plan.sample.size,
                seed=plan.sample.seed,
                want_timing=plan.want_timing,
            )
            with halt.after(duration(on.desk.environment.spec.gates.within).total_seconds()):
                calibrations = {
                    metric: self._calibrated(plan, metric, earlier, calls)
                    for metric in plan.judgings
                    if metric in plan.labelled and plan.is_scored(metric)
                }
                ran = run_suite(spec, plan.target, calls, log=log, sink=on.sink)
        self._left = None if self._left is None else self._left - (calls.cost or 0.0)
        self._check_aliases(plan, ran)
        ran = replace(ran, complete=ran.complete and all(whole for _, whole in calibrations.values()))
        if not ran.complete:
            self._unfinished[subject.suite] = "it took longer than a run may" if halt.timed else calls.why_cut_short
        facts = ran.facts(
            actor=repo.actor() if repo.has_git else "", trigger=repo.trigger(), currency=plan.prices.currency
        )
        return Evidence(
            format=FORMAT,
            key=subject.key,
            subject=subject,
            tool_version=wiring.version(),
            seed=plan.sample.seed,
            cases=tuple(facts_of(c, plan.counts(c)) for c in ran.cases),
            observations=together(ran, earlier, plan.repeats),
            calibrations={metric: rows for metric, (rows, _) in sorted(calibrations.items())},
            responses=on.responses.listing({o.response for o in ran.observations if o.response}),
            lifecycle=self._lifecycle(subject),
            prices=plan.prices.identity,
            experiment=experiment_of(repo.environ),
            run=facts,
        )

    def _calibrated(
        self, plan: SuitePlan, metric: str, earlier: Sequence[Evidence], calls: Calls
    ) -> tuple[tuple[Agreement, ...], bool]:
        """What the judge says of labelled answers, each once, and whether all were asked."""
        known = agreed(earlier, metric)
        open_ = [c for c in plan.labelled[metric] if c.id not in known]
        if known and not open_:
            return tuple(known.values()), True
        call = call_of(self._what.around.runtime)
        rows, ran = calibrated(plan.judgings[metric], open_, calls, call, self._on.sink)
        return tuple(sorted((*known.values(), *rows), key=lambda a: a.case)), ran.complete

    def _check_aliases(self, plan: SuitePlan, ran: Ran) -> None:
        """Raises ReleaserError where an alias leads elsewhere by now. What it said meanwhile is of nobody knows which
        version: it is forgotten, or the next run would find it."""
        on, plans = self._on, [plan, *([plan.against] if plan.against else [])]
        try:
            for kind, live in (pair for one in plans for pair in one.aliased):
                self._what.around.check(kind, live)
        except ReleaserError:
            (on.folder / f"{plan.subject.key}.jsonl").unlink(missing_ok=True)
            for case, repeat in ((c, r) for c in ran.cases for r in range(1, plan.repeats + 1)):
                for one in plans:
                    with suppress(Refusal, TypeError, ValueError):
                        on.responses.forget(key_of(one.target.request(case), repeat))
            raise

    def _before(self, plan: SuitePlan, calls: Calls) -> Before:
        """What is live answers, where a judge compares with it."""
        if plan.against is None:
            return nothing_before
        then = plan.against.subject
        rows = self._on.archive.of_same(self._on.desk.environment.name, then)
        said = digests_of(plan.cases, (e for _, e in rows))
        return answers_before(plan.against.target, said, calls)

    def _budget(self, plan: SuitePlan) -> Budget:
        """The least of what the suite, the environment and the command allow."""
        allowed = plan.allowed
        return Budget(
            cases=_least(allowed.cases, self._on.cases),
            tokens=allowed.tokens,
            money=_least(allowed.cost, None if self._left is None else max(0.0, self._left)),
            cost_of=plan.prices.of,
        )

    def _lifecycle(self, subject: Subject) -> Mapping[str, Any]:
        """What AWS said of every model that is asked, when it was asked."""
        catalog = self._on.desk.look.catalog
        asked = {*subject.models.values(), *(j.model for j in subject.judges.values())}
        found = {m: catalog.models.get(m) for one in sorted(asked) for m in catalog.behind(one)}
        return {m: plain(told["modelLifecycle"]) for m, told in found.items() if told and told.get("modelLifecycle")}

    def _baseline(self, plan: SuitePlan) -> tuple[str, Sequence[Evidence]] | None:
        """Evidence of what is live here; None when nothing is. Never made from the candidate: where the records have
        none that can be compared, what is live is asked the same."""
        what, archive, suite = self._what, self._on.archive, plan.subject.suite
        environment, release = self._on.desk.environment.name, what.around.live_release
        if not release:
            return None
        live = what.as_live(suite)
        if live is None:
            # It cannot be asked again. What there is of it is compared, or it is said why it cannot be.
            before = [e for named, e in archive.everything(environment, what.use_case) if named == release]
            known = [e for e in before if e.subject.suite == suite and e.key != plan.subject.key]
            best = next((e for e in known if is_like(e, plan) and is_whole(e, 1)), known[0] if known else None)
            return (release, [e for e in known if e.key == best.key]) if best else None
        then = live.suite(suite, self._on.sample)
        if is_same(plan.subject, then.subject):
            return None
        rows = archive.of_same(environment, then.subject)
        same = [e for _, e in rows if is_like(e, plan) and is_whole(e, 1)]
        if same:
            return release, [e for e in same if e.key == same[0].key]
        if not any(t.max_regression is not None for t in thresholds_of(what.spec, suite)):
            return release, []
        self._on.sink.emit(Noted(f"{suite}: what is live ({release}) is asked the same, to compare with"))
        return release, [self._run(then, ())]


def unforeseen(error: Exception) -> ReleaserError:
    """What no code raises on purpose, without its text: that may hold what a case or a model says."""
    what = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    at = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" ({Path(at[0].filename).name}:{at[0].lineno})" if at else ""
    return ReleaserError(
        f"it could not be evaluated: {what}{where}",
        code="P222",
        hint="free the disk; if it is none, report it as a defect",
    )


def _least(*limits: N | None) -> N | None:
    return min((one for one in limits if one is not None), default=None)


def experiment_of(environ: Mapping[str, str]) -> str:
    """The run of an experiment tracker that this belongs to, as MLflow names it for what it starts."""
    found = environ.get("MLFLOW_RUN_ID", "")
    return found if re.fullmatch(r"[0-9A-Za-z_-]{1,64}", found) else ""


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


def evaluator(desk: Desk, sink: Sink, stopped: Callable[[], bool], **limits: Any) -> Evaluating:
    """For the desk's environment: responses and notes beside git's own files, evidence in its records."""
    from releaser.pipeline.rejudging import responses_folder

    repo = desk.repo

    def open_(environment: str, use_case: str) -> OpenRecord | None:
        witness = desk.witnesses().get(use_case) if environment == desk.environment.name else None
        return witness.open if witness else None

    folder = responses_folder(repo)
    return Evaluating(
        desk=desk,
        archive=Archive(repo.records(desk.environment), desk.look.connection.aws, open_),
        responses=ResponseFolder(folder),
        folder=folder.parent / "checkpoints",
        sink=sink,
        stopped=stopped,
        limiter=Limiter(repo.clock),
        **limits,
    )
