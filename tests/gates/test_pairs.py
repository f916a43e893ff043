"""Judging in pairs: what a score means, and evidence that was judged in another way than is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from evidence_maker import evidence, rates
from hypothesis import given
from hypothesis import strategies as st

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import Evidence, Judge, Observation
from releaser.core.evaluation.judgement import Threshold
from releaser.core.evaluation.response import Response, Timing
from releaser.core.gate import Result
from releaser.core.rubrics import BUILT_IN
from releaser.gates.evaluation.comparing import compare
from releaser.gates.evaluation.judging import Judging, judging_of, pair_request
from releaser.gates.evaluation.pairs import pair_scorer
from releaser.gates.evaluation.ports import Answer, Request
from releaser.gates.evaluation.verdict import judge_suite

ALONE = judging_of(BUILT_IN["helpfulness"], {"modelId": "eu.amazon.nova-pro-v1:0"}, "111111111111/eu-central-1")
PAIRS = replace(ALONE, pairwise=True)
CASE = Case(id="c", input="How much?", digest="d")
FLOOR = Threshold(suite="quality", metric="helpfulness", floor=0.45, judge="judge", unit="share")
WORDS = st.sampled_from(("short", "long", "rude"))


def said(text: str) -> Response:
    return Response(text=text, stop_reason="end_turn")


@given(WORDS, WORDS, st.lists(st.sampled_from(("A", "B", "tie")), min_size=9, max_size=9))
def test_what_one_gains_the_other_loses(one: str, other: str, habits: list[str]) -> None:
    """Whatever the judge goes by."""
    texts = ("short", "long", "rude")
    orders = {(a, b): pair_request(PAIRS, CASE, said(a), said(b)) for a in texts for b in texts}
    answers = dict(zip((json.dumps(r.content) for r in orders.values()), habits, strict=True))

    def ask(request: Request) -> Answer:
        prefers = answers[json.dumps(request.content)]
        return Answer(said(json.dumps({"better": prefers, "reason": "r"})), Timing(last_token=1.0))

    def score(new: str, live: str) -> float:
        return pair_scorer(PAIRS, lambda _: said(live), ask)(CASE, said(new))

    assert score(one, other) in (0, 0.5, 1)
    assert score(one, other) + score(other, one) == 1
    assert score(one, one) == 0.5


def judged(by: Judging, scores: Mapping[str, list[float]], **against: str) -> Evidence:
    found = evidence(scores, metric="helpfulness")
    judges: dict[str, Judge] = {"helpfulness": by.identity}
    subject = replace(found.subject, judges=judges, against=against)
    return replace(found, subject=subject, key=subject.key)


@pytest.mark.parametrize(("asked", "by"), [(True, ALONE), (False, PAIRS)])
def test_evidence_that_was_judged_in_another_way_proves_nothing(asked: bool, by: Judging) -> None:
    found = judge_suite([judged(by, rates(80), prompt="b")], [replace(FLOOR, pairwise=asked)], None, "")
    assert found.result is Result.ERROR


@given(st.integers(min_value=1, max_value=80))
def test_while_nothing_is_live_nothing_blocks_but_a_trouble(n: int) -> None:
    asked = replace(FLOOR, pairwise=True)
    none = judged(PAIRS, rates(n))
    none = replace(none, cases=tuple(replace(c, metrics=()) for c in none.cases))
    found = judge_suite([none], [asked], None, "")
    assert (found.result, found.metrics[0].n, found.metrics[0].value) == (Result.PASS, 0, None)
    assert "nothing is approved yet" in found.reason
    silent = Observation(case="c000", repeat=1, run="run-1", trouble="throttled")
    troubled = replace(none, observations=(silent, *none.observations[1:]))
    assert judge_suite([troubled], [asked], None, "").result is Result.ERROR


@given(st.lists(st.sampled_from((0.0, 0.5, 1.0)), min_size=20, max_size=60))
def test_what_is_worth_looking_at_is_what_became_worse(scores: list[float]) -> None:
    one = judged(PAIRS, {f"c{i:03}": [s] for i, s in enumerate(scores)}, prompt="b")
    (found,) = judge_suite([one], [replace(FLOOR, pairwise=True)], None, "r1").metrics
    told = f"{scores.count(1.0)} better, {scores.count(0.5)} as good, {scores.count(0.0)} worse"
    assert told in found.reason and found.comparison is None
    assert {s.score for s in found.worst} <= {0.0} and bool(found.worst) == (0.0 in scores)
    assert found.result is not Result.PASS or sum(scores) / len(scores) > 0.45


def test_two_releases_are_not_compared_by_what_each_had_before() -> None:
    (row,) = compare([judged(PAIRS, rates(40), prompt="a")], [judged(PAIRS, rates(40), prompt="b")])
    assert "another release" in row.obstacle
