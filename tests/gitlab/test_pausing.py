"""How long a request waits for its next attempt."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from releaser.gitlab.pausing import ATTEMPTS, LONGEST, pause

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


@given(
    st.dictionaries(st.sampled_from(["Retry-After", "RateLimit-Reset"]), st.text()), st.integers(1, 9), st.floats(0, 1)
)
def test_a_pause_is_short_and_never_negative_whatever_the_server_says(
    headers: dict[str, str], attempt: int, spread: float
) -> None:
    found = pause(headers, attempt, NOW, spread)
    assert found is None or 0 <= found <= LONGEST
    assert (found is None) or attempt < ATTEMPTS


@given(st.integers(0, 10_000))
def test_what_is_asked_for_is_kept_in_each_spelling_or_not_waited_for(seconds: int) -> None:
    until = NOW + timedelta(seconds=seconds)
    spellings = [
        {"Retry-After": str(seconds)},
        {"Retry-After": format_datetime(until, usegmt=True)},
        {"RateLimit-Reset": str(int(until.timestamp()))},
        {"Retry-After": str(seconds), "RateLimit-Reset": str(int(until.timestamp()) + 900)},
    ]
    expected = float(seconds) if seconds <= LONGEST else None
    assert [pause(headers, 1, NOW, 0.5) for headers in spellings] == [expected] * 4


def test_a_date_without_a_zone_is_in_utc() -> None:
    assert pause({"Retry-After": "Sun, 22 Nov 2026 10:00:30 -0000"}, 1, NOW, 0.5) == 30


def test_a_date_that_is_over_means_now() -> None:
    assert pause({"Retry-After": "Sun, 22 Nov 2026 09:00:00 GMT"}, 1, NOW, 0.5) == 0
    assert pause({"RateLimit-Reset": "1"}, 1, NOW, 0.5) == 0


@given(st.floats(0, 1))
def test_without_a_wish_pauses_grow(spread: float) -> None:
    pauses = [pause({}, attempt, NOW, spread) or 0 for attempt in range(1, ATTEMPTS)]
    assert all(later == 2 * earlier > 0 for earlier, later in itertools.pairwise(pauses))
