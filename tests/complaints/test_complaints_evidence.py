"""Evidence: of which data, of which release, in which form; what is kept of answers, and what a second run finds."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gates.evidence_maker import evidence, rates
from world.desk import DAY, Desk

from complaints.conftest import DeskMaker
from complaints.suites import JUDGING, Moody, Office, bring, calls_of, cases_of, kept, verdict
from releaser.core.errors import ReleaserError
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import read_evidence
from releaser.core.evaluation.response import Failure, Passage, Response
from releaser.core.gate import Result
from releaser.core.manifest import Metric
from releaser.core.shape import plain
from releaser.gates.evaluation.asker import Calls
from releaser.gates.evaluation.checkpoint import Checkpoint
from releaser.gates.evaluation.datasets import load
from releaser.gates.evaluation.judging import scorer
from releaser.gates.evaluation.metrics import metric
from releaser.gates.evaluation.ports import Refusal
from releaser.gates.evaluation.prices import bundled
from releaser.gates.evaluation.runner import Ran, Scorer, Spec, run_suite
from releaser.gates.evaluation.thresholds import thresholds_of
from releaser.gates.evaluation.verdict import judge_suite
from releaser.pipeline.suites import evaluator_of
from releaser.pipeline.thresholds import calibrations_of, reviews_of

LENGTH: Mapping[str, Scorer] = {"tokenF1": lambda case, reply: (int(reply.text.split()[1]) % 7) / 7}


def suite_of(count: int = 12, **settings: Any) -> Spec:
    return Spec(suite="quality", run="run-1", cases=cases_of(count), **{"scorers": LENGTH, **settings})


# -- data sets


def test_mlflow_25313_data_that_changed_are_not_used() -> None:
    """A data set is its bytes: with one byte more it is another, which nobody approved."""
    row = b'{"id": "a", "input": "How much?", "expected": "250"}\n'
    declared = {"path": "data/golden.jsonl", "sha256": hashlib.sha256(row).hexdigest()}
    assert [c.id for c in load("golden", declared, {"data/golden.jsonl": row}).cases] == ["a"]
    with pytest.raises(ReleaserError, match=declared["sha256"]) as error:
        load("golden", declared, {"data/golden.jsonl": row.replace(b"250", b"300")})
    assert error.value.code == "P228"


def test_mlflow_25821_a_number_leads_to_the_data_that_it_is_of(new_desk: DeskMaker) -> None:
    """From the record to its evidence, from there to the data set's digest, which nobody can exchange."""
    desk: Desk = new_desk(gates={"required": ["quality"]})
    sha256 = bring(desk.repo)
    desk.reconcile()
    records = desk.repo.records()
    (closed,) = (json.loads(raw) for path, raw in records.items() if path.endswith("/closed.json"))
    (row,) = (m for v in closed["verdicts"] for m in v.get("metrics", ()))
    (ref,) = (r for name, r in closed["evidence"].items() if name.startswith("evaluation-quality-"))
    raw = records[ref["uri"]]
    assert row["value"] == 1.0
    assert hashlib.sha256(raw).hexdigest() == ref["sha256"]
    found = json.loads(raw)
    assert found["subject"]["dataset"] == sha256
    assert all(len(case["digest"]) == 64 for case in found["cases"])
    file = desk.repo.root / "evidence.json"
    file.write_bytes(raw)
    assert desk.run("gate", "--evidence", str(file), "--output", "json", ok=0).json()["verdict"] == "PASS"
    found["subject"]["dataset"] = "0" * 64
    file.write_text(json.dumps(found))
    assert "it was changed" in desk.run("gate", "--evidence", str(file), ok=1).said


# -- what is live


def test_langfuse_16170_a_prompt_on_a_branch_is_released_when_it_is_merged(new_desk: DeskMaker) -> None:
    """A branch is evaluated and not released."""
    desk: Desk = new_desk(gates={"required": ["quality"]})
    bring(desk.repo)
    desk.reconcile()
    desk.repo.git("checkout", "-q", "-b", "shorter")
    bring(desk.repo, text="Be brief.")
    before = pointer(desk)
    refused = desk.reconcile(ok=4)
    assert "follows main" in refused.said
    assert desk.run("evaluate", "mail", "-e", "dev", "--output", "json", ok=0).json()["verdict"] == "PASS"
    assert pointer(desk) == before
    desk.repo.git("checkout", "-q", "main")
    desk.repo.git("merge", "-q", "--no-edit", "shorter")
    desk.reconcile()
    assert pointer(desk) != before


def test_langfuse_16007_what_was_live_when_is_known(new_desk: DeskMaker) -> None:
    """Each move of what callers get is a record in git: which commit, by whom, until when."""
    desk: Desk = new_desk(gates={"required": ["quality"]})
    commits = []
    for text in ("", "Be brief."):
        bring(desk.repo, text=text)
        desk.reconcile()
        commits.append(desk.repo.git("rev-parse", "HEAD"))
        desk.later += DAY
    moves = desk.run("history", "mail", "--output", "json", ok=0).json()
    assert [m["commit"] for m in moves] == commits[::-1]
    assert all(m["actor"] and m["outcome"] == "released" for m in moves)
    then = desk.run("history", "mail", "--at", moves[1]["closedAt"], "--output", "json", ok=0).json()
    assert [m["release"] for m in then] == [moves[1]["release"]]


