"""What a record says of a run, its scores and the way back, as blocks of a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from releaser.core.change_facts import Approval, ChangeFacts
from releaser.core.record import Emergency
from releaser.core.run_facts import RunFacts
from releaser.core.scores import Score, Turn
from releaser.core.way_back import Way, WayBack
from releaser.render.document import Block, Bullet, Bullets, Callout, Heading, Inline, Paragraph, Span, Table, code

_SEGREGATION = {
    "checked": "approved by somebody who neither wrote nor committed it",
    "unenforced": "nobody approved it but those who made it",
    "unknown": "whether somebody else approved it is not known",
}
_TURNS: dict[Turn, str] = {
    "better": "▲ better",
    "worse": "▼ worse",
    "same": "= the same",
    "other": "changed",
    "first": "no earlier value",
}
_WAYS: dict[Way, str] = {
    "pointers": "It can be used: every version is still there, only pointers would move.",
    "rebuilt": "It can be used, but what is gone is made again from git first.",
    "closed": "It can no longer be used: its calls would fail.",
}


def run_view(run: RunFacts, title: str = "The run") -> Iterator[Block]:
    """Who, when, why, with whose agreement; an emergency and a hold stand out."""
    yield Heading(2, title)
    if run.emergency is not None:
        yield Callout(_emergency(run.emergency), ())
    if run.holds is not None:
        yield Callout(
            f"{run.holds.release} was taken back and is kept out until the pin names other content.",
            ((f"why: {run.holds.reason}",), ("content: ", code(f"sha256:{run.holds.release_digest}"))),
        )
    yield Bullets(tuple(Bullet(row) for row in _rows(run)))


def _emergency(found: Emergency) -> str:
    what = "An emergency rollback" if found.kind == "rollback" else "An emergency release, under a waiver"
    owner = f", owned by {found.owner}" if found.owner else ""
    until = f", until {found.until}" if found.until else ""
    return f"{what}{owner}{until}: {found.reason}"


def _rows(run: RunFacts) -> Iterator[Inline]:
    if run.outcome:
        checked = ", verified" if run.verified else ", not verified" if run.outcome == "released" else ""
        yield (f"Ended as {run.outcome}{checked}{_at(run.closed_at)}",)
    started: Inline = (f"Run by {run.actor}",) if run.actor else ()
    if started:
        yield (*started, _at(run.opened_at), *((", ", _link(run.trigger)) if run.trigger else ()))
    if run.commit:
        yield ("Content from commit ", code(run.commit[:12]))
    yield from _change(run.change) if run.change else iter(())
    yield _approvals(run.approvals)
    if run.change:
        yield (f"Separation of duties: {_SEGREGATION.get(run.change.segregation, run.change.segregation)}",)
    yield from (
        (f"Delivery {name}: {value}",) for name, value in run.delivery.items() if isinstance(value, str | int) and value
    )
    yield from ((f"Gate {gate}: {result}: {reason}",) for gate, result, reason in run.refused)


def _change(change: ChangeFacts) -> Iterator[Inline]:
    if change.merge_request:
        yield ("Merge request ", Span(change.merge_request, None, change.link), _at(change.merged_at, ", merged "))
    if change.author:
        others = [c for c in change.committers if c != change.author]
        yield (f"Author {change.author}" + (f", with commits by {', '.join(others)}" if others else ""),)
    if change.ticket:
        yield (f"Ticket {change.ticket}",)


def _approvals(found: Sequence[Approval]) -> Inline:
    if not found:
        return ("Approvals: none are on record",)
    return ("Approved by " + ", ".join(f"{a.by}{_at(a.at)}" for a in found),)


def _at(moment: datetime | None, before: str = " at ") -> str:
    return f"{before}{moment:%Y-%m-%d %H:%M} UTC" if moment else ""


def _link(trigger: str) -> Span:
    return Span(trigger, None, trigger)


def scores_view(found: Sequence[Score], previous: str) -> Iterator[Block]:
    """Scores against the release before, or that there are none."""
    yield Heading(2, "Scores")
    if not found:
        yield Paragraph(("Not evaluated: there is no evidence of scores for this release.",))
        return
    before = previous or "before"
    yield Table(
        "Scores against the release before",
        ("metric", "value", before, "", "asked"),
        tuple(
            (
                (s.name,),
                (number(s.value),),
                (number(s.before),) if s.before is not None else (),
                (_TURNS[s.turn],),
                (s.bound,),
            )
            for s in found
        ),
    )


def number(value: float) -> str:
    """Up to four significant digits, without an exponent where people read it."""
    return f"{value:.4g}" if abs(value) < 1e6 else f"{value:,.0f}"


def back_view(back: WayBack) -> Iterator[Block]:
    """Where a rollback would go, and whether it can."""
    yield Heading(2, "Way back")
    yield Paragraph((f"A rollback goes to {back.release}. {_WAYS[back.way]}",))
    items = [Bullet((reason,)) for reason in back.reasons]
    if not back.models_known:
        items.append(Bullet(("how its models stand was not asked here; `releaser rollback` asks AWS",)))
    if items:
        yield Bullets(tuple(items))
