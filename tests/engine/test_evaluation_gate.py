"""Evaluation between staging and promotion: what passes goes on, what does not stays where callers do not see it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from world import manifest
from world.desk import Desk

DeskMaker = Callable[..., Desk]
METRICS: dict[str, Any] = {"contains": {"floor": 0.9, "tier": "critical", "maxRegression": 0.05}}


def lines(rows: Iterable[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def cases(n: int) -> list[dict[str, Any]]:
    return [{"id": f"c{i:03}", "input": {"letter": f"letter {i}"}, "mustContain": ["yes"]} for i in range(n)]


def results(n: int, wrong: Iterable[int] = (), missing: Iterable[int] = ()) -> list[dict[str, Any]]:
    bad, gone = set(wrong), set(missing)
    rows = ({"id": f"c{i:03}", "output": "no" if i in bad else "yes"} for i in range(n) if i not in gone)
    return list(rows)


def write(desk: Desk, said: list[dict[str, Any]], n: int = 120, text: str = "", **evaluation: Any) -> None:
    """A use case whose suite judges results that were brought."""
    files = {"golden": lines(cases(n)), "said": lines(said)}
    datasets = {
        name: {"path": f"data/{name}.jsonl", "sha256": hashlib.sha256(content.encode()).hexdigest()}
        for name, content in files.items()
    }
    suite = {"target": {"results": "said"}, "dataset": "golden", "metrics": METRICS}
    document = manifest.use_case(datasets=datasets, evaluation={"suites": {"quality": suite}, **evaluation})
    document["spec"]["governance"]["riskTier"] = "limited"
    desk.repo.write("manifests/mail/manifest.yaml", manifest.text(document))
    desk.repo.write("manifests/mail/prompts/answer.md", f"Answer the letter. {text}\n\n{{{{letter}}}}\n")
    for name, content in files.items():
        desk.repo.write(f"manifests/mail/data/{name}.jsonl", content)
    desk.repo.commit()


@pytest.fixture
def gated(new_desk: DeskMaker) -> Desk:
    return new_desk(gates={"required": ["quality"]})


def live(desk: Desk) -> str:
    """What callers get."""
    found = desk.client("ssm").get_parameters_by_path(Path="/", Recursive=True)["Parameters"]
    return str(found[0]["Value"]) if found else ""


def closed(desk: Desk) -> dict[str, Any]:
    """The newest closed record."""
    paths = sorted(p for p in desk.repo.records() if p.endswith("/closed.json"))
    found: dict[str, Any] = json.loads(desk.repo.records()[paths[-1]])
    return found


def test_what_passes_is_released_with_its_evidence(gated: Desk) -> None:
    write(gated, results(120))
    gated.reconcile()
    record = closed(gated)
    (name,) = [n for n in record["evidence"] if n.startswith("evaluation-quality-")]
    raw = gated.repo.records()[record["evidence"][name]["uri"]]
    assert hashlib.sha256(raw).hexdigest() == record["evidence"][name]["sha256"]
    (verdict,) = [v for v in record["verdicts"] if v["gate"] == "quality"]
    assert verdict["result"] == "PASS"
    assert verdict["metrics"][0]["value"] == 1.0
    gated.settled()
    path = gated.repo.root / "evidence.json"
    path.write_bytes(raw)
    judged = gated.run("gate", "--evidence", str(path), "--output", "json", ok=0).json()
    assert judged["verdict"] == "PASS"


def test_a_regression_never_reaches_callers_and_is_never_rolled_again(gated: Desk) -> None:
    write(gated, results(120))
    gated.reconcile()
    before = live(gated)
    write(gated, results(120, wrong=range(40)), text="Be brief.")
    failed = gated.reconcile(ok=3)
    assert "quality" in failed.said
    assert "c000" in failed.said
    assert live(gated) == before
    assert closed(gated)["outcome"] == "failed"
    kept = {p for p in gated.repo.records() if "/evidence/" in p and "evaluation-" in p}
    again = gated.reconcile(ok=3)
    assert "quality" in again.said
    assert live(gated) == before
    same = {p.rpartition("/")[2] for p in gated.repo.records() if "evaluation-" in p}
    assert same == {p.rpartition("/")[2] for p in kept}


def test_too_few_cases_are_inconclusive_and_say_how_many_would_do(gated: Desk) -> None:
    write(gated, results(20), n=20)
    ended = gated.reconcile(ok=3)
    assert "INCONCLUSIVE" in ended.said
    assert live(gated) == ""


def test_missing_results_are_an_error_and_never_a_pass(gated: Desk) -> None:
    write(gated, results(120, missing=[7]))
    ended = gated.reconcile(ok=3)
    assert "ERROR" in ended.said
    assert "c007" in ended.said
    assert live(gated) == ""


def test_a_change_that_no_caller_sees_needs_no_evidence(gated: Desk) -> None:
    write(gated, results(120))
    gated.reconcile()
    document = json.loads((gated.repo.root / "manifests/mail/manifest.yaml").read_text())
    document["spec"]["description"] = "Answers all letters."
    gated.repo.write("manifests/mail/manifest.yaml", manifest.text(document))
    gated.repo.commit()
    gated.reconcile()


def test_a_suite_that_is_asked_for_must_be_there(new_desk: DeskMaker) -> None:
    desk = new_desk(gates={"required": ["quality", "safety"]})
    write(desk, results(120))
    ended = desk.reconcile(ok=3)
    assert "safety" in ended.said
    assert live(desk) == ""


def test_evidence_of_the_same_behaviour_is_accepted_from_the_environment_before(new_desk: DeskMaker) -> None:
    desk = new_desk(gates={"required": ["quality"]})
    desk.repo.environment(
        "pre", f"9{desk.account[1:]}", track=None, promotesFrom="dev",
        gates={"required": ["quality"], "accept": {"quality": "dev"}},
    )  # fmt: skip
    write(desk, results(120))
    desk.reconcile()
    desk.run("promote", "mail", "--to", "pre", ok=0)
    desk.repo.git("merge", "-q", "--no-edit", "releaser/promote-pre-mail")
    desk.env |= desk.box.env(f"9{desk.account[1:]}")
    ended = desk.run("reconcile", "-e", "pre", ok=0)
    assert "quality" in ended.said
