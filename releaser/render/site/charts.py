"""Scores over releases, drawn: one chart a metric, one line an environment, told apart by shape and by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from releaser.core.site import Series
from releaser.render.html import Markup, element, joined
from releaser.render.run_view import number
from releaser.render.site.parts import table

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 720, 220, 56, 14, 30
_SHAPES = 3


def charts(found: Sequence[Series]) -> Markup | None:
    """None when nothing was ever measured."""
    if not found:
        return None
    return joined(_chart(metric, list(lines)) for metric, lines in groupby(found, key=lambda s: s.metric))


def _chart(metric: str, lines: list[Series]) -> Markup:
    title = element("h3", metric)
    asked = next((s.bound for s in lines if s.bound), "")
    said = element("p", f"Asked: {asked}. Dashed in the chart.", class_="soft small") if asked else None
    region = element("div", _drawing(metric, lines), class_="drawn", tabindex="0", role="region", aria_label=metric)
    return joined(title, said, region, _values(metric, lines))


def _values(metric: str, lines: list[Series]) -> Markup:
    """The same as a table: for those who do not see the chart, and for copying."""
    releases = sorted({p.number for s in lines for p in s.points}, reverse=True)
    by = {(s.environment, p.number): number(p.value) for s in lines for p in s.points}
    head = ("release", *(s.environment for s in lines))
    rows = ((f"r{n}", *(by.get((s.environment, n), "") for s in lines)) for n in releases)
    return element("details", element("summary", "The values"), table(f"{metric} by release", head, rows))


def _drawing(metric: str, lines: list[Series]) -> Markup:
    bound = _bound(lines)
    values = [p.value for s in lines for p in s.points] + ([bound] if bound is not None else [])
    numbers = sorted({p.number for s in lines for p in s.points})
    scale = _Scale(numbers[0], numbers[-1], min(values), max(values))
    shapes = [*_grid(scale, numbers), *_limit(scale, bound)]
    for index, line in enumerate(lines):
        shapes += _line(scale, index % _SHAPES, line)
    shapes += _legend(lines)
    title = element("title", f"{metric} over releases: {'; '.join(_told(s) for s in lines)}")
    return element("svg", title, shapes, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", class_="chart")


def _told(line: Series) -> str:
    first, last = line.points[0], line.points[-1]
    ends = f"from {number(first.value)} ({first.release}) to {number(last.value)} ({last.release})"
    return f"in {line.environment} {ends}"


class _Scale:
    def __init__(self, first: int, last: int, low: float, high: float) -> None:
        room = (high - low) * 0.12 or abs(high) * 0.1 or 1.0
        self.first, self.last, self.low, self.high = first, last, low - room, high + room

    def x(self, release: int) -> float:
        share = (release - self.first) / (self.last - self.first) if self.last > self.first else 0.5
        return round(_LEFT + (_WIDTH - _LEFT - 16) * share, 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(_HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * share, 1)


def _grid(scale: _Scale, numbers: Sequence[int]) -> Iterator[Markup]:
    for step in range(5):
        value = scale.low + (scale.high - scale.low) * step / 4
        y = str(scale.y(value))
        yield element("line", x1=str(_LEFT), x2=str(_WIDTH - 8), y1=y, y2=y, class_="grid")
        yield element("text", f"{value:.3g}", x=str(_LEFT - 8), y=y, dy="4", text_anchor="end")
    every = max(1, -(-len(numbers) // 12))
    for n in numbers[::every]:
        yield element("text", f"r{n}", x=str(scale.x(n)), y=str(_HEIGHT - 10), text_anchor="middle")


def _bound(lines: Sequence[Series]) -> float | None:
    found = next((re.search(r"-?[0-9]+(?:\.[0-9]+)?$", s.bound) for s in lines if s.bound), None)
    return float(found[0]) if found else None


def _limit(scale: _Scale, bound: float | None) -> Iterator[Markup]:
    if bound is not None:
        y = str(scale.y(bound))
        yield element("line", x1=str(_LEFT), x2=str(_WIDTH - 8), y1=y, y2=y, class_="bound")


def _line(scale: _Scale, style: int, line: Series) -> Iterator[Markup]:
    places = [(scale.x(p.number), scale.y(p.value), p) for p in line.points]
    yield element("polyline", points=" ".join(f"{x},{y}" for x, y, _ in places), class_=f"line s{style}")
    for x, y, point in places:
        title = element("title", f"{point.release} in {line.environment}: {number(point.value)}")
        yield element("g", title, _marker(style, x, y), class_=f"m{style}")


def _marker(style: int, x: float, y: float) -> Markup:
    """A disc, a square, a triangle: told apart without colour."""
    if style == 0:
        return element("circle", cx=str(x), cy=str(y), r="3.5")
    if style == 1:
        return element("rect", x=str(round(x - 3.2, 1)), y=str(round(y - 3.2, 1)), width="6.4", height="6.4")
    return element("path", d=f"M{round(x, 1)} {round(y - 4.5, 1)}l4.4 8h-8.8z")


def _legend(lines: Sequence[Series]) -> Iterator[Markup]:
    x = _LEFT + 8.0
    for index, line in enumerate(lines):
        yield element("g", _marker(index % _SHAPES, x, _TOP), class_=f"m{index % _SHAPES}")
        yield element("text", line.environment, x=str(x + 9), y=str(_TOP + 4))
        x += 30 + 7 * len(line.environment)
