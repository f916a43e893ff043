"""Commands with --reports: what GitLab reads of a plan, an evaluation, a run, drift."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import report_readers as read
from world.desk import Desk
from world.manifest import guardrail, use_case
from world.repository import LETTER


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    found = new_desk()
    found.repo.declare(use_case(guardrails={"main": guardrail()}), {"answer": LETTER})
    found.repo.commit("first")
    job = "https://gitlab.example.com/group/project/-/jobs/7"
    found.env |= {"CI_SERVER_URL": "https://gitlab.example.com", "CI_JOB_URL": job}
    return found


def reports(root: Path) -> dict[str, Any]:
    """All that stands in the folder, as GitLab reads it."""
    readers: dict[str, Callable[[str], Any]] = {
        "terraform.json": read.terraform,
        "junit.xml": read.junit,
        "metrics.txt": read.metrics,
        "annotations.json": read.annotated,
        "dotenv.env": read.dotenv,
    }
    found = {p.name: p.read_text(encoding="utf-8") for p in (root / "dev").iterdir() if p.is_file()}
    return {name: readers[name](text) if name in readers else json.loads(text) for name, text in found.items()}


def test_a_life_in_reports(desk: Desk, tmp_path: Path) -> None:
    desk.run("plan", "-e", "dev", "--reports", "reports", ok=0)
    planned = reports(desk.repo.root / "reports")
    assert planned["terraform.json"]["create"] > 0 == planned["terraform.json"]["delete"]
    assert {c.status for c in planned["junit.xml"]} == {"passed"}
    assert planned["dotenv.env"]["RELEASER_REPORT_PLAN_DIGEST"] == planned["plan.json"]["digest"]
    assert planned["annotations.json"]["dev: reports"] == [f"{desk.env['CI_JOB_URL']}/artifacts/browse/reports/dev"]
    assert any("#/guardrails" in url for url in planned["annotations.json"]["dev: changed in AWS"])
    assert any(name.startswith("releaser_quota_left{") for name in planned["metrics.txt"])

    desk.reconcile("--reports", str(tmp_path / "run"))
    ran = reports(tmp_path / "run")
    assert ("release", "passed") in [(c.name, c.status) for c in ran["junit.xml"]]
    assert ran["terraform.json"] == planned["terraform.json"]
    assert ran["dotenv.env"]["RELEASER_REPORT_RELEASED"] == "mail:r1"

    desk.run("drift", "-e", "dev", "--reports", str(tmp_path / "calm"), ok=0)
    calm = reports(tmp_path / "calm")
    assert {c.status for c in calm["junit.xml"]} == {"passed"} and set(calm["metrics.txt"].values()) == {0.0}
    bedrock = desk.client("bedrock")
    (live,) = bedrock.list_guardrails()["guardrails"]
    bedrock.delete_guardrail(guardrailIdentifier=live["id"])
    desk.run("drift", "-e", "dev", "--detailed-exitcode", "--reports", str(tmp_path / "drift"))
    drifted = reports(tmp_path / "drift")
    assert [c.key for c in drifted["junit.xml"] if c.status == "failure"] == ["mail_mail.guardrail_main"]
    assert set(drifted["metrics.txt"].values()) == {1.0}


def test_what_was_evaluated_is_reported_before_the_merge_and_after(
    new_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    desk = new_desk(gates={"required": ["quality"]})
    data = "".join(json.dumps({"id": f"c{i:02}", "input": {"letter": f"letter {i}"}}) + "\n" for i in range(40))
    suite = {"target": {"prompt": "answer"}, "dataset": "golden", "metrics": {"refusalRate": {"ceiling": 0.5}}}
    golden = {"path": "data/golden.jsonl", "sha256": hashlib.sha256(data.encode()).hexdigest()}
    document = use_case(datasets={"golden": golden}, evaluation={"suites": {"quality": suite}})
    document["spec"]["governance"]["riskTier"] = "limited"
    desk.repo.commit("nothing yet")
    base = desk.repo.git("rev-parse", "HEAD").strip()
    desk.repo.declare(document, {"answer": LETTER})
    desk.repo.write("manifests/mail/data/golden.jsonl", data)
    desk.repo.commit("first")
    told = []
    for name, command in (("before", ("evaluate", "--affected", "--base", base)), ("after", ("reconcile",))):
        desk.run(*command, "-e", "dev", "--reports", str(tmp_path / name), ok=0)
        found = reports(tmp_path / name)
        (case,) = [c for c in found["junit.xml"] if c.name == "refusalRate"]
        assert (case.key, case.status) == ("mail_mail.quality_refusalRate", "passed")
        at = "{environment=dev,use_case=mail,suite=quality,metric=refusalRate}"
        assert found["metrics.txt"][f"releaser_evaluation_score_cases{at}"] == 40.0
        told.append({n: v for n, v in found["metrics.txt"].items() if n.startswith("releaser_evaluation_score")})
    assert told[0] == told[1], "one suite, one model: what the merge request was shown is what was released"


def test_a_report_that_cannot_be_written_undoes_no_release(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    ended = desk.reconcile("--reports", str(tmp_path / "taken"))
    assert "the reports could not be written" in ended.said
