"""Gates: what passes, what fails, what proves neither; runs that differ; verdicts that nobody can miss."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from gates.evidence_maker import evidence, rates
from world.desk import Desk

from complaints.conftest import DeskMaker
from complaints.suites import (
    JUDGING,
    Moody,
    Office,
    bring,
    calls_of,
    cases_of,
    kept,
    verdict,
)
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response
from releaser.gates.evaluation.asker import Calls, key_of
from releaser.gates.evaluation.judging import request_of, scorer
from releaser.gates.evaluation.runner import Ran, Scorer, Spec, run_suite

KEEPS = {"exactMatch": {"floor": 0.5, "maxRegression": 0.01}}
TONE = {"tone": {"judge": "judge", "floor": 0.6, "repeats": 3}}


def judged(judge: Moody, cases: tuple[Case, ...], calls: Calls, target: Moody | None = None) -> Ran:
    """A run whose answers a judge scores as ``tone``."""
    asker = calls.asker(judge.ask)
    scorers: dict[str, Scorer] = {"tone": scorer(JUDGING, lambda request: asker.ask(request, 1))}
    return run_suite(Spec(suite="quality", run="run-1", cases=cases, scorers=scorers), target or Moody(), calls)


# -- what passes


def test_promptfoo_1441_one_failed_case_stops_no_release(office: Office) -> None:
    """The share of all cases decides, by its bound."""
    said = office.gate(evidence(rates(195, 5)))
    assert (said.code, said.verdict) == (0, "PASS")
    assert said.metric["lower"] >= 0.9


def test_promptfoo_5847_a_case_that_always_fails_is_not_hidden_by_the_others(office: Office) -> None:
    """What is critical fails by name, whatever the share; what is not stands first among the worst."""
    scores = {case: [1.0] * 10 for case in rates(200)} | {"c007": [0.0] * 10}
    said = office.gate(evidence(scores, critical=["c007"]))
    assert (said.code, said.verdict) == (3, "FAIL")
    assert "c007" in said.metric["reason"]
    other = office.gate(evidence(scores))
    assert (other.verdict, other.worst) == ("PASS", ["c007"])


def test_promptfoo_5947_what_must_always_succeed_does_not_pass_by_one_try(office: Office) -> None:
    """A critical case succeeds in all N tries or fails; asking the same often makes no more cases of it."""
    scores = {case: [1.0] * 5 for case in rates(200)}
    assert office.gate(evidence(scores, critical=["c007"])).verdict == "PASS"
    scores["c007"] = [1.0, 1.0, 1.0, 1.0, 0.0]
    assert office.gate(evidence(scores, critical=["c007"])).verdict == "FAIL"
    few = office.gate(evidence({case: [1.0] * 50 for case in rates(20)}))
    assert (few.verdict, few.metric["n"]) == ("INCONCLUSIVE", 20)


def test_promptfoo_action_865_a_case_is_asked_as_often_as_was_said(office: Office) -> None:
    """Fewer answers than ``repeats`` are an ERROR and no verdict; more count as the share of the case."""
    thrice = {"exactMatch": {"floor": 0.6, "repeats": 3}}
    assert office.gate(evidence(rates(200)), metrics=thrice).verdict == "ERROR"
    said = office.gate(evidence({case: [1.0, 0.0, 1.0] for case in rates(200)}), metrics=thrice)
    assert said.metric["value"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("scores", "verdict", "code"),
    [
        (rates(200), "PASS", 0),
        (rates(100, 100), "FAIL", 3),
        (rates(20), "INCONCLUSIVE", 3),
        (rates(199) | {"c199": [None]}, "ERROR", 3),
    ],
)
def test_deepeval_770_the_exit_code_is_the_verdict(
    office: Office, scores: Mapping[str, Sequence[Any]], verdict: str, code: int
) -> None:
    """Whatever is no PASS, a pipeline sees."""
    said = office.gate(evidence(scores))
    assert (said.verdict, said.code) == (verdict, code)


def test_langfuse_docs_3761_a_gate_that_is_asked_for_is_there(new_desk: DeskMaker) -> None:
    """The environment asks, the engine stops: a suite that nobody wrote lets nothing through."""
    desk: Desk = new_desk(gates={"required": ["quality", "safety"]})
    bring(desk.repo)
    ended = desk.reconcile(ok=3)
    assert "safety" in ended.said
    assert desk.client("ssm").get_parameters_by_path(Path="/", Recursive=True)["Parameters"] == []


# -- against what was before


def test_promptfoo_1395_a_run_is_compared_with_a_previous_one(new_desk: DeskMaker) -> None:
    """Any two releases, from the records, case by case, without a call."""
    desk: Desk = new_desk(gates={"required": ["quality"]})
    for wrong in ((), (3, 5), (5, 7)):
        bring(desk.repo, wrong, text=f"Be brief: {wrong}")
        desk.reconcile()
    before = desk.mark()

    def compared(first: str, second: str) -> tuple[float, list[str], list[str]]:
        ended = desk.run("evaluate", "mail", "-e", "dev", "--compare", first, second, "--output", "json", ok=0)
        (row,) = ended.json()["metrics"]
        return round(row["comparison"]["difference"] * 120, 6), row["better"], row["worse"]

    assert compared("r1", "r2") == (-2.0, [], ["c003", "c005"])
    assert compared("r2", "r3") == (0.0, ["c003"], ["c007"])
    assert compared("r1", "r3") == (-2.0, [], ["c005", "c007"])
    assert desk.since(before) == []
    _, second, third = (names_of(raw) for path, raw in sorted(desk.repo.records().items()) if "/closed.json" in path)
    (own,) = (name for name in second if not name.endswith("-before.json"))
    assert own.replace(".json", "-before.json") in third, "each is gated against what was live, not what came before it"


def names_of(closed: bytes) -> list[str]:
    """The pieces of evidence that a record names."""
    return [name for name in json.loads(closed)["evidence"] if name.startswith("evaluation-")]


def test_deepeval_2948_a_regression_stops_the_gate_on_a_laptop(office: Office) -> None:
    """Above its floor, and worse than what is live by more than is allowed."""
    live = evidence(rates(400), behaviour="then")
    assert office.gate(evidence(rates(320, 80)), metrics=KEEPS).code == 0
    said = office.gate(evidence(rates(320, 80)), metrics=KEEPS, baseline=[live])
    assert (said.code, said.verdict) == (3, "FAIL")
    assert said.metric["difference"] == pytest.approx(-0.2)


def test_inspect_ai_3511_a_loss_by_chance_is_told_from_a_loss(office: Office) -> None:
    """By pairs: a few cases that flipped prove nothing, many do."""
    live = evidence(rates(400, 4), behaviour="then")
    flipped = {case: [0.0 if 4 <= i < 16 else 1.0] for i, case in enumerate(rates(400, 4))}
    unclear = office.gate(evidence(flipped), metrics=KEEPS, baseline=[live])
    assert (unclear.code, unclear.verdict) == (3, "INCONCLUSIVE")
    against = unclear.judgement["suites"][0]["metrics"][0]["comparison"]
    assert (against["better"], against["worse"]) == (4, 12)
    assert against["difference"] == pytest.approx(-8 / 404)
    assert against["lower"] < against["difference"] < against["upper"]
    sure = office.gate(evidence(rates(324, 80)), metrics=KEEPS, baseline=[live])
    assert sure.verdict == "FAIL"
    assert sure.judgement["suites"][0]["metrics"][0]["comparison"]["p"] < 1e-9


# -- under other thresholds


def test_deepeval_2889_new_thresholds_need_no_new_answers(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same file, judged again; nobody is called."""
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", lambda *_: pytest.fail("something was called"))
    found = evidence(rates(190, 10))
    assert office.gate(found, metrics={"exactMatch": {"floor": 0.9}}).code == 0
    assert office.gate(found, metrics={"exactMatch": {"floor": 0.99}}).code == 3


