"""Moments that repeat, in cron's five fields, by the clock of a time zone. Pure.

As GitLab reads them (its parser is fugit): names of months and weekdays, 0 and 7 are Sunday, ranges may go over the
end (`fri-mon`), and where both days are restricted either is enough. A minute that the clock skips in spring never
comes; one that it shows twice in autumn comes twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(?P<all>\*)|(?P<first>\d{1,2})(?:-(?P<last>\d{1,2}))?")
_DAY = timedelta(days=1)
_YEARS = 3660
"""Days in which every moment that ever comes has come: eight years without February 29 are the longest."""


@dataclass(frozen=True, slots=True)
class Cron:
    """What each field allows. ``weekdays``: Sunday is 0."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def is_on(self, day: date) -> bool:
        """Whether the day is one of them."""
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        both = len(self.days) < 31 and len(self.weekdays) < 7
        return day.month in self.months and (by_day or by_weekday if both else by_day and by_weekday)

    def last(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """The last one until this moment, in UTC; None where there is none in ten years."""
        return self._nearest(moment, zone, -1)

    def next(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """The first one after this moment, in UTC; None where there is none in ten years."""
        return self._nearest(moment, zone, 1)

    def _nearest(self, moment: datetime, zone: tzinfo, way: int) -> datetime | None:
        today = moment.astimezone(zone).date()
        for distance in range(-1, _YEARS):
            # Two days at a time: a clock that is put back at midnight shows the end of one after the begin of the next.
            days = (today + way * distance * _DAY, today + way * (distance + 1) * _DAY)
            found = [i for day in days for i in self._on(day, zone) if (i > moment if way > 0 else i <= moment)]
            if found:
                return min(found) if way > 0 else max(found)
        return None

    def _on(self, day: date, zone: tzinfo) -> Iterator[datetime]:
        """The moments of one day."""
        if not self.is_on(day):
            return
        for hour in self.hours:
            for minute in self.minutes:
                shown = datetime.combine(day, time(hour, minute))
                for fold in (0, 1):
                    instant = shown.replace(tzinfo=zone, fold=fold).astimezone(UTC)
                    back = instant.astimezone(zone)
                    if back.replace(tzinfo=None, fold=0) == shown and back.fold == fold:
                        yield instant


def cron(text: str) -> Cron:
    """The five fields. Raises ValueError for what is none, and for what is not read here (seconds, ``L``, ``#``)."""
    fields = text.lower().split()
    if len(fields) != 5:
        raise ValueError(f"{text!r} has {len(fields)} fields, not 5")
    minutes, hours, days, months, weekdays = fields
    return Cron(
        _field(minutes, 0, 59),
        _field(hours, 0, 23),
        _field(days, 1, 31),
        _field(_numbered(months, _MONTHS, 1), 1, 12),
        frozenset(day % 7 for day in _field(_numbered(weekdays, _WEEKDAYS, 0), 0, 7, most=7)),
    )


def _numbered(field: str, names: Sequence[str], low: int) -> str:
    numbers = {name: str(number) for number, name in enumerate(names, low)}
    return re.sub(r"\w+", lambda word: numbers.get(word.group(), word.group()), field)


def _field(field: str, low: int, high: int, most: int = 0) -> frozenset[int]:
    """``most``: how many values go round, where the highest means the lowest."""
    return frozenset(n for part in field.split(",") for n in _values(part, low, high, most or high - low + 1))


def _values(part: str, low: int, high: int, round_: int) -> Iterable[int]:
    base, slash, said = part.partition("/")
    found = _PART.fullmatch(base)
    step = int(said) if re.fullmatch(r"\d{1,2}", said) else 0
    if found is None or (slash and step < 1):
        raise ValueError(f"{part!r} is no value of a field")
    if found["all"]:
        return range(low, low + round_, step or 1)
    first = int(found["first"])
    last = int(found["last"] or (low + round_ - 1 if slash else first))
    if not (low <= first <= high and low <= last <= high):
        raise ValueError(f"{part!r} is not within {low} and {high}")
    end = last if last >= first else last + round_
    return ((n - low) % round_ + low for n in range(first, end + 1, step or 1))
