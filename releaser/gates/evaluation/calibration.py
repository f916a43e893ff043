"""How far a judge agrees with people, on answers that both have seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import Agreement, Evidence
from releaser.core.evaluation.judgement import Calibration
from releaser.core.evaluation.response import Response
from releaser.core.rubrics import Rubric
from releaser.engine.ports import Sink
from releaser.gates.evaluation.asker import Calls
from releaser.gates.evaluation.judging import Judging, request_of, verdict_of
from releaser.gates.evaluation.ports import Answer, Request
from releaser.gates.evaluation.runner import Ran, Spec, run_suite
from releaser.gates.evaluation.statistics import cohens_kappa
from releaser.gates.evaluation.targets.saying import unfit
from releaser.gates.evaluation.unscorable import Unscorable

Ask = Callable[[Request], Answer]


def calibrated(
    judging: Judging, cases: Sequence[Case], calls: Calls, ask: Ask, sink: Sink | None = None
) -> tuple[tuple[Agreement, ...], Ran]:
    """What the judge says of every labelled answer. Raises ValueError for a label that is no anchor."""
    name = judging.rubric.name
    labels = labels_of(cases, judging.rubric)
    asked = tuple(c for c in cases if c.id in labels)
    scorers = {name: lambda _, reply: verdict_of(judging.rubric, reply).score}
    spec = Spec(suite=f"{name}, calibration", run="", cases=asked, scorers=scorers, budgeted=False)
    ran = run_suite(spec, _Labelled(judging, ask), calls, sink=sink)
    rows = (
        Agreement(
            case=o.case,
            label=labels[o.case],
            said=o.scores.get(name),
            why=o.unscored.get(name, o.message),
            trouble=o.trouble,
        )
        for o in ran.observations
    )
    return tuple(rows), ran


@dataclass(frozen=True, slots=True)
class _Labelled:
    """The judge as a target: it is asked of the answer that a case brings along."""

    judging: Judging
    call: Ask

    def request(self, case: Case) -> Request:
        """The same request as for an answer of the target."""
        try:
            return request_of(self.judging, case, Response(text=case.answer))
        except Unscorable as error:
            raise unfit(str(error)) from None

    def ask(self, request: Request) -> Answer:
        """One call."""
        return self.call(request)


def calibration_of(evidence: Iterable[Evidence], metric: str, floor: float) -> Calibration:
    """The agreement in all evidence together, each answer once. An answer that the judge gave no score counts as
    disagreement, so that nothing is gained by leaving hard ones out."""
    found: dict[str, Agreement] = {}
    for one in chain.from_iterable(e.calibrations.get(metric, ()) for e in evidence):
        before = found.get(one.case)
        if before is None or before.trouble:
            found[one.case] = one
    troubled = [one for _, one in sorted(found.items()) if one.trouble]
    if troubled:
        missing = f"{len(troubled)} of {len(found)} labelled answers were not judged ({troubled[0].trouble})"
        return Calibration(floor=floor, missing=missing, n=len(found))
    pairs = [(_label(a.label), "" if a.said is None else _label(a.said)) for _, a in sorted(found.items())]
    if not pairs:
        return Calibration(floor=floor)
    bound = cohens_kappa(pairs)
    return Calibration(floor=floor, kappa=bound.estimate, lower=bound.lower, n=len(pairs))


def labels_of(cases: Iterable[Case], rubric: Rubric) -> Mapping[str, float]:
    """Case -> people's label for a rubric, from 0 to 1 as the judge's scores are. Raises ValueError for a label that is
    no anchor: it could never agree; and for one without the answer that was labelled."""
    found: dict[str, float] = {}
    anchors = {float(a): a for a, _ in rubric.anchors}
    for case in cases:
        label = case.human.get(rubric.name)
        if label is None:
            continue
        if not case.answer:
            raise ValueError(f"{case.id} has a label of {rubric.name}, and no answer that was labelled")
        try:
            found[case.id] = rubric.share(anchors[float(label)])
        except (KeyError, TypeError, ValueError):
            said = ", ".join(a for a, _ in rubric.anchors)
            raise ValueError(f"{case.id}: the label {str(label)[:40]!r} is none of {said}") from None
    return found


def _label(value: float) -> str:
    """1 and 1.0 are one label."""
    return f"{value:g}"
