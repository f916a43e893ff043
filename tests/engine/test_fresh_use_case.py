"""Merges of a use case that the tool has never seen: what is as good passes, what is worse fails, what cannot be told
is said to be so; all of it from the answers of the sandbox's model."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from world.desk import Desk
from world.museum import EVASIVE, MUSEUM, REWORDED, TERSE

DeskMaker = Callable[..., Desk]
REWORDED_TWICE = REWORDED.reworded("in one sentence", "in one short sentence")


@pytest.fixture
def gated(new_desk: DeskMaker) -> Desk:
    desk = new_desk(gates={"required": ["times"]})
    MUSEUM.merge(desk.repo, "The museum's desk")
    assert "times: 2 of 2 metrics pass" in desk.reconcile().said
    return desk


def live(desk: Desk) -> str:
    """What callers get."""
    (found,) = desk.client("ssm").get_parameters_by_path(Path="/", Recursive=True)["Parameters"]
    return str(found["Value"])


def worst(said: str) -> list[str]:
    """What the model said to the cases that are shown for a metric that passed every case before."""
    return re.findall(r"case \w\w-\d{3} \(critical\): 0, before 1\n +(.*)", said)


def test_a_merge_passes_one_fails_and_one_is_inconclusive(gated: Desk) -> None:
    first = live(gated)
    REWORDED.merge(gated.repo, "Says it in other words")
    assert "museum  released  r2" in gated.reconcile().said
    second = live(gated)
    assert second != first

    EVASIVE.merge(gated.repo, "A tidier prompt")
    failed = gated.reconcile(ok=3).said
    assert "FAIL: museum r3 for dev" in failed
    assert "0 better, 120 worse" in failed
    assert (
        worst(failed)
        == ["Notice: The cloakroom opens at 7:05 on Mondays. The cloakroom closes at 22:55 on Mondays."] * 3
    )
    assert live(gated) == second

    REWORDED_TWICE.changed(cases=20).merge(gated.repo, "Only the newest cases")
    unclear = gated.reconcile(ok=3).said
    assert "INCONCLUSIVE: museum r4 for dev" in unclear
    assert "20 of 20" in unclear
    assert "would decide" in unclear
    assert live(gated) == second

    REWORDED_TWICE.merge(gated.repo, "All cases again")
    gated.reconcile()
    assert live(gated) != second
    gated.settled()


def test_a_regression_of_the_model_fails_and_shows_what_it_said(gated: Desk) -> None:
    before = live(gated)
    TERSE.merge(gated.repo, "Saves tokens")
    failed = gated.reconcile(ok=3).said
    assert "FAIL: museum r2 for dev" in failed
    assert len(worst(failed)) == 3
    assert all(len(said.split()) <= 4 for said in worst(failed))
    assert live(gated) == before
