"""Evidence to verdicts. Pure: the same evidence, thresholds and day give the same judgement.

FAIL and INCONCLUSIVE are final for their evidence: asking again until it passes is no test. ERROR is not: what is
missing may be asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Literal

from releaser.core.evaluation.evidence import Evidence
from releaser.core.evaluation.judgement import (
    Judgement,
    MetricVerdict,
    SuiteVerdict,
    Threshold,
    Waived,
    Waiver,
    worst,
)
from releaser.core.gate import Result
from releaser.core.values import EMPTY
from releaser.gates.evaluation.calibration import calibration_of
from releaser.gates.evaluation.comparing import compare
from releaser.gates.evaluation.human import awaited, reviewed
from releaser.gates.evaluation.metric import Against, errored, judge_metric
from releaser.gates.evaluation.pairs import in_pairs, unpaired
from releaser.gates.evaluation.regression import incomparable
from releaser.gates.evaluation.statistics import holm
from releaser.gates.evaluation.table import flaws, tabulate
from releaser.gates.evaluation.thresholds import thresholds_of

__all__ = ["compare", "judge", "judge_suite", "settled", "thresholds_of"]

ALPHA = 0.05
Inconclusive = Literal["block", "allow"]


def judge_suite(
    evidence: Sequence[Evidence],
    thresholds: Sequence[Threshold],
    baseline: Sequence[Evidence] | None,
    baseline_release: str,
    waivers: Iterable[Waiver] = (),
    today: date = date.min,
    *,
    calibrations: Mapping[str, float] = EMPTY,
    reviews: Mapping[str, bytes] = EMPTY,
    inconclusive: Inconclusive = "block",
    suite: str = "",
) -> SuiteVerdict:
    """All metrics of one suite.

    ``evidence``: of one key; every run counts. ``baseline`` None with no release: nothing is approved yet.
    ``calibrations``: judged metric -> the least agreement of its judge with people. ``reviews``: metric that people
    score -> their reviews. ``inconclusive``: what the environment says of metrics that are not critical.
    """
    name = suite or (thresholds[0].suite if thresholds else evidence[0].subject.suite if evidence else "")
    key = evidence[0].key if evidence else ""
    if not evidence:
        reason, hint = "not evaluated yet", "run `releaser evaluate`"
        pending = tuple(
            MetricVerdict(threshold=t, result=Result.PENDING, reason=f"{t.metric}: {reason}", hint=hint)
            for t in thresholds
        )
        return SuiteVerdict(
            suite=name, result=Result.PENDING, key="", evidence=(), metrics=pending, reason=reason, hint=hint
        )
    wrong = flaws(evidence)
    if wrong:
        metrics = tuple(errored(t, "; ".join(wrong)) for t in thresholds)
    else:
        before = (baseline, baseline_release)
        metrics = tuple(_judged(t, evidence, before, calibrations.get(t.metric), reviews) for t in thresholds)
    listed = tuple(waivers)
    metrics = tuple(_waived(m, key, listed, today) for m in metrics)
    found = SuiteVerdict(
        suite=name,
        result=Result.ERROR,
        key=key,
        evidence=_digests(evidence),
        metrics=metrics,
        cost=_cost(evidence),
    )
    return settled(found, inconclusive, "; ".join(wrong))


def _judged(
    threshold: Threshold,
    evidence: Sequence[Evidence],
    before: tuple[Sequence[Evidence] | None, str],
    floor: float | None,
    reviews: Mapping[str, bytes],
) -> MetricVerdict:
    baseline, release = before
    if threshold.metric in reviews:
        content = reviews[threshold.metric]
        evidence, found = reviewed(evidence, threshold.metric, content)
        waits = awaited(threshold, found)
        if waits is not None and not any(o.trouble for e in evidence for o in e.observations):
            return waits
        baseline = reviewed(baseline, threshold.metric, content)[0] if baseline else baseline
    alone = unpaired(threshold, evidence)
    if alone is not None:
        return alone
    calibration = calibration_of(evidence, threshold.metric, floor) if threshold.judge and floor is not None else None
    if calibration is not None and calibration.missing:
        return errored(threshold, f"calibration: {calibration.missing}")
    table = tabulate(evidence, threshold)
    if threshold.pairwise:
        return in_pairs(judge_metric(threshold, table, Against(), calibration))
    return judge_metric(threshold, table, _against(evidence, threshold, baseline, release), calibration)


def judge(
    use_case: str,
    environment: str,
    release: str,
    suites: Sequence[SuiteVerdict],
    *,
    alpha: float = ALPHA,
    inconclusive: Inconclusive = "block",
) -> Judgement:
    """All suites together: of many critical metrics one may seem broken by chance, which Holm's method corrects. It
    turns a FAIL into INCONCLUSIVE and nothing into PASS."""
    places = [(i, j) for i, s in enumerate(suites) for j, m in enumerate(s.metrics) if _is_tested(m)]
    chances = holm([_p(suites[i].metrics[j]) for i, j in places]) if places else ()
    adjusted = dict(zip(places, chances, strict=True))
    corrected = tuple(
        _corrected(s, {j: p for (i, j), p in adjusted.items() if i == at}, alpha, inconclusive)
        for at, s in enumerate(suites)
    )
    return Judgement(
        use_case=use_case,
        environment=environment,
        release=release,
        result=worst(tuple(s.result for s in corrected)),
        suites=corrected,
    )


def settled(suite: SuiteVerdict, inconclusive: Inconclusive = "block", wrong: str = "") -> SuiteVerdict:
    """The suite's own result, from its metrics. ``wrong``: what makes all of its evidence useless."""
    result = worst(tuple(_weight(m, inconclusive) for m in suite.metrics))
    if wrong:
        return replace(suite, result=Result.ERROR, reason=wrong, hint="evaluate again")
    against = [m for m in suite.metrics if _weight(m, inconclusive) is result]
    if not suite.metrics:
        return replace(suite, result=result, reason="no metric was judged")
    if result is Result.PASS:
        passed = [m for m in suite.metrics if m.result is Result.PASS]
        said = [f"{len(passed)} of {len(suite.metrics)} metrics pass", *(m.reason for m in passed if m.value is None)]
        return replace(suite, result=result, reason="; ".join(said), hint="")
    return replace(suite, result=result, reason=against[0].reason, hint=against[0].hint)