# -- answers and judges that change their mind


def test_deepeval_3110_scores_around_the_threshold_are_no_verdict(office: Office, tmp_path: Path) -> None:
    """0.62, 0.58 and 0.61 around 0.6 are INCONCLUSIVE; each score is in the evidence, each word of the judge kept."""
    found = evidence({f"c{i:02}": [0.62, 0.58, 0.61] for i in range(30)}, metric="tone")
    said = office.gate(found, metrics=TONE)
    assert (said.code, said.verdict) == (3, "INCONCLUSIVE")
    assert said.metric["lower"] < 0.6 < said.metric["value"] < said.metric["upper"]
    assert {o.scores["tone"] for o in found.observations} == {0.62, 0.58, 0.61}
    (case,) = cases_of(1)
    calls = calls_of(tmp_path / "store")
    judged(Moody(lambda _: verdict(0.5)), (case,), calls, Moody(lambda _: "So so."))
    trace = calls.responses.get(key_of(request_of(JUDGING, case, Response(text="So so.")), 1))
    assert trace is not None and trace.text == verdict(0.5)


def test_deepeval_3283_a_judge_that_is_not_understood_passes_nothing(office: Office, tmp_path: Path) -> None:
    """A word that is not the form that was asked for has no score, and its metric is an ERROR."""
    ran = judged(Moody(lambda _: "Yes, it violated the policy."), cases_of(30), calls_of(tmp_path / "store"))
    assert not any(o.scores for o in ran.observations)
    said = office.gate(kept(ran, "tone"), metrics={"tone": {"judge": "judge", "floor": 0.5}})
    assert (said.code, said.verdict) == (3, "ERROR")


