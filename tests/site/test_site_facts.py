"""What the pages say of records: states, what was live how long, scores, the order of environments."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from releaser.core.record import Closed, Held, Holder, Opened, Outcome, RecordRef
from releaser.core.site import cell_of, events, in_order, series, stretches
from releaser.core.timeline import Account

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def account(seq: int, release: str, outcome: Outcome | None, *, verified: bool = True, **more: Any) -> Account:
    at = NOW - timedelta(days=100 - 10 * seq)
    opened = Opened(
        **dict.fromkeys(("account", "region", "commit", "tree", "plan_digest", "change_digest"), ""),
        **dict.fromkeys(("previous_release", "tool_version", "actor", "trigger", "previous"), ""),
        use_case="claims",
        environment="prod",
        release=release,
        release_digest=release,
        tag=None,
        steps=(),
        dirty=False,
        id=f"{seq}",
        seq=seq,
        holder=Holder(kind="ci", name="job 1"),
        opened_at=at,
        lease_expires=at,
        holds=more.pop("holds", None),
    )
    if outcome is None:
        return Account(opened, None)
    record = RecordRef(
        id=opened.id, environment="prod", use_case="claims", seq=seq, release=release, release_digest=release, commit=""
    )
    rest = {"duration_ms": 1, "previous": "", "notes_digest": "", **more}
    closed = Closed(outcome=outcome, verified=verified, record=record, closed_at=at, **rest)
    return Account(opened, closed)


def state(*accounts: Account) -> tuple[str, str]:
    """Given oldest first."""
    found = cell_of("prod", accounts[::-1], None, NOW)
    return found.state, found.release


R, F, B = Outcome.RELEASED, Outcome.FAILED, Outcome.ROLLED_BACK


def test_every_state() -> None:
    assert state() == ("none", "")
    assert state(account(1, "r1", R)) == ("live", "r1")
    assert state(account(1, "r1", R, verified=False)) == ("unverified", "r1")
    assert state(account(1, "r1", R), account(2, "r2", F)) == ("failed", "r1")
    assert state(account(1, "r1", F)) == ("failed", "")
    assert state(account(1, "r1", R), account(2, "r2", F), account(3, "r3", R)) == ("live", "r3")
    assert state(account(1, "r1", R), account(2, "r2", B)) == ("held", "r1")
    assert state(account(1, "r1", R), account(2, "r2", B), account(3, "r3", R)) == ("live", "r3")
    assert state(account(1, "r1", R), account(2, "r2", None)) == ("open", "r1")
    assert state(account(1, "r1", R), account(2, "r1", Outcome.RETIRED)) == ("retired", "")
    assert state(account(1, "r1", R), account(2, "r1", Outcome.RETIRED), account(3, "r2", R)) == ("live", "r2")
    assert state(account(1, "r1", R), account(2, "r1", Outcome.PRUNED)) == ("live", "r1")
    held = Held(release="r2", release_digest="r2", reason="wrong answers")
    back = account(3, "r1", R, holds=held)
    assert state(account(1, "r1", R), account(2, "r2", R), back) == ("held", "r1")


def test_what_was_live_how_long() -> None:
    retired = account(2, "r1", Outcome.RETIRED)
    found = stretches([account(4, "r3", R), account(3, "r2", B), retired, account(1, "r1", R)])
    assert [(s.release, s.end is None) for s in found] == [("r1", False), ("r3", True)]
    assert found[0].end == NOW - timedelta(days=80)


def test_events_are_newest_first() -> None:
    found = events([account(1, "r1", R), account(3, "r3", F), account(2, "r2", R)])
    assert [e.release for e in found] == ["r3", "r2", "r1"]


def test_scores_of_a_release_that_was_tried_again_are_the_newest() -> None:
    def measured(value: float) -> tuple[dict[str, Any], ...]:
        return ({"gate": "quality", "metrics": [{"suite": "quality", "metric": "tokenF1", "value": value}]},)

    rows = [
        account(3, "r2", R, verdicts=measured(0.8)),
        account(2, "r2", F, verdicts=measured(0.1)),
        account(1, "r1", R, verdicts=measured(0.7)),
    ]
    (found,) = series({"prod": rows, "dev": [account(1, "r1", R)]})
    assert (found.metric, found.environment) == ("quality/tokenF1", "prod")
    assert [(p.release, p.value) for p in found.points] == [("r1", 0.7), ("r2", 0.8)]


def test_environments_follow_the_way_of_a_release() -> None:
    usual = {"prod": "preprod", "dev": None, "preprod": "dev", "lab": None}
    assert in_order(usual) == ("dev", "lab", "preprod", "prod")
    assert in_order({"a": "b", "b": "a"}) == ("a", "b")
    assert in_order({"a": "gone"}) == ("a",)


def test_an_unverified_release_says_so() -> None:
    made = account(1, "r1", R, verified=False)
    assert cell_of("prod", [made], None, NOW).said == "not verified"
    assert cell_of("prod", [replace(made, closed=None)], None, NOW).said == "r1 is under way, held by job 1"
