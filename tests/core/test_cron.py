"""Cron: tables made by hand with a calendar, and the laws that hold for every moment and zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releaser.core.cron import Cron, cron
from releaser.core.frozen import Period, frozen_until

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = tuple(map(ZoneInfo, ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")))
MINUTE = timedelta(minutes=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# 2026-11-27 is a Friday, 2026-03-29 and 2026-10-25 are the days on which Berlin moves its clocks.
@pytest.mark.parametrize(
    ("fields", "moment", "last", "following"),
    [
        ("0 23 * * 5", "2026-11-28 12:00", "2026-11-27 23:00", "2026-12-04 23:00"),
        ("0 7 * * mon", "2026-11-30 07:00", "2026-11-30 07:00", "2026-12-07 07:00"),
        ("*/20 * * * *", "2026-11-30 07:21", "2026-11-30 07:20", "2026-11-30 07:40"),
        ("0 0 1 jan *", "2026-11-30 07:21", "2026-01-01 00:00", "2027-01-01 00:00"),
        ("0 0 29 2 *", "2026-11-30 07:21", "2024-02-29 00:00", "2028-02-29 00:00"),
        ("0 0 13 * fri", "2026-11-29 00:00", "2026-11-27 00:00", "2026-12-04 00:00"),
        ("0 0 13 * fri", "2026-12-12 00:00", "2026-12-11 00:00", "2026-12-13 00:00"),
        ("30 9-17/4 * * 1-5", "2026-11-27 14:00", "2026-11-27 13:30", "2026-11-27 17:30"),
        ("0 22-1 * * *", "2026-11-27 01:30", "2026-11-27 01:00", "2026-11-27 22:00"),
        ("0 0 * * fri-mon", "2026-12-01 12:00", "2026-11-30 00:00", "2026-12-04 00:00"),
        ("0 0 * * 7", "2026-11-30 12:00", "2026-11-29 00:00", "2026-12-06 00:00"),
        ("5,10 0 31 * *", "2026-11-30 12:00", "2026-10-31 00:10", "2026-12-31 00:05"),
    ],
)
def test_moments_by_a_calendar(fields: str, moment: str, last: str, following: str) -> None:
    found = cron(fields)
    assert found.last(utc(moment), UTC) == utc(last)
    assert found.next(utc(moment), UTC) == utc(following)


@pytest.mark.parametrize(
    ("fields", "moment", "following"),
    [
        ("0 8 * * *", "2026-07-01 00:00", "2026-07-01 06:00"),
        ("0 8 * * *", "2026-12-01 00:00", "2026-12-01 07:00"),
        ("30 2 * * *", "2026-03-28 12:00", "2026-03-30 00:30"),
        ("30 2 * * *", "2026-10-24 12:00", "2026-10-25 00:30"),
        ("30 2 * * *", "2026-10-25 00:30", "2026-10-25 01:30"),
    ],
    ids=["summer", "winter", "never", "twice", "again"],
)
def test_moments_by_a_clock_that_is_moved(fields: str, moment: str, following: str) -> None:
    assert cron(fields).next(utc(moment), BERLIN) == utc(following)


@pytest.mark.parametrize(
    "fields",
    [
        *("", "@daily", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8"),
        *("*/0 * * * *", "1,, * * * *", "1- * * * *", "-1 * * * *", "1/ * * * *", "a * * * *", "* * L * *"),
        *("* * * * fri#1", "* * * * frimon", "* * * janfeb *", "* * * jan0 *", "* * * * fri/-1"),
    ],
)
def test_what_is_no_cron_is_an_error(fields: str) -> None:
    with pytest.raises(ValueError):
        cron(fields)


def test_what_never_comes_is_not_looked_for_for_ever() -> None:
    assert cron("0 0 30 2 *").next(utc("2026-01-01 00:00"), UTC) is None
    assert cron("0 0 30 2 *").last(utc("2026-01-01 00:00"), UTC) is None


def _some(low: int, high: int) -> st.SearchStrategy[frozenset[int]]:
    return st.one_of(
        st.just(frozenset(range(low, high + 1))), st.frozensets(st.integers(low, high), min_size=1, max_size=5)
    )


CRONS = st.builds(
    Cron,
    st.frozensets(st.integers(0, 59), min_size=1, max_size=3),
    _some(0, 23),
    _some(1, 31),
    _some(1, 12),
    _some(0, 6),
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)


def shows(found: Cron, moment: datetime, zone: ZoneInfo) -> bool:
    """What a clock on the wall shows, with nothing computed."""
    wall = moment.astimezone(zone)
    return wall.minute in found.minutes and wall.hour in found.hours and found.is_on(wall.date())


@settings(max_examples=60)
@given(CRONS, MOMENTS, st.sampled_from(ZONES))
def test_nothing_lies_between_a_moment_and_its_neighbours(found: Cron, moment: datetime, zone: ZoneInfo) -> None:
    last, following = found.last(moment, zone), found.next(moment, zone)
    if last is None or following is None:
        assert found.days <= {29, 30, 31}
        return
    assert last <= moment < following
    assert shows(found, last, zone) and shows(found, following, zone)
    for minutes in range(600):
        before, after = moment - minutes * MINUTE, moment + (minutes + 1) * MINUTE
        assert not (last < before and shows(found, before, zone))
        assert not (after < following and shows(found, after, zone))
    assert found.next(last, zone) == following and found.last(following, zone) == following


@settings(max_examples=30)
@given(CRONS, st.sampled_from(ZONES))
def test_the_last_sunday_of_october_too(found: Cron, zone: ZoneInfo) -> None:
    moment, end = utc("2026-10-24 20:00"), utc("2026-10-26 02:00")
    walked = [moment + n * MINUTE for n in range(1, 30 * 60)]
    expected = [m for m in walked if m < end and shows(found, m, zone)]
    told = []
    while (following := found.next(moment, zone)) and following < end:
        told.append(following)
        moment = following
        if len(told) > 40:
            break
    assert told == expected[: len(told)] and (len(told) > 40 or len(told) == len(expected))


def period(start: str, end: str, zone: ZoneInfo = ZONES[0]) -> Period:
    return Period(cron(start), cron(end), zone)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-27 22:59", None),
        ("2026-11-27 23:00", "2026-11-30 07:00"),
        ("2026-11-29 12:00", "2026-11-30 07:00"),
        ("2026-11-30 06:59", "2026-11-30 07:00"),
        ("2026-11-30 07:00", None),
    ],
)
def test_a_weekend_is_frozen(now: str, until: str | None) -> None:
    found = frozen_until([period("0 23 * * 5", "0 7 * * 1")], utc(now))
    assert found == (utc(until) if until else None)


def test_a_period_that_begins_before_another_ends_goes_on() -> None:
    both = [period("0 23 * * 5", "0 7 * * 1"), period("0 6 * * 1", "0 20 * * 1"), period("0 9 * * 3", "0 10 * * 3")]
    assert frozen_until(both, utc("2026-11-28 12:00")) == utc("2026-11-30 20:00")
    assert frozen_until(both, utc("2026-11-30 21:00")) is None
    assert frozen_until([], utc("2026-11-28 12:00")) is None


def test_a_freeze_without_an_end_is_one() -> None:
    ever = [period("0 0 * * *", "0 12 * * *"), period("0 12 * * *", "0 0 * * *")]
    found = frozen_until(ever, utc("2026-11-28 15:00"))
    assert found is not None and found > utc("2026-12-12 15:00")


def test_midnight_is_the_zones() -> None:
    night = period("0 0 24 12 *", "0 0 27 12 *", BERLIN)
    assert frozen_until([night], utc("2026-12-23 22:59")) is None
    assert frozen_until([night], utc("2026-12-23 23:00")) == utc("2026-12-26 23:00")


@settings(max_examples=40)
@given(st.lists(st.builds(Period, CRONS, CRONS, st.sampled_from(ZONES)), max_size=3), MOMENTS)
def test_until_then_it_is_frozen_and_more_periods_never_thaw(periods: list[Period], now: datetime) -> None:
    until = frozen_until(periods, now)
    assert (until is None) == (not any(p.until(now) for p in periods))
    if until is not None:
        assert until > now
        middle = now + (until - now) / 2
        fewer = frozen_until(periods[1:], now)
        assert fewer is None or fewer <= until
        assert any(p.until(middle) for p in periods)