def test_deepeval_1265_where_a_case_stands_changes_no_score(tmp_path: Path) -> None:
    """Even of a judge whose mood is another with each call: the data set's order is not the order of calls."""
    cases = cases_of(20)

    def scores(which: str, listed: tuple[Case, ...]) -> dict[str, object]:
        moods = Moody(lambda nth: verdict((nth % 3) / 2))
        ran = judged(moods, listed, calls_of(tmp_path / which, at_once=1))
        return {o.case: o.scores for o in ran.observations}

    assert scores("one", cases) == scores("other", (*cases[7:], *cases[:7]))


def test_deepeval_1895_runs_that_disagree_all_count(office: Office) -> None:
    """In any order: nobody passes by the luckier of two runs."""
    good = evidence(rates(200))
    bad = evidence({case: [0.0] for case in rates(200)}, run="run-2")
    for found in ((good, bad), (bad, good)):
        said = office.gate(*found)
        assert (said.code, said.verdict, said.metric["value"]) == (3, "FAIL", 0.5)


def test_mlflow_24531_many_rounds_in_one_run_have_a_mean_and_its_bounds(office: Office, tmp_path: Path) -> None:
    """Each answer for itself in the evidence, and a bound over cases."""
    target = Moody()
    lengths: dict[str, Scorer] = {"tone": lambda case, response: int(response.text.split()[1]) % 2}
    spec = Spec(suite="quality", run="run-1", cases=cases_of(40), repeats=5, scorers=lengths)
    found = kept(run_suite(spec, target, calls_of(tmp_path / "store")), "tone")
    assert (target.asked, len(found.observations)) == (200, 200)
    said = office.gate(found, metrics={"tone": {"judge": "judge", "floor": 0.1, "repeats": 5}})
    assert said.metric["value"] == pytest.approx(0.5)
    assert 0.1 < said.metric["lower"] < 0.5 < said.metric["upper"]
    assert (said.verdict, said.metric["n"]) == ("PASS", 40)


def test_ragas_1125_the_same_again_has_the_same_scores(tmp_path: Path) -> None:
    """Of a target and a judge that say something else each time: what was answered is not asked again."""
    target, judge = Moody(), Moody(lambda nth: verdict((nth % 3) / 2))
    once = judged(judge, cases_of(20), calls_of(tmp_path / "store"), target)
    again = judged(judge, cases_of(20), calls_of(tmp_path / "store"), target)
    assert again.observations == once.observations
    assert (target.asked, judge.asked, again.calls) == (20, 20, 0)
