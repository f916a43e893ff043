"""The page of one use case: where it stands, what was live when, its scores, releases and records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from releaser.core.kind import Effect
from releaser.core.note_sections import Note
from releaser.core.notes_summary import opening
from releaser.core.site import Cell, Event
from releaser.core.site_pages import ReleasePage, UseCasePage
from releaser.render.html import Child, Markup, element, joined, link
from releaser.render.notes_view import sentence
from releaser.render.site.charts import charts
from releaser.render.site.lanes import lanes
from releaser.render.site.matrix import release_link
from releaser.render.site.parts import Frame, age, day, flags, framed, minute, outcome, pairs, state, table

_STANDS = ("Environment", "Release", "State", "Since", "Worth knowing")


def use_case_page(frame: Frame, found: UseCasePage) -> str:
    """``<use-case>/index.html``."""
    subject = found.row.subject
    drawn, measured = lanes(subject.name, found.lanes, frame.as_of), charts(found.series)
    body = (
        element("h1", subject.name),
        element("p", subject.description, class_="lead") if subject.description else None,
        pairs(_facts(found)),
        element("h2", "Where it stands"),
        table("State by environment", _STANDS, _cells(frame, found.row.cells), stacked=True),
        joined(element("h2", "What was live when"), drawn) if drawn else None,
        joined(element("h2", "Scores over releases"), measured) if measured else None,
        element("h2", "Releases"),
        _releases(found),
        element("h2", "Every record"),
        _events(found.events),
    )
    return framed(frame, subject.name, ((frame.title, "../index.html"),), body, up="../")


def _facts(found: UseCasePage) -> Iterator[tuple[str, Child]]:
    subject = found.row.subject
    yield "Owner", subject.owner or "not said"
    yield "Risk tier", subject.risk_tier or "not said"
    yield "Most sensitive data", subject.data or "not said"
    yield "Releases", str(found.row.releases)


def _cells(frame: Frame, cells: Sequence[Cell]) -> Iterator[Sequence[Child]]:
    for cell in cells:
        since = joined(day(cell.since), f" ({age(cell.since, frame.as_of)})") if cell.since else ""
        said = element("span", cell.said, class_="soft") if cell.said and cell.state != "unverified" else None
        shown = release_link(cell.release) if cell.release else ""
        yield cell.environment, shown, state(cell.state), since, joined(flags(cell), said)


def _releases(found: UseCasePage) -> Markup:
    if not found.releases:
        return element("p", "No release has been cut yet.", class_="soft")
    live: dict[str, list[str]] = {}
    for cell in found.row.cells:
        live.setdefault(cell.release, []).append(cell.environment)
    rows = (
        (release_link(r.release), day(r.cut) if r.cut else "", _changes(r), ", ".join(live.get(r.release, [])))
        for r in found.releases
    )
    return table("Releases, newest first", ("Release", "Cut on", "What changes", "Live in"), rows)


_TURNS: tuple[tuple[Effect, str], ...] = (("weaker", "▼ weaker"), ("stronger", "▲ stronger"))


def _changes(found: ReleasePage) -> Markup:
    """One line, and what protects less or more."""
    notes = found.notes
    if notes is None:
        return element("span", found.trouble, class_="soft")
    turned = [(effect, mark, notes.of_effect(effect)) for effect, mark in _TURNS]
    lines = (
        element(
            "div", element("span", mark, class_=f"mark {effect}"), _first(told, notes.withholds_texts), class_="small"
        )
        for effect, mark, told in turned
        if told
    )
    return joined(opening(notes), lines)


def _first(told: Sequence[Note], withholds: bool) -> str:
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    return f" {sentence(told[0], withholds)}{more}"


def _events(found: Sequence[Event]) -> Markup:
    if not found:
        return element("p", "There is no record yet.", class_="soft")
    head = ("When (UTC)", "Environment", "Release", "Ended as", "Change", "By", "Approved by")
    return table("Records, newest first", head, (_event(e) for e in found))


def _event(found: Event) -> Sequence[Child]:
    run = found.run
    special = "emergency" if run.emergency else ""
    change = run.change
    request: Child = link(change.merge_request, change.link) if change and change.merge_request else ""
    return (
        minute(found.at),
        found.environment,
        release_link(found.release),
        joined(outcome(found.outcome), element("div", f"⚡ {special}", class_="flag") if special else None),
        request,
        run.actor,
        ", ".join(dict.fromkeys(a.by for a in run.approvals)) or "nobody on record",
    )
