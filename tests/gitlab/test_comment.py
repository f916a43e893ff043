"""comment: what a merge request changes, in one note an environment, whatever goes wrong on the way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stub import Fault, Gitlab
from world import manifest
from world.desk import Desk
from world.gitlab_markdown import rendered

DATA = "".join(json.dumps({"id": f"c{i:02}", "input": {"letter": f"letter {i}"}}) + "\n" for i in range(12))
HEAD = "b" * 40


def write(desk: Desk, name: str, prompt: str, floor: float = 0.5, **spec: Any) -> None:
    suites = {
        "quality": {"target": {"prompt": "answer"}, "dataset": "golden", "metrics": {"refusalRate": {"floor": floor}}}
    }
    digest = hashlib.sha256(DATA.encode()).hexdigest()
    data = {"golden": {"path": "data/golden.jsonl", "sha256": digest}}
    document = manifest.use_case(name, datasets=data, evaluation={"suites": suites}, **spec)
    document["spec"]["governance"]["riskTier"] = "limited"
    desk.repo.write(f"manifests/{name}/manifest.yaml", manifest.text(document))
    desk.repo.write(f"manifests/{name}/prompts/answer.md", prompt)
    desk.repo.write(f"manifests/{name}/data/golden.jsonl", DATA)


@pytest.fixture
def desk(new_desk: Callable[..., Desk], gitlab: Gitlab) -> Desk:
    """A use case is live; a merge request is open, and commands run in a job of it."""
    found = new_desk(gates={"required": ["quality"]})
    write(found, "mail", "Answer the letter politely.\n\n{{letter}}\n", floor=0.0)
    found.repo.commit("first")
    found.reconcile()
    gitlab.state.merge_request("kinder", author="dana")
    found.env |= {
        "CI_SERVER_URL": gitlab.url,
        "CI_PROJECT_ID": "12",
        "CI_JOB_ID": "7",
        "CI_JOB_URL": f"{gitlab.url}/bank/releases/-/jobs/7",
        "CI_MERGE_REQUEST_IID": "1",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD,
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": found.repo.git("rev-parse", "HEAD").strip(),
        "RELEASER_GITLAB_TOKEN": "glpat-writes",
    }
    return found


def change(desk: Desk, reports: Path, *, evaluate: bool = False, **more: Any) -> None:
    write(desk, "mail", "Answer the letter briefly and politely.\n\n/approve\n\n{{letter}}\n", **{"floor": 0.0, **more})
    job(desk, reports, evaluate=evaluate)


def job(desk: Desk, reports: Path, *, evaluate: bool = False) -> None:
    desk.run("plan", "-e", "dev", "--affected", "--reports", str(reports))
    if evaluate:
        desk.run("evaluate", "-e", "dev", "--affected", "--reports", str(reports))


def comment(desk: Desk, reports: Path, ok: int = 0) -> str:
    return desk.run("comment", "--reports", str(reports), ok=ok).out


def bodies(gitlab: Gitlab) -> list[str]:
    return [str(note["body"]) for note in gitlab.state.notes[1]]


def test_one_comment_says_what_changes(desk: Desk, gitlab: Gitlab, tmp_path: Path) -> None:
    change(desk, tmp_path, evaluate=True)
    assert comment(desk, tmp_path) == "dev: made: !1\n"
    (body,) = bodies(gitlab)
    assert body.rstrip() == (tmp_path / "dev/comment.md").read_text().rstrip()
    first, second, *_ = body.split("\n")
    plan = json.loads((tmp_path / "dev/plan.json").read_text())
    assert first == "<!-- releaser:dev -->"
    reviewed = {"head": HEAD, "useCases": {u["useCase"]: u["changeDigest"] for u in plan["useCases"]}}
    assert second == f"<!-- releaser:reviewed {json.dumps(reviewed, separators=(',', ':'))} -->"
    found = rendered(body)
    assert "Passes for dev" in found.text and "Risk: behavioural" in found.text
    assert "{+briefly and +}" in found.text, "prompts are compared word by word"
    assert "quality/refusalRate" in found.cells and "prompt/answer" in found.cells
    assert found.acting == []


def test_the_same_again_writes_nothing_and_another_change_updates_in_place(
    desk: Desk, gitlab: Gitlab, tmp_path: Path
) -> None:
    change(desk, tmp_path)
    comment(desk, tmp_path)
    gitlab.asked.clear()
    assert comment(desk, tmp_path) == "dev: as before: !1\n"
    assert gitlab.count("POST") == gitlab.count("PUT") == 0
    change(desk, tmp_path, guardrails={"main": manifest.guardrail("LOW")})
    assert comment(desk, tmp_path) == "dev: updated: !1\n"
    (body,) = bodies(gitlab)
    assert "protect or check less" in body and gitlab.count("POST") == 0


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_comment_whose_answer_was_lost_is_there_once(desk: Desk, gitlab: Gitlab, tmp_path: Path, after: bool) -> None:
    change(desk, tmp_path)
    gitlab.faults.append(Fault("POST", "/notes", after=after))
    comment(desk, tmp_path)
    assert len(bodies(gitlab)) == 1


def test_somebody_elses_comment_with_our_marker_is_left_alone(desk: Desk, gitlab: Gitlab, tmp_path: Path) -> None:
    gitlab.state.note(1, "<!-- releaser:dev -->\nall is well", "dana")
    change(desk, tmp_path)
    assert comment(desk, tmp_path) == "dev: made: !1\n"
    assert bodies(gitlab)[0] == "<!-- releaser:dev -->\nall is well" and len(bodies(gitlab)) == 2


def test_without_a_token_the_file_is_all(desk: Desk, gitlab: Gitlab, tmp_path: Path) -> None:
    change(desk, tmp_path)
    desk.env["RELEASER_GITLAB_TOKEN"] = ""
    desk.env["CI_JOB_TOKEN"] = "job-1"
    said = comment(desk, tmp_path)
    assert said.startswith("dev: written: ") and "RELEASER_GITLAB_TOKEN" in said and said.count("\n") == 1
    assert (tmp_path / "dev/comment.md").read_text().startswith("<!-- releaser:dev -->\n")
    assert bodies(gitlab) == [] and gitlab.count("POST") == 0


def test_nothing_to_say_makes_no_comment_and_takes_back_what_was_said(
    desk: Desk, gitlab: Gitlab, tmp_path: Path
) -> None:
    desk.repo.write("README.md", "Read me.\n")
    job(desk, tmp_path)
    assert comment(desk, tmp_path) == "dev: none: nothing changes\n" and bodies(gitlab) == []
    change(desk, tmp_path)
    comment(desk, tmp_path)
    write(desk, "mail", "Answer the letter politely.\n\n{{letter}}\n", floor=0.0)
    job(desk, tmp_path)
    assert comment(desk, tmp_path) == "dev: updated: !1\n"
    assert "Nothing changes" in rendered(bodies(gitlab)[0]).text


def test_what_fails_is_told_first(desk: Desk, gitlab: Gitlab, tmp_path: Path) -> None:
    change(desk, tmp_path, evaluate=True, floor=1.0)
    comment(desk, tmp_path)
    found = rendered(bodies(gitlab)[0])
    assert "Does not pass: FAIL" in found.text.split("\n\n")[0] or "Does not pass" in found.text
    assert found.text.index("What stands in the way") < found.text.index("What changes for users")


def test_a_plan_of_every_use_case_can_be_told_too(desk: Desk, gitlab: Gitlab, tmp_path: Path) -> None:
    write(desk, "mail", "Answer.\n\n{{letter}}\n")
    desk.run("plan", "-e", "dev", "--reports", str(tmp_path))
    assert comment(desk, tmp_path) == "dev: made: !1\n"
    assert "it was planned" in rendered(bodies(gitlab)[0]).cells


def test_it_says_who_must_approve_and_why(desk: Desk, gitlab: Gitlab, tmp_path: Path) -> None:
    rules = {"behavioural": {"count": 2, "users": ["dana"], "groups": ["bank/finance"]}, "destructive": {"count": 3}}
    desk.repo.environment("dev", desk.account, gates={"required": ["quality"]}, policy={"approvals": rules})
    change(desk, tmp_path)
    comment(desk, tmp_path)
    found = rendered(bodies(gitlab)[0])
    assert "a behavioural change of mail: 2 of @dana, bank/finance" in found.text and found.acting == []
    assert "destructive change" not in found.text


def test_a_plan_that_is_missing_is_said_and_one_that_is_damaged_fails_alone(
    desk: Desk, gitlab: Gitlab, tmp_path: Path
) -> None:
    change(desk, tmp_path)
    (tmp_path / "prod").mkdir()
    (tmp_path / "prod/plan.json").write_text("{}")
    assert "prod: failed: P163" in comment(desk, tmp_path, ok=1)
    assert len(bodies(gitlab)) == 1
    (tmp_path / "prod/plan.json").unlink()
    (tmp_path / "dev/plan.json").unlink()
    comment(desk, tmp_path)
    assert "No plan for dev" in rendered(bodies(gitlab)[0]).text
