"""Scores, the way back, what a resource became: what notes say beside the content."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releaser.core.address import Address
from releaser.core.deployed import deployed
from releaser.core.record import Binding, Closed, Facts, Outcome, RecordRef, Retired
from releaser.core.scores import scores
from releaser.core.way_back import Lifecycle, way_back

NOW = datetime(2026, 6, 1, tzinfo=UTC)
WINDOW = timedelta(days=14)
PROMPT = Address("claims", "prompt", "answer")
MODEL = "eu.amazon.nova-pro-v1:0"


def binding(version: str | None = "3", id_: str = "P1", stamp: str = "a" * 64) -> Binding:
    return Binding(
        kind="prompt",
        id=id_,
        arn="",
        name="",
        revision="",
        version=version,
        stamp=stamp,
        behaviour="",
        body_digest="",
    )


def closed(release: str, at: datetime, bindings: dict[Address, Binding], **more: Any) -> Closed:
    number = int(release[1:])
    record = RecordRef(
        id=release, environment="prod", use_case="claims", seq=number, release=release, release_digest="", commit=""
    )
    return Closed(
        outcome=Outcome.RELEASED,
        verified=True,
        duration_ms=1,
        bindings=bindings,
        record=record,
        previous="",
        notes_digest="",
        closed_at=at,
        facts=Facts(models={"answer": {"modelId": MODEL}}),
        **more,
    )


def measured(value: Any, metric: str = "tokenF1") -> dict[str, Any]:
    return {"gate": "quality", "metrics": [{"suite": "quality", "metric": metric, "value": value, "floor": 0.6}]}


@pytest.mark.parametrize(
    ("metric", "before", "after", "turn"),
    [
        ("tokenF1", 0.7, 0.8, "better"),
        ("tokenF1", 0.8, 0.7, "worse"),
        ("attackSuccessRate", 0.01, 0.02, "worse"),
        ("refusalRate", 0.01, 0.02, "other"),
        ("helpfulness", 0.7, 0.8, "better"),
        ("tokenF1", 0.7, 0.7, "same"),
    ],
)
def test_a_score_is_better_in_the_direction_of_its_metric(metric: str, before: float, after: float, turn: str) -> None:
    (found,) = scores([measured(after, metric)], [measured(before, metric)])
    assert (found.turn, found.before, found.value, found.bound) == (turn, before, after, "at least 0.6")


def test_without_a_value_before_nothing_is_compared() -> None:
    assert scores([measured(0.7)])[0].turn == "first"
    assert scores([]) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["metrics", "metric", "value", "suite", "floor"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from(["gate", "metrics"]), JSON, max_size=2), max_size=3))
def test_no_score_is_made_of_what_is_none(verdicts: list[dict[str, Any]]) -> None:
    assert all(isinstance(s.value, float) and s.metric is not None for s in scores(verdicts))


def test_while_everything_is_there_only_pointers_move() -> None:
    live = closed("r2", NOW - timedelta(days=1), {PROMPT: binding("4")})
    back = way_back(live, closed("r1", NOW - timedelta(days=9), {PROMPT: binding("3")}), NOW, WINDOW, {})
    assert (back.release, back.way, back.reasons, back.models_known) == ("r1", "pointers", (), True)


def test_what_is_retired_is_still_there_and_what_is_gone_is_made_again() -> None:
    target = closed("r1", NOW - timedelta(days=9), {PROMPT: binding("3", "OLD")})
    live = {PROMPT: binding("1", "NEW")}
    kept = Retired(**{f: getattr(binding("3", "OLD"), f) for f in Binding.__dataclass_fields__}, since=NOW)
    with_it = closed("r2", NOW - timedelta(days=1), live, retired={PROMPT: (kept,)})
    assert way_back(with_it, target, NOW, WINDOW).way == "pointers"
    without = closed("r2", NOW - timedelta(days=1), live)
    back = way_back(without, target, NOW, WINDOW)
    assert back.way == "rebuilt" and "prompt answer" in back.reasons[0] and not back.models_known


def test_after_the_window_nobody_vouches_for_versions() -> None:
    live = closed("r2", NOW - WINDOW - timedelta(days=1), {PROMPT: binding("4")})
    back = way_back(live, closed("r1", NOW - timedelta(days=90), {PROMPT: binding("3")}), NOW, WINDOW)
    assert back.way == "rebuilt" and "2026-05-31" in back.reasons[0]


def test_a_dead_model_closes_the_way() -> None:
    live = closed("r2", NOW, {PROMPT: binding("4")})
    target = closed("r1", NOW - timedelta(days=9), {PROMPT: binding("3")})
    lives = {"amazon.nova-pro-v1:0": Lifecycle("LEGACY", NOW)}
    back = way_back(live, target, NOW, WINDOW, lives)
    assert back.way == "closed" and MODEL in back.reasons[0]
    later = {"amazon.nova-pro-v1:0": Lifecycle("LEGACY", NOW + timedelta(days=1))}
    assert way_back(live, target, NOW, WINDOW, later).way == "pointers"


@pytest.mark.parametrize(
    ("was", "now", "verbs", "became"),
    [
        (None, binding(), {"create"}, "new"),
        (None, binding(), set(), "new"),
        (binding(id_="OLD"), binding(), set(), "new"),
        (binding("2"), binding("3"), {"update", "publish"}, "new version"),
        (binding("2"), binding("3"), set(), "new version"),
        (binding("3"), binding("2"), {"update"}, "an earlier version"),
        (binding(None), binding(None, stamp="b" * 64), {"repoint"}, "moved"),
        (binding(None), binding(None, stamp="b" * 64), {"update"}, "changed"),
        (binding(), binding(), set(), "as before"),
    ],
)
def test_what_a_resource_became(was: Binding | None, now: Binding, verbs: set[str], became: str) -> None:
    (row,) = deployed({PROMPT: now}, {PROMPT: was} if was else {}, {PROMPT: verbs})
    assert row.became == became
