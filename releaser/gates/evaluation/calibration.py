"""How far a judge agrees with people, where the same answers were labelled by both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import Evidence
from releaser.core.evaluation.judgement import Calibration, Threshold
from releaser.core.rubrics import Rubric
from releaser.gates.evaluation.statistics import cohens_kappa


def calibration_of(
    threshold: Threshold,
    evidence: Sequence[Evidence],
    calibrations: Mapping[str, Calibration],
    human: Mapping[str, Mapping[str, str | float]],
) -> Calibration | None:
    """The calibration that a judged metric goes by; one with a floor alone is computed from the labels,
    each case once."""
    found = calibrations.get(threshold.metric)
    if found is None or found.lower is not None or not threshold.judge:
        return found
    labels = human.get(threshold.metric, {})
    asked = sorted(
        (o.case, o.run, o.repeat, o.scores[threshold.metric])
        for e in evidence
        for o in e.observations
        if o.case in labels and threshold.metric in o.scores
    )
    first = {case: score for case, _, _, score in reversed(asked)}
    pairs = [(_label(labels[case]), _label(score)) for case, score in sorted(first.items())]
    if not pairs:
        return found
    bound = cohens_kappa(pairs)
    return replace(found, kappa=bound.estimate, lower=bound.lower, n=len(pairs))


def labels_of(cases: Iterable[Case], rubric: Rubric) -> dict[str, float]:
    """Case -> people's label for a rubric, from 0 to 1 as the judge's scores are. Raises ValueError for a label that is
    no anchor: it could never agree."""
    found: dict[str, float] = {}
    anchors = {float(a): a for a, _ in rubric.anchors}
    for case in cases:
        label = case.human.get(rubric.name)
        if label is None:
            continue
        try:
            found[case.id] = rubric.share(anchors[float(label)])
        except (KeyError, TypeError, ValueError):
            said = ", ".join(a for a, _ in rubric.anchors)
            raise ValueError(f"{case.id}: the label {str(label)[:40]!r} is none of {said}") from None
    return found


def calibrated(floor: float, judged: Mapping[str, float], labels: Mapping[str, float]) -> Calibration:
    """The agreement over the cases that have both; a case that the judge could not score counts as disagreement, so
    that nothing is gained by leaving hard ones out."""
    pairs = [(_label(label), _label(judged[case]) if case in judged else "") for case, label in sorted(labels.items())]
    if not pairs:
        return Calibration(floor=floor)
    bound = cohens_kappa(pairs)
    return Calibration(floor=floor, kappa=bound.estimate, lower=bound.lower, n=len(pairs))


def passes(calibration: Calibration) -> bool:
    """Whether the judge agrees with people as surely as was asked, by the lower bound."""
    return calibration.lower is not None and calibration.lower >= calibration.floor


def _label(value: object) -> str:
    """1 and 1.0 are one label."""
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
