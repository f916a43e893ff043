"""Merge requests: only the use cases that they touch are planned and evaluated, whatever files they change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from world import manifest
from world.desk import Desk
from world.process import Ended

DATA = "".join(json.dumps({"id": f"c{i:02}", "input": {"letter": f"letter {i}"}}) + "\n" for i in range(40))
METRICS = {"refusalRate": {"floor": 0.5}}


def write(desk: Desk, name: str, data: str = DATA, **spec: Any) -> None:
    digest = hashlib.sha256(data.encode()).hexdigest()
    suites = {"quality": {"target": {"prompt": "answer"}, "dataset": "golden", "metrics": METRICS}}
    document = manifest.use_case(
        name,
        datasets={"golden": {"path": "data/golden.jsonl", "sha256": digest}},
        evaluation={"suites": suites},
        **spec,
    )
    document["spec"]["governance"]["riskTier"] = "limited"
    desk.repo.write(f"manifests/{name}/manifest.yaml", manifest.text(document))
    desk.repo.write(f"manifests/{name}/prompts/answer.md", "Answer the letter.\n\n{{letter}}\n")
    desk.repo.write(f"manifests/{name}/data/golden.jsonl", data)


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    """Three use cases, released; one of them reads a binding. The base of a merge request is HEAD."""
    found = new_desk(gates={"required": ["quality"]}, bindings={"words": "politely", "other": "x"})
    for name in ("mail", "chat"):
        write(found, name)
    write(found, "bound", description="Answers ${env.words}.", guardrails={"main": bound()})
    found.repo.commit("first")
    found.reconcile()
    return found


def bound() -> dict[str, Any]:
    return {**manifest.guardrail(), "blockedInputMessaging": "I say no ${env.words}."}


def touched(desk: Desk, reports: Path) -> dict[str, str]:
    """What ``plan --affected`` says and writes, with the commit before as the base."""
    planned = plan(desk, reports)
    found: dict[str, str] = json.loads((reports / "dev/affected.json").read_text())["useCases"]
    saved = reports / "dev/plan.json"
    assert saved.exists() is bool(found)
    if found:
        assert {u["useCase"] for u in json.loads(saved.read_text())["useCases"]} == set(found)
    else:
        assert "nothing is touched" in planned.said
        assert json.loads((reports / "dev/terraform.json").read_text()) == {"create": 0, "update": 0, "delete": 0}
    return found


def plan(desk: Desk, reports: Path) -> Ended:
    base = desk.repo.git("rev-parse", "HEAD").strip()
    return desk.run("plan", "-e", "dev", "--affected", "--base", base, "--reports", str(reports), ok=0)


def rebind(desk: Desk, **bindings: str) -> None:
    gates = {"required": ["quality"]}
    desk.repo.environment("dev", desk.account, gates=gates, bindings=bindings)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ("readme", set()),
        ("prompt", {"mail"}),
        ("data", {"chat"}),
        ("read-binding", {"bound"}),
        ("other-binding", set()),
        ("new", {"fresh"}),
    ],
)
def test_a_merge_request_touches_what_it_changes(desk: Desk, tmp_path: Path, change: str, names: set[str]) -> None:
    match change:
        case "readme":
            desk.repo.write("README.md", "Read me.\n")
            desk.repo.write("manifests/README.md", "Manifests.\n")
        case "prompt":
            desk.repo.write("manifests/mail/prompts/answer.md", "Answer the letter kindly.\n\n{{letter}}\n")
        case "data":
            write(desk, "chat", data=DATA + json.dumps({"id": "z", "input": {"letter": "z"}}) + "\n")
        case "read-binding":
            rebind(desk, words="firmly", other="x")
        case "other-binding":
            rebind(desk, words="politely", other="y")
        case _:
            write(desk, "fresh")
    assert set(touched(desk, tmp_path)) == names


def test_the_suites_that_are_asked_for_are_run_on_what_is_touched(desk: Desk, tmp_path: Path) -> None:
    base = desk.repo.git("rev-parse", "HEAD").strip()
    desk.repo.write("manifests/mail/prompts/answer.md", "Answer the letter kindly.\n\n{{letter}}\n")
    desk.repo.commit("kindly")
    command = ("evaluate", "--affected", "-e", "dev", "--base", base, "--reports", str(tmp_path))
    past = desk.mark()
    desk.run(*command, ok=0)
    found = json.loads((tmp_path / "dev/gate.json").read_text())
    assert [(j["useCase"], j["verdict"]) for j in found["judgements"]] == [("mail", "PASS")]
    assert list((tmp_path / "dev/evidence").glob("mail-evaluation-quality-*.json"))
    assert desk.writes(past) in ([], ["bedrock-runtime.ConverseStream"] * 40), "nothing that is managed is changed"
    past = desk.mark()
    desk.run(*command, ok=0)
    assert not [r for r in desk.since(past) if "Converse" in r["operation"]], "what was answered is not asked again"
