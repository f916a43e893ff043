"""How the scores of a metric are spread over the cases, the candidate beside the baseline, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from releaser.core.evaluation.judgement import MetricVerdict
from releaser.render.evaluation.words import value
from releaser.render.html import Markup, element

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM, _BINS = 720, 180, 40, 24, 26, 12

STYLE = """
.drawn{overflow-x:auto}
svg.spread{width:100%;max-width:45rem;height:auto;min-width:28rem}
svg.spread text{fill:var(--ink);font-size:11px}
svg.spread .now{fill:var(--accent)}
svg.spread .then{fill:none;stroke:var(--ink);stroke-width:1.5}
svg.spread .limit{stroke:var(--bad);stroke-dasharray:5 4}
svg.spread .axis{stroke:var(--line)}
"""


def drawing(found: MetricVerdict, name: str) -> Markup | None:
    """Filled bars: the candidate; outlined ones: the baseline. None where there is nothing to draw."""
    now, then = found.scores, found.baseline_scores
    if not now:
        return None
    unit = found.threshold.unit
    limit = found.threshold.floor if found.threshold.floor is not None else found.threshold.ceiling
    low, high = _range((*now, *then), unit, limit)
    counts, before = _counts(now, low, high), _counts(then, low, high)
    most = max((*counts, *before, 1))
    shapes = [*_bars(counts, most, "now", 0), *_bars(before, most, "then", 1), *_axis(low, high, most, unit)]
    if limit is not None:
        x = str(_x((limit - low) / (high - low)))
        shapes.append(element("line", x1=x, x2=x, y1=str(_TOP), y2=str(_HEIGHT - _BOTTOM), class_="limit"))
    told = f"Scores of {name}: {len(now)} cases now" + (f", {len(then)} before" if then else "")
    title = element("title", told)
    return element("svg", title, shapes, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", class_="spread")


def _range(values: Sequence[float], unit: str, limit: float | None) -> tuple[float, float]:
    if unit == "share":
        return 0.0, 1.0
    shown = (*values, limit) if limit is not None else values
    low, high = min(shown), max(shown)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _counts(values: Sequence[float], low: float, high: float) -> list[int]:
    found = [0] * _BINS
    for score in values:
        found[max(0, min(_BINS - 1, int((score - low) / (high - low) * _BINS)))] += 1
    return found


def _x(share: float) -> float:
    return round(_LEFT + (_WIDTH - _LEFT - 16) * share, 1)


def _bars(counts: Sequence[int], most: int, name: str, side: int) -> Iterator[Markup]:
    room = (_WIDTH - _LEFT - 16) / _BINS
    for at, count in enumerate(counts):
        if count:
            height = round((_HEIGHT - _BOTTOM - _TOP) * count / most, 1)
            yield element(
                "rect",
                element("title", f"{count} cases"),
                x=str(round(_x(at / _BINS) + 3 + side * room * 0.45, 1)),
                y=str(round(_HEIGHT - _BOTTOM - height, 1)),
                width=str(round(room * 0.42, 1)),
                height=str(height),
                class_=name,
            )


def _axis(low: float, high: float, most: int, unit: str) -> Iterator[Markup]:
    y = str(_HEIGHT - _BOTTOM)
    yield element("line", x1=str(_LEFT), x2=str(_WIDTH - 16), y1=y, y2=y, class_="axis")
    for share in (0.0, 0.5, 1.0):
        text = value(low + (high - low) * share, unit)
        yield element("text", text, x=str(_x(share)), y=str(_HEIGHT - 8), text_anchor="middle")
    yield element("text", str(most), x=str(_LEFT - 6), y=str(_TOP + 8), text_anchor="end")
    yield element("rect", x=str(_LEFT + 8), y="4", width="10", height="10", class_="now")
    yield element("text", "candidate", x=str(_LEFT + 22), y="13")
    yield element("rect", x=str(_LEFT + 98), y="4", width="10", height="10", class_="then")
    yield element("text", "baseline", x=str(_LEFT + 112), y="13")
