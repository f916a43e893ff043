"""What was live at a moment, over random lives, against a model that plays them forward."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from releaser.core.entry import decode
from releaser.core.record import Closed, Emergency, Opened, Outcome
from releaser.core.timeline import Account, live_at

GOLDEN = Path(__file__).parents[1] / "golden" / "record"
_START = datetime(2026, 1, 1, tzinfo=UTC)
_opened = decode((GOLDEN / "opened.json").read_bytes())
_closed = decode((GOLDEN / "closed.json").read_bytes())
assert isinstance(_opened, Opened) and isinstance(_closed, Closed)
OPENED, CLOSED = _opened, _closed

Step = tuple[Outcome | None, int, int, bool, str, str]
STEPS = st.lists(
    st.tuples(
        st.sampled_from([*Outcome, None]),  # None: left open, or killed and never continued
        st.integers(1, 5),  # the release: an earlier one is a rollback
        st.integers(0, 3),  # days until it closes; none: closed within the same second
        st.booleans(),  # an emergency
        st.sampled_from(["dev", "prod"]),
        st.sampled_from(["mail", "letters"]),
    ),
    max_size=25,
)


@given(STEPS, st.integers(-1, 80))
def test_what_was_live_is_what_playing_it_forward_gives(steps: list[Step], day: int) -> None:
    moment = _START + timedelta(days=day)
    accounts: list[Account] = []
    live: dict[tuple[str, str], str] = {}
    seqs: dict[tuple[str, str], int] = {}
    now = _START
    for outcome, number, days, emergency, environment, use_case in steps:
        place, release = (environment, use_case), f"r{number}"
        seqs[place] = seqs.get(place, 0) + 1
        at = {"environment": environment, "use_case": use_case, "seq": seqs[place], "release": release}
        urgent = Emergency(kind="rollback", reason="complaints") if emergency else None
        opened = replace(OPENED, **at, opened_at=now, emergency=urgent, id=f"{seqs[place]}")
        now += timedelta(days=days)
        closed = None
        if outcome is not None:
            closed = replace(CLOSED, record=opened.ref, outcome=outcome, closed_at=now)
            if now <= moment:
                _play(live, place, release, outcome)
        accounts.append(Account(opened, closed))
    found = {(a.opened.environment, a.opened.use_case): a.opened.release for a in live_at(reversed(accounts), moment)}
    assert found == live
    assert [*found] == sorted(found)


def _play(live: dict[tuple[str, str], str], place: tuple[str, str], release: str, outcome: Outcome) -> None:
    match outcome:
        case Outcome.RELEASED:
            live[place] = release
        case Outcome.RETIRED:
            live.pop(place, None)
        case _:
            pass
