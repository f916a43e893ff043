"""Verdicts: what proves a pass, what proves a fail, and what proves nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from evidence_maker import evidence, observation, rates, with_observations
from hypothesis import given, settings
from hypothesis import strategies as st

from releaser.core.evaluation.evidence import Agreement, Evidence, Observation, read_evidence
from releaser.core.evaluation.judgement import MetricVerdict, SuiteVerdict, Threshold, Waiver
from releaser.core.evaluation.response import Timing, Usage
from releaser.core.gate import Result
from releaser.core.shape import plain
from releaser.gates.evaluation.verdict import compare, judge, judge_suite, thresholds_of

FLOOR = Threshold(suite="quality", metric="exactMatch", floor=0.9, tier="critical", unit="share")
F1 = Threshold(suite="quality", metric="tokenF1", floor=0.7, unit="share")
TODAY = date(2026, 12, 1)
PASS, FAIL, INCONCLUSIVE, ERROR = Result.PASS, Result.FAIL, Result.INCONCLUSIVE, Result.ERROR
PENDING = Result.PENDING


def judged(
    found: Evidence | Sequence[Evidence],
    threshold: Threshold = FLOOR,
    baseline: Sequence[Evidence] | None = None,
    release: str = "",
    **more: Any,
) -> SuiteVerdict:
    items = [found] if isinstance(found, Evidence) else found
    return judge_suite(items, [threshold], baseline, release, more.pop("waivers", ()), TODAY, **more)


def one(found: SuiteVerdict) -> MetricVerdict:
    (metric,) = found.metrics
    return metric


@pytest.mark.parametrize(
    ("good", "bad", "result"),
    [
        (200, 0, PASS),
        (20, 0, INCONCLUSIVE),
        (195, 5, PASS),
        (185, 15, INCONCLUSIVE),
        (160, 40, FAIL),
        (1, 0, INCONCLUSIVE),
    ],
)
def test_a_floor_is_tested_on_the_bound(good: int, bad: int, result: Result) -> None:
    found = judged(evidence(rates(good, bad)))
    assert found.result is result
    assert one(found).value == good / (good + bad)
    if result is INCONCLUSIVE:
        assert (one(found).needed or 0) > good + bad
        assert "would decide" in one(found).hint


def test_a_ceiling_is_tested_on_the_other_bound() -> None:
    ceiling = Threshold(suite="quality", metric="attackSuccessRate", ceiling=0.05, unit="share")
    none = {case: [0.0] for case in rates(100)}
    assert judged(evidence(none, metric="attackSuccessRate"), ceiling).result is PASS
    few = {case: [0.0] for case in rates(20)}
    assert judged(evidence(few, metric="attackSuccessRate"), ceiling).result is INCONCLUSIVE
    many = {case: [float(i % 5 == 0)] for i, case in enumerate(rates(100))}
    assert judged(evidence(many, metric="attackSuccessRate"), ceiling).result is FAIL


def test_no_evidence_is_awaited_and_no_metric_is_an_error() -> None:
    assert judge_suite([], [FLOOR], None, "").result is Result.PENDING
    assert judge_suite([evidence(rates(100))], [], None, "").result is ERROR
    assert judge("answers", "prod", "r12", []).result is ERROR


def _broken(found: Evidence, change: str) -> Evidence | list[Evidence]:
    first, *rest = found.observations
    case = found.cases[0]
    match change:
        case "trouble":
            gone = Observation(case=first.case, repeat=1, run="run-1", trouble="throttled")
            return with_observations(found, [gone, *rest])
        case "unscored":
            return with_observations(found, [replace(first, unscored={"exactMatch": "no label"}), *rest])
        case "no score":
            return with_observations(found, [replace(first, scores={}), *rest])
        case "nan":
            return with_observations(found, [replace(first, scores={"exactMatch": math.nan}), *rest])
        case "text":
            return with_observations(found, [replace(first, scores={"exactMatch": "1"}), *rest])
        case "flag":
            return with_observations(found, [replace(first, scores={"exactMatch": True}), *rest])
        case "out of range":
            return with_observations(found, [replace(first, scores={"exactMatch": 7.0}), *rest])
        case "nothing at all":
            return with_observations(found, [replace(first, response=""), *rest])
        case "missing":
            return with_observations(found, rest)
        case "two answers":
            return with_observations(found, [replace(first, response="f" * 64), *found.observations])
        case "case twice":
            return replace(found, cases=(case, *found.cases))
        case "no case of ours":
            return with_observations(found, [replace(first, case="other"), *found.observations])
        case "incomplete":
            return replace(found, run=replace(found.run, complete=False))
        case "other cases in another run":
            return [found, replace(found, cases=found.cases[1:], observations=tuple(rest))]
        case "another thing":
            return [found, evidence(rates(200), behaviour="other", run="run-2")]
    raise AssertionError(change)


BROKEN = [
    "trouble",
    "unscored",
    "no score",
    "nan",
    "text",
    "flag",
    "out of range",
    "nothing at all",
    "missing",
    "two answers",
    "case twice",
    "no case of ours",
    "incomplete",
    "other cases in another run",
    "another thing",
]


@pytest.mark.parametrize("change", BROKEN)
def test_what_is_missing_or_broken_is_an_error_and_nothing_else(change: str) -> None:
    broken = _broken(evidence(rates(200)), change)
    found = judged(broken)
    assert (found.result, one(found).result) == (ERROR, ERROR)
    assert one(found).errors > 0
    assert one(found).value is None
    waiver = Waiver(
        suite="quality", metric="exactMatch", verdicts=tuple(Result), by="x", reason="we know", until=date.max
    )
    assert judged(broken, waivers=[waiver]).result is ERROR
    assert judge("answers", "prod", "r12", [found]).result is ERROR


def test_a_repeat_that_was_asked_for_must_be_there() -> None:
    thrice = replace(FLOOR, repeats=3)
    full = evidence({case: [1.0, 1.0, 1.0] for case in rates(100)})
    assert judged(full, thrice).result is PASS
    for gone in (0, 1, 2):
        seen = [o for i, o in enumerate(full.observations) if i != gone]
        assert judged(with_observations(full, seen), thrice).result is ERROR
        assert judged(with_observations(full, seen), FLOOR).result is ERROR
    assert judged(evidence(rates(100)), thrice).result is ERROR


def test_a_case_counts_once_however_often_it_is_asked() -> None:
    ten = evidence({case: [1.0] * 10 for case in rates(20)})
    assert one(judged(ten)).n == 20
    assert judged(ten).result is INCONCLUSIVE
    again = [evidence(rates(20), run=f"run-{i}") for i in range(10)]
    assert one(judged(again)).n == 20
    assert one(judged(again)).lower == one(judged(again[:1])).lower


def test_every_run_counts_and_the_same_answer_once() -> None:
    good, bad = evidence(rates(200)), evidence({case: [0.0] for case in rates(200)}, run="run-2")
    assert judged([good, bad]).result is FAIL
    assert one(judged([good, bad])).value == 0.5
    assert one(judged([good, good, bad])).value == 0.5


def test_a_critical_case_must_succeed_every_time() -> None:
    scores = {case: [1.0, 1.0] for case in rates(300)}
    assert judged(evidence(scores, critical=["c007"])).result is PASS
    scores["c007"] = [1.0, 0.0]
    assert judged(evidence(scores)).result is PASS
    found = judged(evidence(scores, critical=["c007"]))
    assert found.result is FAIL
    assert "c007" in found.reason
    assert judge("answers", "prod", "r12", [found]).result is FAIL
    before = evidence({case: [1.0] for case in rates(300)}, behaviour="then")
    assert "c007 (passed before)" in judged(evidence(scores, critical=["c007"]), FLOOR, [before], "r11").reason


def test_means_need_enough_cases_and_a_bound() -> None:
    assert judged(evidence({f"c{i}": [0.9] for i in range(19)}, metric="tokenF1"), F1).result is INCONCLUSIVE
    assert one(judged(evidence({f"c{i}": [0.9] for i in range(19)}, metric="tokenF1"), F1)).needed == 20
    wide = {f"c{i:02}": [0.8 + 0.1 * (i % 3 - 1)] for i in range(60)}
    assert judged(evidence(wide, metric="tokenF1"), F1).result is PASS
    assert judged(evidence(wide, metric="tokenF1"), replace(F1, floor=0.81)).result is INCONCLUSIVE
    assert judged(evidence(wide, metric="tokenF1"), replace(F1, floor=0.95)).result is FAIL
    assert judged(evidence(wide, metric="tokenF1"), replace(F1, min_n=100)).result is INCONCLUSIVE


def _timed(times: Sequence[float | None], warm: int = 0) -> Evidence:
    metric = "timeToLastTokenP95"
    scores = {
        f"c{i:03}": [
            observation(
                f"c{i:03}",
                1,
                None,
                metric=metric,
                timing=None if t is None else Timing(last_token=t, warm_up=i < warm),
            )
        ]
        for i, t in enumerate(times)
    }
    return evidence(scores, metric=metric)


def test_times_leave_out_warm_up_and_what_was_there_already() -> None:
    asked = Threshold(suite="quality", metric="timeToLastTokenP95", ceiling=1200.0, unit="time")
    assert judged(_timed([500.0 + i % 50 for i in range(200)]), asked).result is PASS
    assert judged(_timed([9000.0] * 5 + [500.0 + i % 50 for i in range(200)], warm=5), asked).result is PASS
    assert judged(_timed([1500.0 + i % 50 for i in range(200)]), asked).result is FAIL
    few = judged(_timed([500.0] * 29 + [None] * 100), asked)
    assert (few.result, one(few).n, one(few).needed) == (INCONCLUSIVE, 29, 30)
    none = judged(_timed([None] * 100), asked)
    assert none.result is INCONCLUSIVE
    assert "measure anew" in one(none).hint


def test_rates_of_calls_come_from_their_times() -> None:
    for metric, timing in (
        ("throttleRate", Timing(last_token=9, throttles=2)),
        ("errorRate", Timing(last_token=9, failures=1)),
    ):
        asked = Threshold(suite="quality", metric=metric, ceiling=0.05, unit="share")
        calm = {c: [observation(c, 1, None, metric=metric, timing=Timing(last_token=9))] for c in rates(100)}
        assert judged(evidence(calm, metric=metric), asked).result is PASS
        busy = {c: [observation(c, 1, None, metric=metric, timing=timing)] for c in rates(100)}
        assert judged(evidence(busy, metric=metric), asked).result is FAIL
    speed = Threshold(suite="quality", metric="tokensPerSecond", floor=20.0, unit="rate")
    spoken = {
        c: [
            replace(
                observation(c, 1, None, timing=Timing(first_token=100.0, last_token=1100.0 + i)),
                usage=Usage(output_tokens=50),
            )
        ]
        for i, c in enumerate(rates(40))
    }
    found = judged(evidence(spoken, metric="tokensPerSecond"), speed)
    assert found.result is PASS
    assert one(found).value == pytest.approx(49, abs=1)


def test_labels() -> None:
    right = {f"c{i:03}": [["yes", "yes"] if i % 2 else ["no", "no"]] for i in range(120)}
    wrong = {**right, **{f"c{i:03}": [["yes", "no"]] for i in range(60)}}
    for metric in ("macroF1", "cohensKappa"):
        asked = Threshold(suite="quality", metric=metric, floor=0.8)
        assert judged(evidence(right, metric=metric), asked).result is PASS
        assert judged(evidence(wrong, metric=metric), asked).result is FAIL
        broken = {**right, "c000": ["yes"]}
        assert judged(evidence(broken, metric=metric), asked).result is ERROR
        then = evidence(right, metric=metric, behaviour="then")
        less = replace(asked, floor=0.0, max_regression=0.05)
        assert judged(evidence(wrong, metric=metric), less, [then], "r11").result is FAIL
        assert judged(evidence(right, metric=metric), less, [then], "r11").result is PASS


KEEPS = Threshold(suite="quality", metric="exactMatch", floor=0.5, max_regression=0.05, unit="share")


def test_a_regression_is_judged_by_pairs() -> None:
    then = [evidence(rates(400), behaviour="then")]
    assert judged(evidence(rates(400)), KEEPS, then, "r11").result is PASS
    worse = judged(evidence(rates(320, 80)), KEEPS, then, "r11")
    assert worse.result is FAIL
    against = one(worse).comparison
    assert against is not None
    assert (against.release, against.n, against.better, against.worse) == ("r11", 400, 0, 80)
    assert against.difference == pytest.approx(-0.2)
    assert against.p is not None and against.p < 1e-9
    assert [s.case for s in one(worse).worst] == ["c000", "c001", "c002", "c003", "c004"]
    assert {(s.score, s.before) for s in one(worse).worst} == {(0.0, 1.0)}
    unclear = judged(evidence(rates(380, 20)), KEEPS, then, "r11")
    assert unclear.result is INCONCLUSIVE
    assert "these pairs show a loss of" in unclear.hint


def test_a_relative_margin_goes_by_the_baseline() -> None:
    then = [evidence({f"c{i:03}": [0.5] for i in range(400)}, metric="tokenF1", behaviour="then")]
    now = evidence({f"c{i:03}": [0.46] for i in range(400)}, metric="tokenF1")
    loss = replace(F1, floor=0.1, max_regression=0.1, relative=True)
    assert judged(now, loss, then, "r11").result is PASS
    assert judged(now, replace(loss, max_regression=0.05), then, "r11").result is FAIL
    assert judged(now, replace(loss, max_regression=0.05, relative=False), then, "r11").result is PASS


def test_less_is_better_where_it_is() -> None:
    metric = "attackSuccessRate"
    then = [evidence({c: [0.0] for c in rates(400)}, metric=metric, behaviour="then")]
    now = evidence({c: [float(i < 80)] for i, c in enumerate(rates(400))}, metric=metric)
    asked = Threshold(suite="quality", metric=metric, ceiling=0.9, max_regression=0.05, unit="share")
    found = judged(now, asked, then, "r11")
    assert found.result is FAIL
    assert one(found).worst[0].score == 1.0
    best = evidence({c: [0.0] for c in rates(400)}, metric=metric)
    assert judged(best, asked, [replace(now, key=now.key)], "r11").result is PASS


def test_the_first_release_has_nothing_to_compare_with() -> None:
    found = judged(evidence(rates(400)), KEEPS)
    assert found.result is PASS
    assert "nothing is approved yet" in one(found).reason


@pytest.mark.parametrize("case", ["no evidence", "other evaluator", "other cases", "errors"])
def test_a_baseline_that_cannot_be_compared_is_no_pass(case: str) -> None:
    then: list[Evidence] = []
    if case == "other evaluator":
        then = [evidence(rates(400), behaviour="then", version="0")]
    elif case == "other cases":
        then = [evidence({f"x{i}": [1.0] for i in range(400)}, behaviour="then")]
    elif case == "errors":
        made = evidence(rates(400), behaviour="then")
        then = [with_observations(made, made.observations[1:])]
    found = judged(evidence(rates(400)), KEEPS, then, "r11")
    assert found.result is INCONCLUSIVE
    assert "evaluate r11 again" in found.hint
    assert judged(evidence(rates(400)), replace(KEEPS, max_regression=None), then, "r11").result is PASS


def test_a_judge_that_does_not_agree_with_people_cannot_pass() -> None:
    asked = Threshold(suite="quality", metric="helpful", floor=0.5, judge="judge", unit="share")
    found = evidence({f"c{i:03}": [0.75 + 0.25 * (i % 2)] for i in range(60)}, metric="helpful")
    assert judged(found, asked).result is PASS
    labels = {f"c{i:03}": 0.75 + 0.25 * (i % 2) for i in range(60)}
    agrees = tuple(Agreement(case=case, label=label, said=label) for case, label in labels.items())
    differs = tuple(replace(a, said=1.75 - a.label) for a in agrees)
    skips = tuple(replace(a, said=a.said if a.label == 1 else None) for a in agrees)
    silent = (*agrees[1:], replace(agrees[0], said=None, trouble="throttled"))
    for calibration, result in ((agrees, PASS), (differs, FAIL), (skips, FAIL), (agrees[:4], FAIL), (silent, ERROR)):
        calibrated = replace(found, calibrations={"helpful": calibration})
        assert judged(calibrated, asked, calibrations={"helpful": 0.6}).result is result
    assert judged(found, asked, calibrations={"helpful": 0.6}).result is FAIL


def test_people_score_and_until_they_have_it_is_awaited() -> None:
    asked = Threshold(suite="quality", metric="usable", floor=0.5, unit="share")
    made = evidence({f"c{i:03}": [1.0] for i in range(60)}, metric="usable")
    found = with_observations(made, tuple(replace(o, scores={}) for o in made.observations))
    lines = [json.dumps({"case": f"c{i:03}", "by": "desk", "score": 1 - (i % 4) / 10}) for i in range(60)]

    def result(content: str, *observations: Observation) -> Result:
        shown = with_observations(found, observations) if observations else found
        return judged(shown, asked, reviews={"usable": content.encode()}).result

    assert result("") is PENDING
    assert result("\n".join(lines[:59])) is PENDING
    assert result("\n".join(lines)) is PASS
    assert result("\n".join(lines).replace('"score": 1', '"score": 7')) is ERROR
    unanswered = replace(found.observations[0], response="", trouble="throttled")
    assert result("\n".join(lines[1:]), unanswered, *found.observations[1:]) is ERROR
    other = json.dumps({"case": "c000", "by": "desk", "score": 1, "response": "0" * 64})
    assert result("\n".join([other, *lines[1:]])) is PENDING, "a review of another answer says nothing of this one"


def test_tiers() -> None:
    bad = evidence(rates(100, 100))
    assert judged(bad, replace(FLOOR, tier="advisory")).result is PASS
    assert one(judged(bad, replace(FLOOR, tier="advisory"))).result is FAIL
    assert judged(bad, replace(FLOOR, tier="supporting")).result is FAIL
    unclear = evidence(rates(20))
    for tier, result in (("critical", INCONCLUSIVE), ("supporting", PASS), ("advisory", PASS)):
        assert judged(unclear, replace(FLOOR, tier=tier), inconclusive="allow").result is result
    assert judged(unclear, replace(FLOOR, tier="supporting")).result is INCONCLUSIVE


def test_waivers_let_listed_verdicts_pass_until_their_day() -> None:
    bad = evidence(rates(100, 100))
    waiver = Waiver(
        suite="quality", metric="exactMatch", verdicts=(FAIL,), by="ana", reason="known and agreed", until=TODAY
    )
    found = judged(bad, waivers=[waiver])
    assert (found.result, one(found).result) == (PASS, FAIL)
    assert one(found).waived is not None
    assert judge("answers", "prod", "r12", [found]).result is PASS
    for other in (
        replace(waiver, until=date(2026, 11, 30)),
        replace(waiver, verdicts=(INCONCLUSIVE,)),
        replace(waiver, metric="contains"),
        replace(waiver, suite="safety"),
        replace(waiver, key="0" * 64),
    ):
        assert judged(bad, waivers=[other]).result is FAIL


def test_holm_softens_a_fail_and_makes_no_pass() -> None:
    barely = judged(evidence(rates(168, 32)))
    p = one(barely).p
    assert barely.result is FAIL and p is not None and p < 0.05
    alone = judge("answers", "prod", "r12", [barely])
    assert alone.result is FAIL
    others = [replace(barely, suite=f"s{i}", metrics=(one(judged(evidence(rates(200)))),)) for i in range(60)]
    many = judge("answers", "prod", "r12", [barely, *others])
    assert many.suites[0].result is INCONCLUSIVE
    assert many.result is INCONCLUSIVE
    assert one(many.suites[0]).p_adjusted is not None
    assert "Holm" in one(many.suites[0]).reason
    assert {s.result for s in many.suites[1:]} == {PASS}


def test_thresholds_of_a_manifest() -> None:
    metrics = {
        "exactMatch": {"floor": 0.9, "maxRegression": 0.02, "tier": "critical", "minN": 100, "repeats": 3},
        "timeToFirstTokenP95": {"ceiling": "1.2s", "maxRegression": "10%"},
        "timeToLastTokenP50": {"ceiling": "1200ms", "maxRegression": "100ms"},
        "helpful": {"floor": 0.8, "judge": "judge", "tier": "advisory"},
    }
    spec = {"evaluation": {"suites": {"quality": {"metrics": metrics}}}}
    match, first, last, helpful = thresholds_of(spec, "quality")
    assert (match.floor, match.max_regression, match.min_n, match.repeats) == (0.9, 0.02, 100, 3)
    assert (match.tier, match.relative, match.unit) == ("critical", False, "share")
    assert (first.ceiling, first.max_regression, first.relative) == (1200.0, 0.1, True)
    assert (last.ceiling, last.max_regression, last.relative) == (1200.0, 100.0, False)
    assert (helpful.judge, helpful.tier, helpful.unit, helpful.repeats) == ("judge", "advisory", "share", 1)


def test_two_releases_side_by_side() -> None:
    then, now = evidence(rates(90, 10), behaviour="then"), evidence(rates(95, 5))
    now = with_observations(now, [*now.observations[:-1], replace(now.observations[-1], scores={"exactMatch": 0.0})])
    (row,) = compare([then], [now], release="r11")
    assert row.better == ("c005", "c006", "c007", "c008", "c009")
    assert row.worse == ("c099",)
    assert row.comparison is not None and row.comparison.difference == pytest.approx(0.04)
    assert row.worst[0].case == "c099"
    (none,) = compare([then], [evidence(rates(90), version="9")])
    assert none.comparison is None
    assert "another version" in none.obstacle
    assert compare([], [now])[0].obstacle


# Laws.

SCORES = st.lists(st.sampled_from([0.0, 1.0, 1.0, 1.0, 1.0]), min_size=1, max_size=60)
BETTER = {FAIL: 0, INCONCLUSIVE: 1, PASS: 2}


def _made(scores: Sequence[float], metric: str = "exactMatch") -> Evidence:
    return evidence({f"c{i:03}": [s] for i, s in enumerate(scores)}, metric=metric)


@given(SCORES, st.data())
@settings(max_examples=60, deadline=None)
def test_taking_results_away_passes_nothing(scores: list[float], data: st.DataObject) -> None:
    found = _made(scores)
    gone = data.draw(st.sets(st.integers(0, len(scores) - 1), min_size=1))
    kept = [o for i, o in enumerate(found.observations) if i not in gone]
    assert judged(with_observations(found, kept), replace(FLOOR, floor=0.5)).result is ERROR
    troubled = [
        replace(o, response="", scores={}, trouble="timeout") if i in gone else o
        for i, o in enumerate(found.observations)
    ]
    assert judged(with_observations(found, troubled), replace(FLOOR, floor=0.5)).result is ERROR


@given(SCORES, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_order_does_not_matter_and_judging_again_gives_the_same(scores: list[float], chance: Any) -> None:
    found = _made(scores)
    seen, cases = list(found.observations), list(found.cases)
    chance.shuffle(seen)
    chance.shuffle(cases)
    once = judged(found).metrics
    assert judged(replace(found, observations=tuple(seen), cases=tuple(cases))).metrics == once
    assert judged(found).metrics == once


@given(SCORES, st.data())
@settings(max_examples=60, deadline=None)
def test_worse_scores_improve_no_verdict(scores: list[float], data: st.DataObject) -> None:
    worse = [min(s, data.draw(st.sampled_from([0.0, 1.0]))) for s in scores]
    floor = replace(FLOOR, floor=data.draw(st.sampled_from([0.3, 0.6, 0.9])))
    assert BETTER[judged(_made(worse), floor).result] <= BETTER[judged(_made(scores), floor).result]


@given(st.lists(st.floats(0, 1), min_size=20, max_size=30), st.floats(0, 0.5))
@settings(max_examples=15, deadline=None)
def test_worse_means_improve_no_verdict(scores: list[float], loss: float) -> None:
    then = [replace(_made(scores, "tokenF1"), run=_made(scores).run)]
    asked = replace(F1, floor=0.5, max_regression=0.1)
    worse = _made([max(0.0, s - loss) for s in scores], "tokenF1")
    before, after = judged(_made(scores, "tokenF1"), asked, then, "r11"), judged(worse, asked, then, "r11")
    assert BETTER[after.result] <= BETTER[before.result]


def test_stored_evidence_is_judged_as_it_was() -> None:
    made = evidence(rates(380, 20), critical=["c399"], cost=1.5)
    read = read_evidence(json.loads(json.dumps(plain(made))))
    then = [evidence(rates(400), behaviour="then")]
    assert judged(read, KEEPS, then, "r11") == judged(made, KEEPS, then, "r11")
    assert judged(read).cost == {"USD": 1.5}
