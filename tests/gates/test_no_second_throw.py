"""What was said once is not said again until it pleases: no score, no time, no judge's word, no review."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evidence_maker import evidence
from hypothesis import given
from hypothesis import strategies as st
from test_runner import Log, Store, Target, cases_of, fault, run, spec_of

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import Agreement
from releaser.core.evaluation.response import Response
from releaser.gates.evaluation.human import human_scores
from releaser.gates.evaluation.ports import Answer, Request
from releaser.gates.evaluation.runner import Scorer
from releaser.gates.evaluation.unscorable import Unscorable
from releaser.pipeline.earlier import agreed
from releaser.pipeline.suites import _score


class Improves(Target):
    """Answers badly the first time, and well from then on."""

    def ask(self, request: Request) -> Answer:
        answer = super().ask(request)
        text = "bad" if self.answered[str(request.content["text"])] == 1 else "good"
        return replace(answer, response=replace(answer.response, text=text))


def good(_: Case, reply: Response) -> float:
    return float(reply.text == "good")


def silent(_: Case, reply: Response) -> float:
    raise Unscorable("the judge gave no JSON")


def exhausted(_: Case, reply: Response) -> float:
    raise fault("budget")


def scorers(judge: Scorer) -> Mapping[str, Scorer]:
    return {"good": good, "judged": judge}


def test_a_judge_without_a_word_opens_no_way_to_another_answer() -> None:
    """The texts are gone, as on another machine: the answer must be asked for again, and its old score stays."""
    for judge in (silent, exhausted):
        log, target = Log(), Improves()
        first = run(spec_of(5, scorers=scorers(judge), want_timing=True, warm_up=0), target, Store(), log)
        assert {o.scores["good"] for o in first.observations} == {0.0}
        again = run(spec_of(5, scorers=scorers(good), want_timing=True), target, Store(), log)
        assert {o.scores["good"] for o in again.observations} == {0.0}
        assert {o.scores["judged"] for o in again.observations} == {1.0}
        assert [o.timing for o in again.observations] == [o.timing for o in first.observations]


def test_a_changed_question_keeps_no_score() -> None:
    log, target = Log(), Improves()
    run(spec_of(3, scorers=scorers(silent)), target, Store(), log)
    changed = [replace(c, input=f"{c.input}, please") for c in cases_of(3)]
    again = run(replace(spec_of(3, scorers=scorers(good)), cases=changed), Target(), Store(), log)
    assert {o.scores["good"] for o in again.observations} == {0.0}


said = st.builds(
    Agreement,
    case=st.sampled_from("abc"),
    label=st.sampled_from([0.0, 1.0]),
    said=st.sampled_from([None, 0.0, 1.0]),
    trouble=st.sampled_from([None, "throttled"]),
)


@given(st.lists(st.lists(said, max_size=4), max_size=4))
def test_a_judge_agrees_or_not_the_first_time(runs: list[list[Agreement]]) -> None:
    earlier = [replace(evidence({}), calibrations={"tone": tuple(rows)}) for rows in runs]
    found = agreed(earlier, "tone")
    heard = [one for rows in runs for one in rows if not one.trouble]
    assert found.keys() == {one.case for one in heard}
    assert all(next(o for o in heard if o.case == case) is one for case, one in found.items())
    assert agreed(earlier, "other") == {}


def lines(*rows: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_nobody_takes_back_a_review_by_a_later_line() -> None:
    one = {"case": "a", "by": "eva", "score": 0, "response": "x"}
    assert human_scores(lines(one, {**one, "score": 1}), ["a"], {"a": ["x"]}).wrong
    assert human_scores(lines(one, {**one, "by": "eva ", "score": 1}), ["a"], {"a": ["x"]}).wrong
    both = human_scores(lines(one, {**one, "score": 1, "response": "y"}), ["a"], {"a": ["x", "y"]})
    assert (both.scores, both.wrong) == ({"a": 0.5}, ())


def test_no_reply_ends_a_run() -> None:
    """As deep as JSON gets, as odd as text gets: no score, or one, but never another error."""
    case = replace(cases_of(1)[0], expected={"a": "b"})
    for text in ("[" * 100_000, '{"a":' * 50_000, "\ud800", "1e999", "NaN", "\x00" * 10, ""):
        for metric, options in (
            ("jsonValid", {}),
            ("jsonSchema", {"schema": {"type": "object"}}),
            ("recordMatch", {}),
            ("numeric", {"tolerance": 0.1}),
            ("tokenF1", {}),
        ):
            try:
                _score(metric, options, case, Response(text=text))
            except Unscorable:
                continue
