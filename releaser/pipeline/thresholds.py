"""A manifest's thresholds, waivers, calibrations and reviews, as the judgement takes them."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal

from releaser.core.evaluation.evidence import Evidence
from releaser.core.evaluation.judgement import Judgement, Waiver
from releaser.core.gate import Result
from releaser.core.values import EMPTY
from releaser.gates.evaluation.verdict import judge, judge_suite, thresholds_of

LONGEST_WAIVER = timedelta(days=90)


def judged_suites(
    use_case: str,
    environment: str,
    release: str,
    spec: Mapping[str, Any],
    evidence: Mapping[str, Sequence[Evidence]],
    baselines: Mapping[str, tuple[str, Sequence[Evidence]]],
    *,
    today: date,
    inconclusive: Literal["block", "allow"] = "block",
    files: Mapping[str, bytes] = EMPTY,
) -> Judgement:
    """The judgement of the suites that there is evidence of. ``baselines``: suite -> what is live, and its evidence.
    ``files``: of the use case's folder, with the reviews."""
    suites = []
    for suite, found in evidence.items():
        live, before = baselines.get(suite, ("", None))
        suites.append(
            judge_suite(
                found,
                thresholds_of(spec, suite),
                before,
                live,
                waivers_of(spec, today),
                today,
                calibrations=calibrations_of(spec, suite),
                reviews=reviews_of(spec, suite, files),
                inconclusive=inconclusive,
                suite=suite,
            )
        )
    return judge(use_case, environment, release, suites, inconclusive=inconclusive)


def waivers_of(spec: Mapping[str, Any], today: date) -> tuple[Waiver, ...]:
    """Those that can count: one that would hold for longer than 90 days from now does not."""
    return tuple(w for w in _waivers(spec) if w.until <= today + LONGEST_WAIVER)


def _waivers(spec: Mapping[str, Any]) -> Iterator[Waiver]:
    for one in _evaluation(spec).get("waivers") or ():
        suite, _, metric = str(one["at"]).partition(".")
        until = one["until"]
        yield Waiver(
            suite=suite,
            metric=metric,
            verdicts=tuple(Result(v) for v in one.get("verdicts") or (Result.INCONCLUSIVE,)),
            by=str(one["by"]),
            reason=str(one["reason"]),
            until=until if isinstance(until, date) else date.fromisoformat(str(until)),
        )


def calibrations_of(spec: Mapping[str, Any], suite: str) -> dict[str, float]:
    """Judged metric -> the least agreement that its judge must have with people."""
    rubrics = _evaluation(spec).get("rubrics") or {}
    asked = {name: (rubrics.get(name) or {}).get("calibration") for name, m in _metrics(spec, suite) if m.get("judge")}
    return {name: float(found["floor"]) for name, found in asked.items() if found}


def reviews_of(spec: Mapping[str, Any], suite: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Metric that people score -> their reviews; empty where nobody wrote any yet."""
    declared = _evaluation(spec).get("humanReviews") or {}
    asked = {name: declared[m["human"]]["path"] for name, m in _metrics(spec, suite) if m.get("human") in declared}
    return {name: files.get(path, b"") for name, path in asked.items()}


def _metrics(spec: Mapping[str, Any], suite: str) -> ItemsView[str, Mapping[str, Any]]:
    metrics: Mapping[str, Mapping[str, Any]] = _evaluation(spec)["suites"][suite]["metrics"]
    return metrics.items()


def _evaluation(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    found = spec.get("evaluation")
    return found if isinstance(found, Mapping) else EMPTY


__all__ = ["calibrations_of", "judged_suites", "reviews_of", "waivers_of"]
