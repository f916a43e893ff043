"""Merge requests are judged by their own change alone, models are asked once, and a person hears of what fails."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from ci.merges import Merges
from ci.project import Pipeline
from world import manifest

DATA = "".join(json.dumps({"id": f"c{i:02}", "input": {"letter": f"letter {i}"}}) + "\n" for i in range(20))
EVALUATE = "releaser:evaluate: [dev]"


def declare(merges: Merges, name: str, words: str, *, floor: float = 0.5) -> None:
    data = {"golden": {"path": "data/golden.jsonl", "sha256": hashlib.sha256(DATA.encode()).hexdigest()}}
    metrics = {"refusalRate": {"floor": floor} if floor else {"ceiling": 0.01}}
    suites = {"quality": {"target": {"prompt": "answer"}, "dataset": "golden", "metrics": metrics}}
    document = manifest.use_case(name, datasets=data, evaluation={"suites": suites})
    document["spec"]["governance"]["riskTier"] = "limited"
    merges.desk.repo.declare(document, {"answer": f"Answer the letter {words}.\n\n{{{{letter}}}}\n"})
    merges.desk.repo.write(f"manifests/{name}/data/golden.jsonl", DATA)


@pytest.fixture
def two(merges: Merges) -> Merges:
    """Two use cases are released, and dev asks for evidence."""
    merges.desk.repo.environment("dev", merges.desk.account, gates={"required": ["quality"]})
    for name in ("mail", "chat"):
        declare(merges, name, "well")
    merges.desk.repo.commit("first")
    merges.desk.reconcile()
    return merges


def branch(two: Merges, name: str, **change: Any) -> None:
    """Pushes a branch from the main of the beginning with another prompt."""
    repo = two.desk.repo
    repo.git("switch", "-q", "-c", f"change-{name}", "origin/main")
    declare(two, name, "kindly", **change)
    repo.git("commit", "-q", "-a", "-m", name)
    repo.git("push", "-q", "origin", f"change-{name}")


def reported(pipeline: Pipeline, job: str, file: str) -> Any:
    return json.loads((pipeline.ran[job].folder / "reports/dev" / file).read_text(encoding="utf-8"))


def asked(two: Merges, since: str) -> int:
    return sum("Converse" in row["operation"] for row in two.desk.since(since))


def test_models_are_asked_once_for_a_merge_request(two: Merges) -> None:
    branch(two, "mail")
    mark = two.desk.mark()
    first = two.project.propose("change-mail").run()
    assert first.states[EVALUATE] == "success", first.explained()
    assert [j["verdict"] for j in reported(first, EVALUATE, "gate.json")["judgements"]] == ["PASS"]
    assert 0 < asked(two, mark) <= 40
    mark = two.desk.mark()
    again = two.project.propose("change-mail").run()
    assert again.states[EVALUATE] == "success" and asked(two, mark) == 0, again.explained()


def test_a_failure_is_told_where_people_look(two: Merges) -> None:
    branch(two, "mail", floor=0.0)
    done = two.project.propose("change-mail").run()
    assert done.states[EVALUATE] == "failed" and done.ran[EVALUATE].code == 3
    assert done.states["releaser:comment"] == "success", done.explained()
    assert reported(done, "releaser:comment", "gate.json") == reported(done, EVALUATE, "gate.json")
    assert "<failure" in done.ran[EVALUATE].reports["junit"]


def test_words_for_people_ask_nobody_anything(two: Merges) -> None:
    repo = two.desk.repo
    repo.git("switch", "-q", "-c", "readme", "origin/main")
    repo.write("README.md", "Read me.\n")
    repo.git("add", "README.md")
    repo.git("commit", "-q", "-m", "readme")
    repo.git("push", "-q", "origin", "readme")
    mark = two.desk.mark()
    done = two.project.propose("readme").run()
    assert done.passed(), done.explained()
    assert "nothing is touched" in done.log("releaser:plan: [dev]") and two.desk.since(mark) == []


@pytest.mark.parametrize("merged_results", [False, True])
def test_what_others_merged_meanwhile_is_not_this_merge_requests(two: Merges, merged_results: bool) -> None:
    branch(two, "mail")
    branch(two, "chat")
    two.project.propose("change-chat")
    two.project.merge("change-chat")
    done = two.project.propose("change-mail", merged_results=merged_results).run()
    assert list(reported(done, "releaser:plan: [dev]", "affected.json")["useCases"]) == ["mail"], done.explained()