def pointer(desk: Desk) -> str:
    """What applications are told."""
    (found,) = desk.client("ssm").get_parameters_by_path(Path="/", Recursive=True)["Parameters"]
    return str(found["Value"])


# -- the same again


def test_mlflow_18844_a_seed_of_somebody_else_changes_nothing(office: Office, tmp_path: Path) -> None:
    """A program that seeds Python's chance runs and judges twice: it gets the same, and its chance stays untouched."""
    thresholds = {"tokenF1": {"floor": 0.1}}

    def whole() -> object:
        random.seed(7)
        state = random.getstate()
        found = kept(run_suite(suite_of(40), Moody(), calls_of(tmp_path / "store")), "tokenF1")
        said = office.gate(found, metrics=thresholds)
        assert random.getstate() == state
        return said

    assert whole() == whole()
    random.seed()
    assert office.gate(evidence(rates(30, 9), metric="tokenF1"), metrics=thresholds) == office.gate(
        evidence(rates(30, 9), metric="tokenF1"), metrics=thresholds
    )


# -- what is declared


@dataclass(frozen=True)
class Member:
    """One member of a metric: two values, and a look that tells them apart."""

    one: Any
    other: Any
    look: Callable[[Any], object]


def judged(found: Any, name: str = "exactMatch", **declared: Any) -> object:
    """The result of a metric that is declared so."""
    evaluation = {"suites": {"quality": {"metrics": {name: declared}}}, "humanReviews": {"desk": {"path": "desk"}}}
    spec = {"evaluation": evaluation | {"rubrics": {name: {"calibration": {"floor": 0.6}}}}}
    said = judge_suite(
        [found],
        thresholds_of(spec, "quality"),
        [evidence(rates(200), metric=name, behaviour="then")],
        "r1",
        calibrations=calibrations_of(spec, "quality"),
        reviews=reviews_of(spec, "quality", {}),
    )
    return said.result


def scored(name: str, case: Mapping[str, Any], reply: Response, **options: Any) -> object:
    return metric(name).score(Case(id="c", input="x", digest="d", **case), reply, options)


def brought(**declared: Any) -> object:
    """Who computes a metric."""
    try:
        return evaluator_of("calm", declared, bundled())
    except ReleaserError as error:
        return error.code


ALL, SOME = evidence(rates(200)), evidence(rates(180, 20))
TONE = evidence(rates(200), metric="tone")
FOUND = Response(text="", passages=(Passage(id="other"), Passage(id="handbook")))
MEMBERS: Mapping[str, Member] = {
    "floor": Member(0.8, 0.99, lambda v: judged(SOME, floor=v)),
    "ceiling": Member(1.0, 0.5, lambda v: judged(SOME, ceiling=v)),
    "maxRegression": Member(0.3, 0.01, lambda v: judged(SOME, floor=0.1, maxRegression=v)),
    "minN": Member(100, 300, lambda v: judged(ALL, floor=0.9, minN=v)),
    "repeats": Member(1, 3, lambda v: judged(ALL, floor=0.9, repeats=v)),
    "tier": Member("advisory", "critical", lambda v: judged(SOME, floor=0.99, tier=v)),
    "judge": Member(None, "judge", lambda v: judged(TONE, "tone", floor=0.5, judge=v)),
    "human": Member(None, "desk", lambda v: judged(TONE, "tone", floor=0.5, human=v)),
    "custom": Member(None, "unheard-of", lambda v: brought(custom=v)),
    "pairwise": Member(False, True, lambda v: judged(TONE, "tone", floor=0.5, judge="judge", pairwise=v)),
    "pattern": Member("a", "b", lambda v: scored("regex", {}, Response(text="a"), pattern=v)),
    "schema": Member(
        {"type": "object"}, {"type": "array"}, lambda v: scored("jsonSchema", {}, Response(text="{}"), schema=v)
    ),
    "tolerance": Member(0.0, 5.0, lambda v: scored("numeric", {"expected": 250}, Response(text="252"), tolerance=v)),
    "k": Member(1, 2, lambda v: scored("recallAtK", {"relevant": ("handbook",)}, FOUND, k=v)),
    "field": Member(
        "a", "b", lambda v: scored("accuracy", {"category": "1"}, Response(text='{"a": 1, "b": 2}'), field=v)
    ),
}


def test_ragas_1711_what_is_declared_has_an_effect() -> None:
    """Every member of a metric that a manifest may have, and none that does nothing."""
    assert MEMBERS.keys() == {field.alias or name for name, field in Metric.model_fields.items()}
    assert {n: m for n, m in MEMBERS.items() if m.look(m.one) == m.look(m.other)} == {}
    assert judged(ALL, floor=0.9) is Result.PASS


