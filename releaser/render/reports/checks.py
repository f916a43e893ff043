"""What was checked, as cases of a JUnit report: gates of a plan, metrics of judgements, runs, drift. No value of a
prompt or a guardrail is in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from releaser.core.diagnostic import Diagnostic
from releaser.core.diff import Origin
from releaser.core.errors import ReleaserError
from releaser.core.evaluation.judgement import Judgement, MetricVerdict, SuiteVerdict
from releaser.core.gate import Result, Verdict
from releaser.core.outcome import Status, UseCaseResult
from releaser.core.plan import Change, Plan, UseCasePlan
from releaser.render.evaluation.words import asked, blocks, interval, told
from releaser.render.reports.junit import Case, State, Suite, junit


def of_gates(plan: Plan, verdicts: Sequence[Verdict]) -> Iterator[Suite]:
    """A suite for each use case, and one for what concerns all of them; a case for each gate that spoke."""
    common = [_problem(plan.environment, d) for d in plan.diagnostics if d.severity == "error"]
    common += [_gate(plan.environment, v) for v in verdicts if not v.use_case]
    if common:
        yield Suite(plan.environment, common)
    for part in plan.use_cases:
        about = [_gate(part.use_case, v) for v in verdicts if v.use_case == part.use_case]
        yield Suite(part.use_case, [_planned(part), *about])


def _planned(part: UseCasePlan) -> Case:
    said = [f"{d.code}: {d.message}" + (f" ({d.hint})" if d.hint else "") for d in part.blocked]
    file = f"manifests/{part.use_case}/manifest.yaml"
    if not said:
        return Case(group=f"{part.use_case}.gates", name="plan", file=file)
    return Case(
        group=f"{part.use_case}.gates",
        name="plan",
        state="error",
        type=part.blocked[0].code,
        message=said[0],
        lines=said[1:],
        file=file,
    )


def _problem(about: str, found: Diagnostic) -> Case:
    said = [found.hint] if found.hint else []
    group = f"{about}.gates"
    return Case(
        group=group, name=f"plan {found.code}", state="error", type=found.code, message=found.message, lines=said
    )


def _gate(about: str, found: Verdict) -> Case:
    return Case(
        group=f"{about}.gates",
        name=f"{found.gate} {found.code}".strip(),
        state=_state(found.result),
        type=found.result.value,
        message=found.reason or found.result.value,
        lines=[found.hint] if found.hint else (),
        output=found.reason if found.result is Result.PASS else "",
    )


def of_judgements(judgements: Iterable[Judgement]) -> Iterator[Suite]:
    """A suite for each use case; a case for each metric, with its value and what was asked in the message. What does
    not stand in the way (advisory, waived) is skipped with its verdict."""
    for judgement in judgements:
        cases = [case for suite in judgement.suites for case in _suite(judgement.use_case, suite)]
        yield Suite(judgement.use_case, cases)


def _suite(use_case: str, suite: SuiteVerdict) -> Iterator[Case]:
    group = f"{use_case}.{suite.suite}"
    for metric in suite.metrics:
        yield _metric(group, metric)
    if not suite.metrics and suite.result is not Result.PASS:
        said = (suite.hint,) if suite.hint else ()
        yield Case(
            group=group, name="evidence", state="error", type=suite.result, message=suite.reason or "none", lines=said
        )


def _metric(group: str, found: MetricVerdict) -> Case:
    measured = f"{interval(found)} over {found.n}; asked: {asked(found.threshold)}"
    state: State = _state(found.result)
    if state != "passed" and not blocks(found):
        state = "skipped"
    return Case(
        group=group,
        name=found.threshold.metric,
        state=state,
        type="" if state == "skipped" else found.result.value,
        message=f"{found.result}: {measured}",
        lines=list(told(found)),
        output=measured,
    )


def of_run(results: Mapping[str, UseCaseResult], refused: Mapping[str, ReleaserError]) -> Iterator[Suite]:
    """What became of each use case; a roll-out that goes on is skipped, not failed."""
    for name, found in results.items():
        yield Suite(name, [_released(name, found)])
    for name, error in refused.items():
        lines = [error.hint] if error.hint else []
        case = Case(
            group=f"{name}.run", name="release", state="failure", type=error.code, message=str(error), lines=lines
        )
        yield Suite(name, [case])


def _released(name: str, found: UseCaseResult) -> Case:
    lines = [
        f"{o.key}: {o.status}" + (f": {o.message}" if o.message else "")
        for o in found.outcomes
        if o.status is not Status.DONE
    ]
    state: State = "passed" if found.succeeded else "skipped" if found.is_underway else "failure"
    message = found.message or ("goes on, a later run continues" if found.is_underway else "not released")
    return Case(group=f"{name}.run", name="release", state=state, type=found.code, message=message, lines=lines)


def of_drift(plan: Plan) -> Iterator[Suite]:
    """A case for each resource: failed where what is live differs from what was released; its members, not values."""
    for part in plan.use_cases:
        blocked = [_planned(part)] if part.blocked else []
        yield Suite(part.use_case, [*blocked, *(_live(change) for change in part.changes)])


def _live(change: Change) -> Case:
    address = change.address
    group, name = f"{address.use_case}.{address.kind}", address.name
    if not change.drift:
        return Case(group=group, name=name)
    # Keys of lists are left out: the word that a filter blocks is one.
    patterns = dict.fromkeys(f.pattern or f.path for f in change.fields if f.origin is Origin.DRIFT)
    what = ", ".join(p for p in patterns if p) or change.reason or "all of it"
    return Case(
        group=group,
        name=name,
        state="failure",
        type="DRIFT",
        message=f"{address} was changed behind git's back: {what}",
    )


def _state(result: Result) -> State:
    """An error and what is awaited are no failures: nothing was measured."""
    if result is Result.PASS:
        return "passed"
    return "error" if result in (Result.ERROR, Result.PENDING) else "failure"


def judgement_junit(found: Judgement) -> str:
    """One judgement as a whole file."""
    return junit(f"evaluation of {found.use_case} for {found.environment}", of_judgements([found]))


def joined(suites: Iterable[Suite]) -> list[Suite]:
    """One suite for each name, in the order in which they came."""
    cases: dict[str, list[Case]] = {}
    for suite in suites:
        cases.setdefault(suite.name, []).extend(suite.cases)
    return [Suite(name, found) for name, found in cases.items()]
