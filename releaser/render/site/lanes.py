"""What was live when, drawn: one lane an environment, one bar a release. The table beside it says the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from releaser.core.site import Stretch
from releaser.render.html import Markup, element

_LEFT, _WIDTH, _LANE, _TOP = 96, 960, 38, 8


def lanes(use_case: str, found: Mapping[str, Sequence[Stretch]], as_of: date) -> Markup | None:
    """None when nothing was ever live."""
    starts = [s.start for rows in found.values() for s in rows]
    if not starts:
        return None
    scale = _Scale(min(starts), as_of)
    height = _TOP + _LANE * len(found) + 26
    shapes = [
        *_ticks(scale, height),
        *(shape for i, (name, rows) in enumerate(found.items()) for shape in _lane(scale, i, name, rows)),
    ]
    title = element("title", f"When which release of {use_case} was live, by environment")
    drawing = element("svg", title, shapes, viewBox=f"0 0 {_WIDTH} {height}", role="img", class_="long")
    return element("div", drawing, class_="drawn", tabindex="0", role="region", aria_label="Releases over time")


class _Scale:
    """Moments to places from left to right."""

    def __init__(self, first: datetime, as_of: date) -> None:
        self.first = first
        self.last = max(datetime(as_of.year, as_of.month, as_of.day, tzinfo=first.tzinfo) + timedelta(days=1), first)
        self.span = max((self.last - first).total_seconds(), 86_400.0)

    def x(self, moment: datetime | None) -> float:
        at = min(max(moment or self.last, self.first), self.last)
        return round(_LEFT + (_WIDTH - _LEFT - 4) * (at - self.first).total_seconds() / self.span, 1)


def _ticks(scale: _Scale, height: int) -> Iterator[Markup]:
    """The first of a month, as many as have room."""
    months = list(_months(scale.first, scale.last))
    every = max(1, -(-len(months) // 12))
    for moment in months[::every]:
        x = scale.x(moment)
        yield element("line", x1=str(x), x2=str(x), y1=str(_TOP), y2=str(height - 20), class_="grid")
        if x < _WIDTH - 50:
            yield element("text", f"{moment:%b %Y}", x=str(x + 3), y=str(height - 6))


def _months(first: datetime, last: datetime) -> Iterator[datetime]:
    year, month = first.year, first.month
    while True:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        at = datetime(year, month, 1, tzinfo=first.tzinfo)
        if at > last:
            return
        yield at


def _lane(scale: _Scale, index: int, name: str, rows: Sequence[Stretch]) -> Iterator[Markup]:
    top = _TOP + _LANE * index
    shown = name if len(name) <= 12 else f"{name[:11]}…"
    yield element("text", shown, x="0", y=str(top + 21), class_="name")
    for number, row in enumerate(rows):
        left, right = scale.x(row.start), scale.x(row.end)
        width = round(max(right - left, 1.5), 1)
        now = row.end is None
        until = f"since {row.start:%Y-%m-%d}" if now else f"{row.start:%Y-%m-%d} to {row.end:%Y-%m-%d}"
        bar = element(
            "rect",
            x=str(left),
            y=str(top + 4),
            width=str(width),
            height=str(_LANE - 12),
            rx="3",
            class_="now" if now else "ab"[number % 2],
        )
        label = (
            element("text", row.release, x=str(left + 4), y=str(top + 21), class_="in now" if now else "in")
            if width > 9 * len(row.release)
            else None
        )
        yield element("g", element("title", f"{row.release} in {name}, {until}"), bar, label)