def _weight(metric: MetricVerdict, inconclusive: Inconclusive) -> Result:
    """What a metric's verdict does to its suite."""
    tier, result = metric.threshold.tier, metric.result
    if tier == "advisory" or (metric.waived is not None and result is not Result.ERROR):
        return Result.PASS
    if tier == "supporting" and result is Result.INCONCLUSIVE and inconclusive == "allow":
        return Result.PASS
    return result


def _is_tested(metric: MetricVerdict) -> bool:
    return metric.threshold.tier == "critical" and metric.p is not None and metric.result is not Result.ERROR


def _p(metric: MetricVerdict) -> float:
    return 1.0 if metric.p is None else metric.p


def _corrected(
    suite: SuiteVerdict, adjusted: Mapping[int, float], alpha: float, inconclusive: Inconclusive
) -> SuiteVerdict:
    if not adjusted:
        return suite
    metrics = tuple(_softened(m, adjusted[j], alpha) if j in adjusted else m for j, m in enumerate(suite.metrics))
    return settled(replace(suite, metrics=metrics), inconclusive)


def _softened(metric: MetricVerdict, p: float, alpha: float) -> MetricVerdict:
    found = replace(metric, p_adjusted=p)
    if metric.result is not Result.FAIL or metric.certain or p <= alpha:
        return found
    reason = f"{metric.reason}; among all critical metrics this may be chance (p {p:.3g} after Holm)"
    return replace(found, result=Result.INCONCLUSIVE, reason=reason)


def _against(
    evidence: Sequence[Evidence],
    threshold: Threshold,
    baseline: Sequence[Evidence] | None,
    release: str,
) -> Against:
    if baseline is None and not release:
        return Against()
    shown = release or "the baseline"
    if not baseline:
        return Against(release=shown, obstacle=f"there is no evidence of {shown}")
    wrong = flaws(baseline)
    if wrong:
        return Against(release=shown, obstacle=f"the evidence of {shown} has errors ({wrong[0]})")
    obstacle = incomparable(threshold.metric, baseline, evidence)
    # How often the baseline was to be asked is what its own thresholds said: here, at least once.
    return Against(release=shown, table=tabulate(baseline, replace(threshold, repeats=1)), obstacle=obstacle)


def _waived(metric: MetricVerdict, key: str, waivers: Sequence[Waiver], today: date) -> MetricVerdict:
    if metric.result in (Result.PASS, Result.ERROR, Result.PENDING):
        return metric
    for waiver in waivers:
        concerns = (waiver.suite, waiver.metric) == (metric.threshold.suite, metric.threshold.metric)
        if concerns and metric.result in waiver.verdicts and today <= waiver.until and waiver.key in ("", key):
            waived = Waived(by=waiver.by, reason=waiver.reason, until=waiver.until.isoformat())
            return replace(metric, waived=waived)
    return metric


def _digests(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """Scores that are no numbers have no JSON form, so no digest: their metrics are errors anyway."""
    found = set()
    for item in evidence:
        with suppress(ValueError):
            found.add(item.digest)
    return tuple(sorted(found))


def _cost(evidence: Sequence[Evidence]) -> dict[str, float]:
    """Currency -> what all runs cost together."""
    found: dict[str, float] = {}
    for item in evidence:
        if item.run.cost is not None:
            found[item.run.currency] = found.get(item.run.currency, 0.0) + item.run.cost
    return dict(sorted(found.items()))
