"""The first page: every use case in every environment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from releaser.core.site import Cell, State, release_number
from releaser.core.site_pages import Row
from releaser.render.html import Markup, element, joined, link
from releaser.render.site.parts import STATES, Frame, age, flags, framed, state, table

_ATTENTION: tuple[State, ...] = ("held", "failed", "open", "unverified")


def matrix_page(frame: Frame, environments: Sequence[str], rows: Sequence[Row]) -> str:
    """``index.html``."""
    body = (
        element("h1", frame.title),
        element("p", _sentence(environments, rows), class_="lead"),
        _attention(rows),
        element("h2", "Where everything stands", id="matrix"),
        _matrix(frame, environments, rows),
        _key(),
    )
    return framed(frame, frame.title, (), body)


def _sentence(environments: Sequence[str], rows: Sequence[Row]) -> str:
    if not rows:
        return "No use case has a manifest or a release yet."
    live = Counter(c.environment for r in rows for c in r.cells if c.release)
    listed = [f"{live[name]} in {name}" for name in environments]
    return f"{len(rows)} use cases, {sum(r.releases for r in rows):,} releases. Live now: {', '.join(listed)}."


def _attention(rows: Sequence[Row]) -> Markup | None:
    """What somebody should look at, before the whole."""
    found = [(row, cell) for row in rows for cell in row.cells if cell.state in _ATTENTION]
    if not found:
        return None
    found.sort(key=lambda item: _ATTENTION.index(item[1].state))
    items = (
        element(
            "li",
            state(cell.state),
            " ",
            link(row.subject.name, f"{row.subject.name}/index.html"),
            f" in {cell.environment}",
            f": {cell.said}" if cell.said and cell.state != "unverified" else None,
        )
        for row, cell in found
    )
    return joined(element("h2", "Needs a look"), element("ul", items, class_="attention"))


def _matrix(frame: Frame, environments: Sequence[str], rows: Iterable[Row]) -> Markup:
    lines = (
        (
            link(row.subject.name, f"{row.subject.name}/index.html"),
            row.subject.risk_tier or "not said",
            *(_cell(frame, row.subject.name, cell) for cell in row.cells),
        )
        for row in rows
    )
    caption = "Release, age and state of every use case in every environment"
    return table(caption, ("Use case", "Risk tier", *environments), lines, stacked=True, named="matrix")


def _cell(frame: Frame, use_case: str, cell: Cell) -> Markup:
    parts: list[Markup] = []
    if cell.release:
        parts.append(element("span", release_link(cell.release, f"{use_case}/"), class_="rel"))
    parts.append(state(cell.state))
    if cell.since is not None:
        parts.append(element("span", age(cell.since, frame.as_of), class_="soft small", title=f"{cell.since:%Y-%m-%d}"))
    return element("div", parts, flags(cell), class_="cell")


def release_link(release: str, folder: str = "") -> Markup:
    """A release with the way to its page; what no tag names has none."""
    return link(release, f"{folder}{release}.html") if release_number(release) else joined(release)


def _key() -> Markup:
    said = {
        "live": "the release is live and a new plan was empty afterwards",
        "unverified": "live, but nobody proved that the account is as git says",
        "held": "a release was taken back and is kept out",
        "open": "a run is under way, or waits for evidence",
        "failed": "the last try did not succeed; what was live before still is",
        "retired": "nothing is live any more",
        "none": "never released there",
    }
    items = (element("li", state(s), element("span", f": {said[s]}", class_="soft")) for s in STATES)
    return joined(element("h2", "What the words mean"), element("ul", items, class_="key"))
