"""From answers that wait for people to the release: the sheet that they fill in is what they hand in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_evaluation_suites import PEOPLE, REVIEWS, Rows, asked, cases, lines, live, write
from world.desk import Desk


@pytest.fixture
def waiting(new_desk: Callable[..., Desk]) -> Desk:
    """A release that is staged until people have read its answers."""
    desk = new_desk(gates={"required": ["quality"]})
    write(
        desk,
        {"quality": {"target": {"prompt": "answer"}, "dataset": "golden", **PEOPLE}},
        files={"golden": cases(40)},
        **REVIEWS,
    )
    desk.reconcile(ok=5)
    return desk


def evidence_file(desk: Desk, folder: Path) -> Path:
    """The evidence, as the record has it."""
    (raw,) = (raw for path, raw in desk.repo.records().items() if "evaluation-quality-" in path)
    path = folder / "evidence.json"
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return path


def read(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def hand_in(desk: Desk, rows: list[dict[str, Any]]) -> None:
    desk.repo.write("manifests/mail/reviews/desk.jsonl", lines(rows))
    desk.repo.commit("reviewed")


def test_people_fill_in_what_waits_and_hand_it_in(waiting: Desk, tmp_path: Path) -> None:
    evidence, sheet = evidence_file(waiting, tmp_path), tmp_path / "sheet.jsonl"
    past = waiting.mark()
    waiting.run("gate", "--evidence", str(evidence), "--to-review", str(sheet), ok=5)
    rows = read(sheet)
    assert [(r["case"], r["input"]) for r in rows] == [(c["id"], c["input"]) for c in cases(40)]
    assert all(r["answer"] and (r["by"], r["score"]) == ("", None) for r in rows)
    hand_in(waiting, rows)
    assert "0 of 40" in waiting.reconcile(ok=5).said, "nobody filled it in"
    filled = [{**row, "by": "desk", "score": 1} for row in rows]
    hand_in(waiting, [*filled[:25], *rows[25:]])
    rest = tmp_path / "rest.jsonl"
    waiting.run("gate", "--evidence", str(evidence), "--to-review", str(rest), ok=5)
    assert read(rest) == rows[25:]
    assert live(waiting) == ""
    hand_in(waiting, filled)
    waiting.reconcile()
    assert live(waiting) != ""
    assert asked(waiting, past) == 0


def test_a_sheet_that_somebody_may_have_filled_in_stays(waiting: Desk, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.jsonl"
    sheet.write_text("mine")
    past = waiting.mark()
    waiting.run("evaluate", "mail", "-e", "dev", "--to-review", str(sheet), ok=64)
    waiting.run("gate", "--evidence", str(evidence_file(waiting, tmp_path)), "--to-review", str(sheet), ok=64)
    assert (sheet.read_text(), asked(waiting, past)) == ("mine", 0)


def test_an_evaluation_before_a_merge_writes_the_sheet_too(waiting: Desk, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.jsonl"
    ended = waiting.run("evaluate", "mail", "-e", "dev", "--to-review", str(sheet), ok=5)
    assert f"{sheet} (answers: 40)" in ended.said
    hand_in(waiting, [{**row, "by": "desk", "score": 1} for row in read(sheet)])
    other = tmp_path / "other.jsonl"
    ended = waiting.run("evaluate", "mail", "-e", "dev", "--to-review", str(other), ok=0)
    assert "to review for desk: nothing" in ended.said and not other.exists()


def test_there_is_no_sheet_where_people_score_nothing(new_desk: Callable[..., Desk], tmp_path: Path) -> None:
    desk = new_desk()
    suite = {"target": {"prompt": "answer"}, "dataset": "golden", "metrics": {"refusalRate": {"floor": 0.1}}}
    write(desk, {"quality": suite}, files={"golden": cases(30)})
    past = desk.mark()
    ended = desk.run("evaluate", "mail", "-e", "dev", "--to-review", str(tmp_path / "sheet.jsonl"), ok=64)
    assert "people score no metric" in ended.said
    assert asked(desk, past) == 0