FORMAT: Mapping[str, Any] = {
    "format": "releaser.evidence/v1",
    "key": "fa6b5e3567d6ac28e9b34d879210f555a598ca4e6100e58a07b93334150708ff",
    "subject": {
        "useCase": "answers",
        "suite": "quality",
        "region": "eu-central-1",
        "via": "published",
        "target": {"prompt": "answer"},
        "behaviour": {"prompts/answer": "b"},
        "models": {"main": "eu.amazon.nova-pro-v1:0"},
        "dataset": "d" * 64,
        "evaluators": {"exactMatch": "1"},
    },
    "toolVersion": "0.1.0",
    "seed": 1,
    "cases": [{"id": "c1", "digest": "e" * 64, "critical": True, "metrics": ["exactMatch"]}],
    "observations": [
        {"case": "c1", "repeat": 1, "run": "run-1", "response": "f" * 64, "scores": {"exactMatch": 1.0}},
        {"case": "c1", "repeat": 2, "run": "run-1", "trouble": "timeout"},
    ],
    "responses": "a" * 64,
    "run": {
        "startedAt": "2026-12-01T08:00:00Z",
        "endedAt": "2026-12-01T08:01:00Z",
        "actor": "ci",
        "trigger": "merge",
        "calls": 2,
        "reused": 0,
        "throttles": 0,
        "retries": 0,
        "complete": True,
    },
}
"""A file of today, which every later version reads."""


def test_deepeval_3126_scores_by_case_have_one_form(office: Office) -> None:
    """It is read and written as it stands here; a form that is not known is refused, not guessed."""
    assert plain(read_evidence(FORMAT)) == FORMAT
    assert office.gate(json.dumps(FORMAT)).verdict == "ERROR", "one of its two answers is missing"
    assert office.gate(json.dumps({**FORMAT, "format": "releaser.evidence/v2"})).code == 1


# -- answers that are kept


def test_promptfoo_1431_each_round_asks_anew(tmp_path: Path) -> None:
    """Kept or not: N rounds are N answers, and the kept ones are N too."""
    target = Moody()
    first = run_suite(suite_of(4, repeats=3), target, calls_of(tmp_path / "store"))
    assert (target.asked, len({o.response for o in first.observations})) == (12, 12)
    again = run_suite(suite_of(4, repeats=3), target, calls_of(tmp_path / "store"))
    assert again.observations == first.observations
    assert target.asked == 12


def test_promptfoo_1667_a_kept_answer_took_no_time(office: Office, tmp_path: Path) -> None:
    """It has none: it does not count as fast, and the gate says that there is nothing to judge."""
    spec = suite_of(60, scorers={}, want_timing=True, warm_up=0)
    fast = {"timeToLastTokenP95": {"ceiling": "1s"}}
    first, again = (run_suite(spec, Moody(), calls_of(tmp_path / "store")) for _ in range(2))
    assert office.gate(kept(first, "timeToLastTokenP95"), metrics=fast).verdict == "PASS"
    said = office.gate(kept(again, "timeToLastTokenP95"), metrics=fast)
    assert (said.code, said.verdict, said.metric["n"]) == (3, "INCONCLUSIVE", 0)


def test_ragas_726_what_was_answered_is_kept_when_a_run_ends_early(office: Office, tmp_path: Path) -> None:
    """The answers are enough to go on, on another machine too; half a run is no verdict."""
    calls = calls_of(tmp_path / "store", at_once=1)

    def says(nth: int) -> str:
        if nth == 11:
            calls.stop.set()
        return f"answer {nth}"

    target = Moody(says)
    half = run_suite(suite_of(12), target, calls)
    assert (half.complete, target.asked) == (False, 11)
    assert office.gate(kept(half, "tokenF1"), metrics={"tokenF1": {"floor": 0.0}}).verdict == "ERROR"
    whole = run_suite(suite_of(12), target, calls_of(tmp_path / "store"))
    assert (whole.complete, target.asked) == (True, 12)
    assert {o.response for o in half.observations} - {""} < {o.response for o in whole.observations}


def test_deepeval_734_a_kept_answer_has_its_score(tmp_path: Path) -> None:
    """Scored when it was answered, or by the next run when the judge was away; never without."""

    def ran(judge: Moody, target: Moody) -> Ran:
        calls: Calls = calls_of(tmp_path / "store")
        asker = calls.asker(judge.ask)
        scorers: dict[str, Scorer] = {"tone": scorer(JUDGING, lambda request: asker.ask(request, 1))}
        with Checkpoint(tmp_path / "notes", "key") as log:
            return run_suite(suite_of(3, scorers=scorers), target, calls, log=log)

    def away(nth: int) -> str:
        raise Refusal(Failure(trouble="unavailable"))

    target = Moody()
    assert [o.scores for o in ran(Moody(away), target).observations] == [{}] * 3
    then = ran(Moody(lambda _: verdict(0.5)), target)
    assert [o.scores for o in then.observations] == [{"tone": 0.5}] * 3
    assert ran(Moody(away), target).observations == then.observations
    assert target.asked == 3
