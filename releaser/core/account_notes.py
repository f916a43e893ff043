"""What a record adds to the notes of a release: what it made of each resource, scores, risk, the run. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from releaser.core.address import Address
from releaser.core.kind import REMOVAL, Verb
from releaser.core.notes import Happened
from releaser.core.plan import Risk
from releaser.core.record import Opened, Outcome
from releaser.core.run_facts import run_facts
from releaser.core.scores import scores
from releaser.core.timeline import Account
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


def _verbs(opened: Opened) -> dict[Address, frozenset[str]]:
    found: dict[Address, frozenset[str]] = {}
    for step in opened.steps:
        if step.verb not in _REMOVES:
            found[step.address] = found.get(step.address, frozenset()) | {step.verb}
    return found


def _risk(word: str) -> Risk:
    return Risk(word) if word in tuple(Risk) else Risk.NONE


def released_before(account: Account, accounts: Sequence[Account], *, other: bool = False) -> Account | None:
    """The record of what was live before this one, among those of one sequence; ``other``: of other content."""
    digest = account.opened.release_digest
    earlier = (a for a in accounts if a.opened.seq < account.opened.seq and a.outcome == Outcome.RELEASED)
    fitting = (a for a in earlier if not other or a.opened.release_digest != digest)
    return max(fitting, key=lambda a: a.opened.seq, default=None)
