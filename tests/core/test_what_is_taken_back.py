"""Which release one goes back to. Histories in short: ``2`` released, ``2!`` failed, ``2?`` open, ``2<`` taken back by
its delivery, ``1^2`` released while it holds 2, ``x`` retired."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from releaser.core.entry import decode
from releaser.core.going_back import going_back, live_in
from releaser.core.hold_mark import HELD_TAG, is_marked, mark
from releaser.core.record import ApprovedStep, Closed, Held, Opened, Outcome, Witness
from releaser.core.timeline import Account

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "record"
ENDS = {"!": Outcome.FAILED, "<": Outcome.ROLLED_BACK, "x": Outcome.RETIRED}


def entries() -> tuple[Opened, Closed]:
    found = {json.loads(p.read_bytes()).get("entry"): decode(p.read_bytes()) for p in sorted(GOLDEN.rglob("*.json"))}
    opened, closed = found["opened"], found["closed"]
    assert isinstance(opened, Opened) and isinstance(closed, Closed)
    return opened, closed


def history(words: str) -> list[Account]:
    first, last = entries()
    assert first.steps and isinstance(first.steps[0], ApprovedStep)
    found = []
    for seq, word in enumerate(words.split(), 1):
        number, _, held = word.strip("!?<x").partition("^")
        digest = (number or "0") * 64
        holds = Held(release=f"r{held}", release_digest=held * 64, reason="It leaks.") if held else None
        at = first.opened_at + timedelta(days=seq)
        opened = replace(first, seq=seq, release=f"r{number or 9}", release_digest=digest, holds=holds, opened_at=at)
        end = ENDS.get(word[-1], Outcome.RELEASED)
        closed = replace(last, outcome=end, record=opened.ref, closed_at=at + timedelta(hours=1))
        found.append(Account(opened, None if word.endswith("?") else closed))
    return found


@pytest.mark.parametrize(
    ("words", "taken", "target"),
    [
        ("1", "r1", ""),
        ("1 2", "r2", "r1"),
        ("1 2 2", "r2", "r1"),
        ("1 2 3!", "r3", "r2"),
        ("1 2 3?", "r3", "r2"),
        ("1 2 3<", "r2", "r1"),
        ("1 2 1^2", "r1", ""),
        ("1 2 3 2^3", "r2", "r1"),
        ("1 2 3 2^3?", "r3", "r2"),
        ("1 2 3 2^3!", "r3", "r2"),
        ("1 2 x 3", "r3", ""),
        ("1 2 1", "r1", ""),
        ("1 2 3 1", "r1", "r2"),
        ("1 2 1 2 3", "r3", "r2"),
        ("1 2x", "r2", "r1"),
        ("1 2 2x", "r2", "r2"),
        ("1 2 1^2 1x", "r1", "r1"),
        ("x", "r9", ""),
    ],
)
def test_the_way_back(words: str, taken: str, target: str) -> None:
    accounts = history(words)
    environment, use_case = accounts[0].opened.environment, accounts[0].opened.use_case
    found = going_back(accounts[::-1], environment, use_case)
    assert found is not None
    said = (found.taken.opened.release, found.target.opened.release if found.target else "")
    assert said == (taken, target)
    assert going_back(accounts, "elsewhere", use_case) is None


def test_what_waited_for_the_git_server_counts_by_its_time() -> None:
    """r1 came back at noon; r3 was released at one, and its record arrived first."""
    accounts = history("1 2 3 1^2")
    late = accounts[2]
    assert late.closed is not None
    at = late.closed.closed_at.replace(year=late.closed.closed_at.year + 1)
    accounts[2] = Account(late.opened, replace(late.closed, closed_at=at))
    environment, use_case = late.opened.environment, late.opened.use_case
    found = going_back(accounts, environment, use_case)
    assert found is not None and found.target is not None
    assert (found.taken.opened.release, found.target.opened.release) == ("r3", "r1")
    live = live_in(accounts, environment, use_case)
    assert live is not None and live.opened.release == "r3"


@pytest.mark.parametrize("words", ["1 2 x", "1!x", "x"])
def test_nothing_is_live_after_a_retirement(words: str) -> None:
    accounts = history(words)
    opened = accounts[0].opened
    found = going_back(accounts, opened.environment, opened.use_case)
    assert found is not None and found.is_of_retirement
    assert live_in(accounts, opened.environment, opened.use_case) is None


def test_a_mark_counts_until_git_knows_of_a_later_end() -> None:
    _, closed = entries()
    digest, noon = "b" * 64, datetime(2026, 3, 3, 12, tzinfo=UTC)
    tags = {HELD_TAG: mark(digest, noon)}

    def known(at: datetime, released: str) -> Witness:
        record = replace(closed.record, release_digest=released)
        live = replace(closed, record=record, closed_at=at)
        return Witness(use_case="mail", released=live, latest=live, open=None)

    assert is_marked(tags, digest, None) and is_marked(tags, digest, known(noon.replace(hour=11), "a" * 64))
    assert is_marked(tags, digest, known(noon, digest)) and not is_marked(tags, digest, known(noon, "a" * 64))
    assert not is_marked(tags, digest, known(noon.replace(hour=13), "a" * 64))
    assert not is_marked(tags, "c" * 64, None) and not is_marked({}, digest, None)
    for odd in ("", "b" * 16, "b" * 16 + "@yesterday", "b" * 16 + "@2026-99-99T12:00:00Z"):
        assert not is_marked({HELD_TAG: odd}, digest, None)
