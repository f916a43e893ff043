"""What a record adds to the notes of a release: what it made of each resource, scores, risk, the run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from releaser.core.address import Address
from releaser.core.kind import REMOVAL, Verb
from releaser.core.notes import Happened
from releaser.core.plan import Risk, worst
from releaser.core.record import Opened, Outcome
from releaser.core.run_facts import run_facts
from releaser.core.scores import Score, scores
from releaser.core.timeline import DECIDES, Account
from releaser.core.way_back import WayBack

_REMOVES = REMOVAL | {Verb.PRUNE}


def happened_in(account: Account, before: Account | None, back: WayBack | None = None) -> Happened:
    """What a record has. ``before``: the record of what was live until then."""
    opened, closed = account.opened, account.closed
    was = before.closed if before else None
    return Happened(
        environment=opened.environment,
        bindings=closed.bindings if closed and closed.outcome is Outcome.RELEASED else {},
        before=was.bindings if was else {},
        verbs=_verbs(opened),
        processed_in={r for regions in closed.facts.processing.values() for r in regions} if closed else (),
        risk=_risk(opened.risk),
        scores=scores(closed.verdicts if closed else (), was.verdicts if was else ()),
        run=run_facts(opened, closed),
        back=back,
    )


def seen_of(release: str, before: str, accounts: Mapping[str, Sequence[Account]]) -> Happened:
    """What all records of a release have of its content, wherever it went: its risk, where data may be processed, and
    its scores from the last environment that measured them, against those of ``before`` there. ``accounts``:
    environment -> records of the use case, newest first."""
    own = [a for rows in accounts.values() for a in rows if a.opened.release == release and a.closed is not None]
    own.sort(key=lambda a: a.opened.opened_at)
    regions = {r for a in own if a.closed for found in a.closed.facts.processing.values() for r in found}
    found: tuple[Score, ...] = ()
    for account in own:
        there = accounts[account.opened.environment]
        was = next((a.closed for a in there if a.opened.release == before and a.closed is not None), None)
        now = account.closed
        found = scores(now.verdicts if now else (), was.verdicts if was else ()) or found
    return Happened(risk=worst(_risk(a.opened.risk) for a in own), processed_in=regions, scores=found)


def _verbs(opened: Opened) -> dict[Address, frozenset[str]]:
    found: dict[Address, frozenset[str]] = {}
    for step in opened.steps:
        if step.verb not in _REMOVES:
            found[step.address] = found.get(step.address, frozenset()) | {step.verb}
    return found


def _risk(word: str) -> Risk:
    return Risk(word) if word in tuple(Risk) else Risk.NONE


def released_before(account: Account, accounts: Iterable[Account]) -> Account | None:
    """The record of what was live before this one, among those of one sequence; None after a retirement. By the time
    at which they closed: what was done while the git server was away is numbered later."""
    earlier = [a for a in accounts if a.closed and a.closed.outcome in DECIDES and _moment(a) < _moment(account)]
    latest = max(earlier, key=_moment, default=None)
    return latest if latest is not None and latest.outcome == Outcome.RELEASED else None


def _moment(account: Account) -> tuple[datetime, int]:
    closed = account.closed
    return (closed.closed_at if closed else datetime.max.replace(tzinfo=UTC), account.opened.seq)
