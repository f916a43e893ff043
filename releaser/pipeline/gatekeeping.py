"""Between STAGE and PROMOTE: the suites that a change must pass, on the candidate versions, before callers get it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from releaser.core.errors import ReleaserError
from releaser.core.evaluation.judgement import Judgement, MetricVerdict, SuiteVerdict
from releaser.core.evaluation.required import Required, calls_others, changes_behaviour, required
from releaser.core.gate import Result, Verdict
from releaser.core.record import Outcome, is_older
from releaser.core.turns import live_bindings
from releaser.kinds import registry
from releaser.pipeline.archive import files_of
from releaser.pipeline.around import around
from releaser.pipeline.desk import Desk
from releaser.pipeline.evaluating import Evaluating, unforeseen
from releaser.pipeline.subjects import staged

if TYPE_CHECKING:
    from releaser.core.environment import Environment
    from releaser.core.plan import UseCasePlan
    from releaser.engine.perform import Workspace
    from releaser.engine.planning import Planned

EVALUATION = "evaluation"
_CODES: Mapping[Result, str] = {
    Result.FAIL: "P220",
    Result.INCONCLUSIVE: "P221",
    Result.ERROR: "P222",
    Result.PENDING: "P223",
}
_DELIVERS = ("ssm", "appconfig")
"""Services that bring to applications what was released: no behaviour of their own."""


def suites_asked(planned: Planned, environment: Environment, part: UseCasePlan, *, goes_back: bool) -> Required:
    """What an environment asks of one use case's change."""
    kinds, name = registry(), part.use_case
    nodes = [n for n in planned.compiled.graph.of(name) if kinds[n.kind].service not in _DELIVERS]
    live = {
        a: b
        for a, b in live_bindings(planned.witnesses.get(name)).items()
        if a.kind in kinds and kinds[a.kind].service not in _DELIVERS
    }
    spec, witness = planned.compiled.spec(name), planned.witnesses.get(name)
    before = witness.released.facts.models if witness and witness.released else {}
    changes = changes_behaviour({n.address: n.behaviour for n in nodes}, live)
    changes = changes or calls_others(spec.get("models") or {}, before)
    return required(environment, spec, part.risk, changes_behaviour=changes, goes_back=goes_back)


def missing_suite(suite: str, environment: str) -> SuiteVerdict:
    """Of a suite that is asked for and not declared."""
    reason = f"{environment} asks for the suite {suite}, and the manifest has none of that name"
    hint = "add it under evaluation.suites"
    return SuiteVerdict(suite=suite, result=Result.FAIL, key="", evidence=(), metrics=(), reason=reason, hint=hint)


def was_live(desk: Desk, part: UseCasePlan) -> bool:
    """Whether callers had this content here: a smaller number alone says nothing, it may have been kept out."""
    accounts = desk.repo.records(desk.environment).accounts([part.use_case], [desk.environment.name])
    return any(a.outcome == Outcome.RELEASED and a.opened.release_digest == part.release_digest for a in accounts)


@dataclass
class Gatekeeper:
    """Judges each use case of a run once it is staged. What it judged from is kept for the record."""

    desk: Desk
    planned: Planned
    evaluating: Callable[[], Evaluating]
    """Made when first asked: most runs evaluate nothing. One for all use cases: they share limits of models."""
    show: Callable[[Judgement], None]
    """Told of every judgement as it is made."""
    emergencies: Collection[str] = ()
    """Use cases whose rollback was ordered: nothing holds it up."""
    kept: dict[str, dict[str, bytes]] = field(default_factory=dict)
    _made: Evaluating | None = None
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, part: UseCasePlan, work: Workspace) -> tuple[Verdict, ...]:
        """The verdicts of every suite that is asked for. What went wrong is an ERROR of the suite, never a pass."""
        name = part.use_case
        if part.retires or not self.desk.environment.spec.gates.required:
            return ()
        asked = suites_asked(self.planned, self.desk.environment, part, goes_back=self._goes_back(part, work))
        if asked.why_none:
            return (Verdict(EVALUATION, Result.PASS, f"no suite is asked: {asked.why_none}", use_case=name),)
        verdicts = [self._missing(name, suite) for suite in asked.missing]
        if not asked.suites:
            return tuple(verdicts) or (self._nothing_declared(name),)
        try:
            with around(self.desk, self.planned.witnesses.get(name), makes_aliases=True) as shared:
                found = self._evaluating().judged(staged(self.planned, name, work, shared), asked.suites)
        except ReleaserError as error:
            return (*verdicts, self._broken(name, error))
        except Exception as error:  # noqa: BLE001 - a defect stops this use case, and no other
            return (*verdicts, self._broken(name, unforeseen(error)))
        self.kept[name] = files_of(found.judgement, found.evidence)
        self.show(found.judgement)
        return (*verdicts, *(_verdict(name, s, found.broken.get(s.suite)) for s in found.judgement.suites))

    def _evaluating(self) -> Evaluating:
        with self._lock:
            if self._made is None:
                self._made = self.evaluating()
            return self._made

    def evidence_of(self, use_case: str) -> Mapping[str, bytes]:
        """What the record keeps: name -> bytes."""
        return self.kept.get(use_case, {})

    def _goes_back(self, part: UseCasePlan, work: Workspace) -> bool:
        if part.use_case in self.emergencies:
            return True
        is_before = work.at_once or is_older(part.release, self._live_release(part.use_case))
        return is_before and was_live(self.desk, part)

    def _live_release(self, name: str) -> str:
        witness = self.planned.witnesses.get(name)
        return witness.released.record.release if witness and witness.released else ""

    def _missing(self, name: str, suite: str) -> Verdict:
        found = missing_suite(suite, self.desk.environment.name)
        return Verdict(suite, found.result, found.reason, found.hint, name, "P224", refusal=False)

    @staticmethod
    def _nothing_declared(name: str) -> Verdict:
        reason = "no suite is asked: the manifest has none of them, and its risk tier is minimal"
        return Verdict(EVALUATION, Result.PASS, reason, use_case=name)

    @staticmethod
    def _broken(name: str, error: ReleaserError) -> Verdict:
        reason = f"the evaluation could not be made: {error}"
        return Verdict(EVALUATION, Result.ERROR, reason, error.hint, name, error.code or "P222", refusal=False)


def _verdict(name: str, suite: SuiteVerdict, broken: ReleaserError | None) -> Verdict:
    rows = tuple(_row(m) for m in suite.metrics if m.value is not None)
    code = (broken.code if broken else "") or _CODES.get(suite.result, "")
    reason = f"{suite.suite}: {suite.reason}"
    return Verdict(suite.suite, suite.result, reason, suite.hint, name, code, refusal=False, metrics=rows)


def _row(metric: MetricVerdict) -> Mapping[str, Any]:
    """As ``core/scores.py`` reads it."""
    asked = metric.threshold
    row: dict[str, Any] = {"suite": asked.suite, "metric": asked.metric, "value": metric.value}
    row |= {"result": metric.result.value, "n": metric.n}
    bounds = {"lower": metric.lower, "upper": metric.upper, "floor": asked.floor, "ceiling": asked.ceiling}
    row |= {name: value for name, value in bounds.items() if value is not None}
    if metric.waived is not None:
        row["waived"] = {"by": metric.waived.by, "reason": metric.waived.reason, "until": metric.waived.until}
    return row
