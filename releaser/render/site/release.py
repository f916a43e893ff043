"""The page of one release: where it went, and its notes."""

from __future__ import annotations

from collections.abc import Iterator

from releaser.core.site import Event
from releaser.core.site_pages import ReleasePage, Subject
from releaser.render.document_html import html_of
from releaser.render.html import Child, Markup, element, joined, link
from releaser.render.notes_view import notes_view
from releaser.render.run_view import run_view
from releaser.render.site.parts import Frame, day, framed, minute, outcome, pairs, table


def release_page(frame: Frame, subject: Subject, found: ReleasePage) -> str:
    """``<use-case>/r12.html``."""
    title = f"{subject.name} {found.release}"
    body = (
        element("h1", title),
        pairs(_facts(found)),
        *_notes(found),
        element("h2", "Where it went"),
        _went(found),
        _runs(found),
        _neighbours(found),
    )
    trail = ((frame.title, "../index.html"), (subject.name, "index.html"))
    return framed(frame, found.release, trail, body, up="../")


def _facts(found: ReleasePage) -> Iterator[tuple[str, Child]]:
    if found.cut is not None:
        yield "Cut on", day(found.cut)
    yield "Commit", element("code", found.commit[:12])
    yield "Content", element("code", f"sha256:{found.digest[:16]}", title=f"sha256:{found.digest}")
    live = list(dict.fromkeys(e.environment for e in found.events if e.outcome == "released"))
    yield "Released in", ", ".join(live[::-1]) or "no environment yet"


def _notes(found: ReleasePage) -> Iterator[Markup]:
    if found.notes is None:
        text = f"The content of this release cannot be shown: {found.trouble}"
        yield element("aside", element("p", text), class_="callout")
        return
    yield html_of(notes_view(found.notes)[1:])


def _went(found: ReleasePage) -> Markup:
    if not found.events:
        return element("p", "It was cut, and no environment has a record of it.", class_="soft")
    head = ("When (UTC)", "Environment", "Ended as", "Replaced", "Risk")
    rows = ((minute(e.at), e.environment, outcome(e.outcome), e.replaced or "nothing", e.risk) for e in found.events)
    return table("Records of this release, newest first", head, rows)


def _runs(found: ReleasePage) -> Markup:
    """The newest run of each environment in full."""
    newest: dict[str, Event] = {}
    for event in found.events:
        newest.setdefault(event.environment, event)
    return joined(html_of(tuple(run_view(e.run, f"In {name}")), below=1) for name, e in newest.items())


def _neighbours(found: ReleasePage) -> Markup | None:
    older = link(f"← {found.older}", f"{found.older}.html") if found.older else ""
    newer = link(f"{found.newer} →", f"{found.newer}.html") if found.newer else ""
    if not older and not newer:
        return None
    return element("nav", element("span", older), element("span", newer), aria_label="Other releases", class_="around")
