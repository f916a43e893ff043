"""Sheets for people, held to what the gate counts."""

from __future__ import annotations

import json
from typing import Any

from evidence_maker import evidence
from hypothesis import given
from hypothesis import strategies as st

from releaser.core.evaluation.case import Case
from releaser.core.values import digest
from releaser.gates.evaluation.human import human_scores, reviewed
from releaser.pipeline.reviewing import waiting

IDS = [f"c{i}" for i in range(6)]
ANSWERED = evidence({case: [None] for case in IDS}, metric="usable")
RESPONSES = {o.case: o.response for o in ANSWERED.observations}
CASES = {case: Case(id=case, input={"letter": f"Grüße,\n{case}"}, digest=digest(case)) for case in IDS}


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def sheet(reviews: bytes, cases: dict[str, Case] = CASES) -> list[dict[str, Any]]:
    return list(waiting([ANSWERED], "usable", reviews, cases, lambda sha256: f"answer {sha256[:4]}"))


@st.composite
def reviews(draw: st.DrawFn) -> bytes:
    """Of some cases, of this answer, of any or of another, with a score or still without one."""
    rows = []
    for case in draw(st.lists(st.sampled_from(IDS), unique=True)):
        row: dict[str, Any] = {"case": case, "by": "desk", "score": draw(st.sampled_from((None, 0, 0.5, 1)))}
        response = draw(st.sampled_from((RESPONSES[case], "another", None)))
        rows.append(row if response is None else {**row, "response": response})
    return lines(rows)


@given(reviews())
def test_a_sheet_holds_what_the_gate_waits_for_and_nothing_else(written: bytes) -> None:
    rows = sheet(written)
    assert [row["case"] for row in rows] == list(reviewed([ANSWERED], "usable", written)[1].missing)
    assert all(row["response"] == RESPONSES[row["case"]] for row in rows)


@given(reviews(), st.lists(st.sampled_from((None, 0, 0.5, 1)), min_size=len(IDS), max_size=len(IDS)))
def test_a_filled_in_sheet_is_a_file_of_reviews(written: bytes, scores: list[float | None]) -> None:
    filled = [{**row, "by": "eva", "score": s} for row, s in zip(sheet(written), scores, strict=False)]
    found = human_scores(written + lines(filled), IDS, {c: [r] for c, r in RESPONSES.items()})
    assert not found.wrong
    assert list(found.missing) == [row["case"] for row in filled if row["score"] is None]


def test_an_empty_sheet_says_nothing_and_is_no_error() -> None:
    found = human_scores(lines(sheet(b"")), IDS, {c: [r] for c, r in RESPONSES.items()})
    assert (found.wrong, found.scores, len(found.missing)) == ((), {}, len(IDS))


def test_a_case_that_was_changed_since_shows_no_input() -> None:
    (changed,) = (CASES[c] for c in IDS[:1])
    others = {**CASES, changed.id: Case(id=changed.id, input="new", digest="new")}
    rows = sheet(b"", others)
    assert [row["case"] for row in rows if "input" not in row] == [changed.id]
    assert rows[1]["input"] == {"letter": f"Grüße,\n{IDS[1]}"}
