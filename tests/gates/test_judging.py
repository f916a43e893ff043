"""Judges: what they are asked, how strictly their word is read, and how far they agree with people."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world.clock import Clock

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.judgement import Threshold
from releaser.core.evaluation.response import Failure, Guarded, Response, Timing, ToolUse
from releaser.core.gate import Result
from releaser.core.rubrics import BUILT_IN, Rubric, rubric_of
from releaser.gates.evaluation.asker import Budget, Calls
from releaser.gates.evaluation.calibration import calibrated, labels_of
from releaser.gates.evaluation.human import awaited, human_scores
from releaser.gates.evaluation.judging import (
    LONGEST,
    Judging,
    better,
    judge,
    judging_of,
    pair_request,
    request_of,
    scorer,
    verdict_of,
)
from releaser.gates.evaluation.limiter import Limiter
from releaser.gates.evaluation.ports import Answer, Refusal, Request
from releaser.gates.evaluation.unscorable import Unscorable
from releaser.store.responses import ResponseFolder

CORRECTNESS = BUILT_IN["correctness"]
JUDGING = judging_of(CORRECTNESS, {"modelId": "eu.amazon.nova-pro-v1:0"}, "111111111111/eu-central-1")
CASE = Case(id="c", input={"question": "How much?"}, expected="250 euros", contexts=("It is 250 euros.",), digest="d")


def said(text: str, stop: str = "end_turn", **members: Any) -> Response:
    return Response(text=text, stop_reason=stop, **members)


def answering(*texts: str) -> Any:
    waiting = list(texts)
    return lambda request: Answer(said(waiting.pop(0)), Timing(last_token=1.0))


def test_what_a_judge_is_asked() -> None:
    request = request_of(JUDGING, CASE, said("It is 250."))
    assert request.lane == "111111111111/eu-central-1/eu.amazon.nova-pro-v1:0"
    assert request == request_of(JUDGING, CASE, said("It is 250."))
    system, message = request.content["system"][0]["text"], request.content["messages"][0]["content"][0]["text"]
    assert CORRECTNESS.text in system and all(f"{a}: {when}" in system for a, when in CORRECTNESS.anchors)
    assert all(text in message for text in ("How much?", "250 euros", "It is 250."))
    assert "It is 250." not in system
    assert request.content["inferenceConfig"] == {"maxTokens": 500, "temperature": 0.0}
    json.dumps(request.content)


@given(st.text(max_size=200))
def test_no_answer_holds_its_own_mark(text: str) -> None:
    message = request_of(JUDGING, CASE, said(text)).content["messages"][0]["content"][0]["text"]
    mark = message[1:25]
    assert message.count(mark) == 8  # input, reference, passages, answer: each once before and once behind
    again = request_of(JUDGING, CASE, said(message)).content["messages"][0]["content"][0]["text"]
    assert again[1:25] != mark and again.count(again[1:25]) == 8


def test_half_an_answer_is_not_judged() -> None:
    with pytest.raises(Unscorable, match="too long"):
        request_of(JUDGING, CASE, said("x" * LONGEST))


@pytest.mark.parametrize(("score", "value"), [("0", 0.0), ("0.5", 0.5), ("1", 1.0), ("1.0", 1.0)])
def test_a_verdict(score: str, value: float) -> None:
    found = verdict_of(CORRECTNESS, said(f' {{"score": {score}, "reason": "as the reference says"}}\n'))
    assert found.score == value
    assert scorer(JUDGING, answering(f'{{"score": {score}, "reason": "r"}}'))(CASE, said("x")) == value


NO_VERDICTS = (
    "",
    "1",
    "Yes, it violates the policy.",
    "The score is 1.",
    '{"score": 1}',
    '{"score": "1", "reason": "r"}',
    '{"score": true, "reason": "r"}',
    '{"score": 0.7, "reason": "r"}',
    '{"score": 2, "reason": "r"}',
    '{"score": null, "reason": "r"}',
    '{"score": NaN, "reason": "r"}',
    '{"score": 1e999, "reason": "r"}',
    '{"score": 1, "reason": ""}',
    '{"score": 1, "reason": 5}',
    '{"score": 1, "reason": "r", "confidence": 1}',
    '{"score": 0, "score": 1, "reason": "r"}',
    '{"score": 1, "reason": "r"} {"score": 0, "reason": "r"}',
    'Here: {"score": 1, "reason": "r"}',
    '```json\n{"score": 1, "reason": "r"}\n```',
    '[{"score": 1, "reason": "r"}]',
    "[" * 100_000,
)


@pytest.mark.parametrize("text", NO_VERDICTS, ids=range(len(NO_VERDICTS)))
def test_anything_else_is_no_verdict(text: str) -> None:
    with pytest.raises(Unscorable):
        verdict_of(CORRECTNESS, said(text))


GOOD = '{"score": 1, "reason": "r"}'


@pytest.mark.parametrize(
    "reply",
    [
        said(GOOD, "max_tokens"),
        said(GOOD, ""),
        said(GOOD, "guardrail_intervened"),
        said(GOOD, guarded=Guarded(intervened=True)),
        said(GOOD, tools=(ToolUse(name="t"),)),
    ],
)
def test_a_judge_that_was_stopped_gave_no_verdict(reply: Response) -> None:
    with pytest.raises(Unscorable):
        verdict_of(CORRECTNESS, reply)


@given(st.text(max_size=80))
def test_prose_never_scores(text: str) -> None:
    try:
        found = verdict_of(CORRECTNESS, said(text))
    except Unscorable:
        return
    assert json.loads(text)["score"] in (0, 0.5, 1) and 0 <= found.score <= 1


def preference(which: str) -> str:
    return f'{{"better": "{which}", "reason": "r"}}'


@pytest.mark.parametrize(
    ("there", "back", "result"),
    [
        ("A", "B", "first"),
        ("B", "A", "second"),
        ("A", "A", "tie"),
        ("B", "B", "tie"),
        ("tie", "B", "tie"),
        ("A", "tie", "tie"),
    ],
)
def test_a_judge_that_goes_by_the_order_says_tie(there: str, back: str, result: str) -> None:
    asked = answering(preference(there), preference(back))
    assert better(JUDGING, CASE, said("one"), said("two"), asked) == result


def test_pairs_are_asked_in_both_orders() -> None:
    seen: list[Request] = []

    def ask(request: Request) -> Answer:
        seen.append(request)
        return Answer(said(preference("tie")), Timing(last_token=1.0))

    better(JUDGING, CASE, said("one"), said("two"), ask)
    assert seen == [
        pair_request(JUDGING, CASE, said("one"), said("two")),
        pair_request(JUDGING, CASE, said("two"), said("one")),
    ]
    with pytest.raises(Unscorable):
        better(JUDGING, CASE, said("one"), said("two"), answering(preference("C")))


def test_a_judge_s_identity_is_its_model_rubric_and_version() -> None:
    other = Judging(Rubric("x", CORRECTNESS.text, CORRECTNESS.anchors), JUDGING.model, "222222222222/eu-west-1")
    assert JUDGING.identity == other.identity
    changed = Judging(Rubric("x", CORRECTNESS.text + " ", CORRECTNESS.anchors), JUDGING.model, "")
    assert JUDGING.identity.rubric != changed.identity.rubric
    hot = judging_of(CORRECTNESS, {"modelId": JUDGING.model, "inference": {"temperature": 0.5}}, "")
    assert JUDGING.identity.version != hot.identity.version


def test_rubrics_of_the_manifest() -> None:
    own = {"rubrics": {"correctness": {"text": "t", "anchors": {"5": "good", "1": "bad", "3": "so so"}}}}
    rubric = rubric_of(own, "correctness")
    assert [a for a, _ in rubric.anchors] == ["1", "3", "5"] and rubric.share("3") == 0.5
    assert verdict_of(rubric, said('{"score": 5, "reason": "r"}')).score == 1
    assert rubric_of({}, "faithfulness") is BUILT_IN["faithfulness"]
    with pytest.raises(KeyError):
        rubric_of({}, "tone")
    for anchors in ({"1": "a"}, {"1": "a", "1.0": "b"}, {"x": "a", "1": "b"}, None):
        with pytest.raises(ValueError, match="anchor"):
            rubric_of({"rubrics": {"tone": {"text": "t", "anchors": anchors}}}, "tone")


def labelled(n: int, label: Any, answer: str = "It is 250 euros.") -> Case:
    return Case(id=f"c{n:02}", input="x", digest="d", human={"correctness": label}, answer=answer)


def test_a_judge_is_held_against_people_on_the_answers_that_they_saw(tmp_path: Path) -> None:
    clock = Clock()
    cases = [labelled(i, i % 2, "right" if i % 2 else "wrong") for i in range(8)]

    def ask(request: Request) -> Answer:
        text = request.content["messages"][0]["content"][0]["text"]
        score = 1 if "right" in text else 0
        return Answer(said(json.dumps({"score": score, "reason": "read"})), Timing(last_token=1.0))

    def agreed(judge: Callable[[Request], Answer]) -> list[tuple[float, float | None, str | None]]:
        calls = Calls(ResponseFolder(tmp_path / judge.__name__), Limiter(clock), clock, Budget(cases=0), tries=1)
        rows, ran = calibrated(JUDGING, [*cases, CASE], calls, judge)
        assert ran.complete and len(rows) == 8, "a case without a label is not asked, and labels cost no case"
        return [(r.label, r.said, r.trouble) for r in rows]

    def mumbles(request: Request) -> Answer:
        return Answer(said("I think so"), Timing(last_token=1.0))

    def throttles(request: Request) -> Answer:
        raise Refusal(Failure(trouble="throttled"))

    assert agreed(ask) == [(float(i % 2), float(i % 2), None) for i in range(8)]
    assert agreed(mumbles) == [(float(i % 2), None, None) for i in range(8)]
    assert agreed(throttles) == [(float(i % 2), None, "throttled") for i in range(8)]


def test_a_label_that_is_no_anchor_is_an_error() -> None:
    assert labels_of([labelled(0, "0.5"), labelled(1, 1.0)], CORRECTNESS) == {"c00": 0.5, "c01": 1.0}
    with pytest.raises(ValueError, match="no answer"):
        labels_of([labelled(0, 1, answer="")], CORRECTNESS)
    for label in ("good", 0.7, [1]):
        with pytest.raises(ValueError, match="none of"):
            labels_of([labelled(0, label)], CORRECTNESS)


THRESHOLD = Threshold(suite="quality", metric="tone", floor=0.8)


def lines(*rows: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(r).encode() for r in rows)


def test_reviews_are_pending_until_all_are_there() -> None:
    one = {"case": "a", "by": "eva", "score": 1}
    found = human_scores(lines(one), ["a", "b"])
    waiting = awaited(THRESHOLD, found)
    assert waiting is not None and waiting.result is Result.PENDING and "1 of 2" in waiting.reason
    whole = human_scores(
        lines(one, {"case": "a", "by": "max", "score": 0}, {"case": "b", "by": "eva", "score": 1}), ["a", "b"]
    )
    assert whole.is_whole and whole.scores == {"a": 0.5, "b": 1.0} and awaited(THRESHOLD, whole) is None
    nothing = awaited(THRESHOLD, human_scores(b"", []))
    assert nothing is not None and nothing.result is Result.PENDING


def test_a_review_of_another_answer_does_not_count() -> None:
    row = {"case": "a", "by": "eva", "score": 1, "response": "old"}
    assert human_scores(lines(row), ["a"], {"a": ["new"]}).missing == ("a",)
    assert human_scores(lines(row), ["a"], {"a": ["old"]}).is_whole


@pytest.mark.parametrize(
    "row",
    [
        {"case": "z", "by": "eva", "score": 1},
        {"case": "a", "score": 1},
        {"case": "a", "by": "eva", "score": 2},
        {"case": "a", "by": "eva", "score": True},
        {"case": "a", "by": "eva", "score": float("nan")},
        {"case": "a", "by": "eva", "score": 1, "scor": 1},
    ],
)
def test_a_review_that_cannot_be_read_is_an_error(row: dict[str, Any]) -> None:
    found = human_scores(lines({"case": "a", "by": "max", "score": 1}, row), ["a"])
    assert [w.line for w in found.wrong] == [2]
    verdict = awaited(THRESHOLD, found)
    assert verdict is not None and verdict.result is Result.ERROR


def test_nobody_reviews_a_case_twice() -> None:
    one = {"case": "a", "by": "eva", "score": 1}
    assert human_scores(lines(one, one), ["a"]).wrong


def test_the_judge_is_asked_once() -> None:
    assert judge(JUDGING, CASE, said("x"), answering(GOOD)).reason == "r"
