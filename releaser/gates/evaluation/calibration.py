"""How far a judge agrees with people, where the same answers were labelled by both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from releaser.core.evaluation.evidence import Evidence
from releaser.core.evaluation.judgement import Calibration, Threshold
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


def _label(value: object) -> str:
    """1 and 1.0 are one label."""
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
