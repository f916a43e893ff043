"""A judge that compares: a release beside what is live, case by case, from manifest to record."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_evaluation_suites import asked, cases, evidence, live, write
from world import model
from world.desk import Desk

from releaser import sandbox

MANY = 40
RANKS = {"bad": 0, "good": 1, "kind": 2}
HABITS: dict[str, Callable[[str, str], str]] = {
    "judges": lambda a, b: "tie" if RANKS[a] == RANKS[b] else "A" if RANKS[a] > RANKS[b] else "B",
    "prefers the first": lambda a, b: "A",
    "mumbles": lambda a, b: "both, in a way",
}
"""What a judge of pairs goes by."""


@pytest.fixture
def habit() -> list[str]:
    return ["judges"]


@pytest.fixture
def desk(new_desk: Callable[..., Desk], habit: list[str]) -> Iterator[Desk]:
    """An account whose model answers as its prompt says, and compares answers as its habit is."""

    def says(system: str, text: str) -> str:
        if "You compare two answers" in system:
            a, b = re.findall(r"answer [AB]\]\n(\w+)", text)
            return json.dumps({"better": HABITS[habit[0]](a, b), "reason": "as it is"})
        tone = "bad" if "Be rude" in text else "kind" if "Be kind" in text else "good"
        return f"{tone}, about {text.split()[-1]}"

    gated = new_desk(gates={"required": ["quality"]})
    with model.speaking(says) as url, sandbox.running(time_scale=0, llm_url=url) as box:
        yield Desk(gated.zygote, box, gated.repo, gated.account)


def content(desk: Desk, text: str = "", **more: Any) -> None:
    metrics = {
        "helpfulness": {"judge": "plain", "pairwise": True, "floor": 0.45, "tier": "critical"},
        "contains": {"floor": 0.0, "maxRegression": 0.5},  # compared by the evidence of what is live
    }
    suite = {"target": {"prompt": "answer"}, "dataset": "golden", "metrics": metrics, **more}
    write(desk, {"quality": suite}, text=text, files={"golden": cases(MANY)})


def scores(desk: Desk) -> set[Any]:
    return {o.get("scores", {}).get("helpfulness") for o in evidence(desk, "quality")["observations"]}


def test_the_better_one_is_released_and_the_worse_one_is_not(desk: Desk) -> None:
    content(desk)
    assert "nothing is approved yet to compare with" in desk.reconcile().said
    first = evidence(desk, "quality")
    assert "against" not in first["subject"] and all(c["metrics"] == ["contains"] for c in first["cases"])
    content(desk, "Be kind.")
    past = desk.mark()
    desk.reconcile()
    assert asked(desk, past) == 3 * MANY, "each case and both orders; what is live answered before"
    second = evidence(desk, "quality")
    assert second["subject"]["against"].items() >= first["subject"]["behaviour"].items()
    assert scores(desk) == {1.0}
    before = live(desk)
    content(desk, "Be rude.")
    ended = desk.reconcile(ok=3)
    assert f"0 better, 0 as good, {MANY} worse" in ended.said
    assert "is asked the same" not in ended.said, "there is evidence of it, whatever its own pairs were"
    assert (live(desk), scores(desk)) == (before, {0.0})
    desk.run("audit", "verify", ok=0)


def test_what_is_live_is_asked_again_where_its_answers_are_gone(desk: Desk) -> None:
    content(desk)
    desk.reconcile()
    content(desk, "Be kind.")
    shutil.rmtree(desk.repo.root / ".git/releaser")
    past = desk.mark()
    desk.reconcile()
    assert asked(desk, past) == 4 * MANY
    assert scores(desk) == {1.0}


@pytest.mark.parametrize(("what", "score", "code"), [("prefers the first", 0.5, 0), ("mumbles", None, 3)])
def test_a_judge_that_does_not_judge_prefers_nothing(
    desk: Desk, habit: list[str], what: str, score: float | None, code: int
) -> None:
    content(desk)
    desk.reconcile()
    before, habit[0] = live(desk), what
    content(desk, "Be kind.")
    ended = desk.reconcile(ok=code)
    assert scores(desk) == {score}
    assert ("ERROR" in ended.said) == (live(desk) == before) == (code != 0)


def test_evidence_is_of_no_use_once_something_else_is_live(desk: Desk, tmp_path: Path) -> None:
    def found(folder: str) -> dict[str, Any]:
        content(desk, "Be kind.")
        desk.run("evaluate", "mail", "-e", "dev", "--out", str(tmp_path / folder), ok=0)
        (path,) = (p for p in (tmp_path / folder).iterdir() if not p.name.endswith("-before.json"))
        data: dict[str, Any] = json.loads(path.read_text())
        return data

    content(desk, "Be rude.")
    desk.reconcile()
    first = found("first")
    content(desk)
    desk.reconcile()
    second = found("second")
    assert first["subject"]["behaviour"] == second["subject"]["behaviour"]
    assert first["subject"]["against"] != second["subject"]["against"]
    assert first["key"] != second["key"]


def test_a_budget_that_ends_between_answer_and_judge_is_gone_on_with_anywhere(desk: Desk) -> None:
    content(desk)
    desk.reconcile()
    content(desk, "Be kind.", budget={"tokens": 14_000})
    before = live(desk)
    codes: list[int] = []
    while len(codes) < 4 and 0 not in codes:
        shutil.rmtree(desk.repo.root / ".git/releaser", ignore_errors=True)
        codes.append(desk.reconcile(ok=None).code)
    assert codes[0] == 5 and codes[-1] == 0 and set(codes) == {0, 5}
    assert live(desk) != before
