"""What several pages show: the frame, states, dates, tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from releaser.core.site import Cell, State
from releaser.render.html import Child, Markup, element, joined, link, page

STATES: Mapping[State, tuple[str, str]] = {
    "live": ("●", "live"),
    "unverified": ("◐", "live, not verified"),
    "held": ("■", "held"),
    "open": ("◔", "under way"),
    "failed": ("▲", "last try failed"),
    "retired": ("○", "retired"),
    "none": ("–", "not released"),
}
"""Shape and word of each state."""

OUTCOMES: Mapping[str, tuple[str, State]] = {
    "released": ("●", "live"),
    "failed": ("▲", "failed"),
    "interrupted": ("▲", "failed"),
    "rolled-back": ("◀", "held"),
    "retired": ("○", "retired"),
    "open": ("◔", "open"),
}
"""How an ended run is shown; others as ``none``."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page of a site says of the site."""

    title: str
    as_of: date
    sources: tuple[tuple[str, str], ...]
    """What it was made from: name and commit."""


def framed(frame: Frame, title: str, trail: Sequence[tuple[str, str]], body: Child, up: str = "") -> str:
    """A whole page. ``trail``: name and address of the pages above; ``up``: how the site's top is reached from it."""
    whole = title if title == frame.title else f"{title} · {frame.title}"
    crumbs = [element("li", link(name, address)) for name, address in trail]
    here = element("li", element("span", title, aria_current="page"))
    nav = element("nav", element("ol", crumbs, here), class_="top", aria_label="You are here") if trail else None
    content = element(
        "div",
        element("a", "Skip to the content", href="#content", class_="skip"),
        nav,
        element("main", body, id="content", tabindex="-1"),
        _foot(frame),
        class_="page",
    )
    return page(whole, content, stylesheet=f"{up}style.css")


def _foot(frame: Frame) -> Markup:
    made = ", ".join(f"{name} {commit[:12]}" for name, commit in frame.sources)
    return element(
        "footer",
        element("p", "As of ", day(frame.as_of), f". Made from git alone: {made or 'no commits'}."),
        class_="foot",
    )


def state(of: State, word: str = "") -> Markup:
    """A state by shape and word."""
    shape, said = STATES[of]
    return element("span", element("span", shape, aria_hidden="true"), word or said, class_=f"state {of}")


def outcome(of: str) -> Markup:
    """How a run ended, by shape and word."""
    shape, looks = OUTCOMES.get(of, ("–", "none"))
    return element("span", element("span", shape, aria_hidden="true"), of, class_=f"state {looks}")


def day(moment: date | datetime) -> Markup:
    """A day."""
    return element("time", f"{moment:%Y-%m-%d}", datetime=f"{moment:%Y-%m-%d}")


def minute(moment: datetime) -> Markup:
    """A moment, to the minute, UTC."""
    return element("time", f"{moment:%Y-%m-%d %H:%M}", datetime=f"{moment:%Y-%m-%dT%H:%MZ}")


def age(since: datetime, as_of: date) -> str:
    """How long something has been so."""
    days = (as_of - since.date()).days
    return "today" if days <= 0 else "1 day" if days == 1 else f"{days} days"


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[Child]], *, stacked: bool = False, named: str = ""
) -> Markup:
    """A table; the first cell of a row is its header. It scrolls by itself where it is wider than the page, or, when
    ``stacked``, becomes a list of cards on a phone: roles keep it a table for those who hear it. ``named``: the id of
    the heading that says what it is."""
    role = _role if stacked else _no_role
    top = element(
        "tr", (element("th", name, scope="col", role=role("columnheader")) for name in head), role=role("row")
    )
    body = (
        element(
            "tr",
            element("th", row[0], scope="row", role=role("rowheader")),
            (
                element("td", _boxed(cell) if stacked else cell, role=role("cell"), data_of=name if stacked else None)
                for name, cell in zip(head[1:], row[1:], strict=True)
            ),
            role=role("row"),
        )
        for row in rows
    )
    inner = element(
        "table",
        element("caption", caption, class_="unseen"),
        element("thead", top, role=role("rowgroup")),
        element("tbody", body, role=role("rowgroup")),
        role=role("table"),
    )
    label = {"aria_labelledby": named} if named else {"aria_label": caption}
    return element("div", inner, class_="wide cards" if stacked else "wide", tabindex="0", role="region", **label)


def _boxed(cell: Child) -> Child:
    """One box beside the name of its column, however many pieces it has; nothing when there is nothing."""
    return element("div", shown) if (shown := joined(cell)) else None


def _role(name: str) -> str | None:
    return name


def _no_role(_: str) -> str | None:
    return None


def pairs(rows: Iterable[tuple[str, Child]]) -> Markup:
    """Facts with their names."""
    return element("dl", (element("div", element("dt", n), element("dd", v)) for n, v in rows), class_="facts")


def flags(cell: Cell) -> Markup:
    """What deserves a look though it works."""
    found = []
    if cell.risk in ("safety-weakening", "destructive"):
        found.append(element("span", element("span", "▼ ", aria_hidden="true"), cell.risk, class_="flag"))
    if cell.emergency:
        found.append(element("span", element("span", "⚡ ", aria_hidden="true"), "emergency", class_="flag"))
    return joined(found)
