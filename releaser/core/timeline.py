"""What happened, record by record, and what was live at a point in time. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, TypeVar

from releaser.core.entry import entry_name
from releaser.core.proof.files import FORMAT
from releaser.core.record import Closed, Opened, Outcome
from releaser.core.shape import plain


@dataclass(frozen=True, slots=True)
class Account:
    """One record; ``closed`` is None while it is open."""

    opened: Opened
    closed: Closed | None

    @property
    def outcome(self) -> str:
        return self.closed.outcome.value if self.closed else "open"

    @property
    def approvers(self) -> tuple[str, ...]:
        """Who agreed: to the merge request, then to the deployment; each once."""
        merged = self.opened.change.approvers if self.opened.change else ()
        deployed = self.closed.approvals if self.closed else ()
        return tuple(dict.fromkeys(a.by for a in (*merged, *deployed)))

    @property
    def merge_request(self) -> str:
        """``group/project!12``, or where it is; empty when the record does not know of one."""
        change = self.opened.change
        return (change.merge_request or change.link) if change else ""


DECIDES = (Outcome.RELEASED, Outcome.RETIRED)
"""Outcomes that say what is live from then on: this, or nothing. After any other, what was live before still is."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How and when one record of a sequence closed."""

    place: tuple[str, str]
    """Environment and use case."""
    seq: int
    outcome: str
    closed_at: datetime


T = TypeVar("T")


def live_of(endings: Iterable[tuple[Ending, T]], moment: datetime) -> list[T]:
    """What was live at that moment, at each place, sorted by places: what belongs to the ending that decides.

    By the time at which records closed, not by their number: a rollback made while the git server was away is
    numbered when it is pushed, and was live from when it was made.
    """
    decides: dict[tuple[str, str], tuple[Ending, T]] = {}
    for ending, what in endings:
        if ending.outcome not in DECIDES or ending.closed_at > moment:
            continue
        now = decides.get(ending.place)
        if now is None or (ending.closed_at, ending.seq) > (now[0].closed_at, now[0].seq):
            decides[ending.place] = (ending, what)
    return [
        what
        for _, (ending, what) in sorted(decides.items(), key=lambda item: item[0])
        if ending.outcome == Outcome.RELEASED
    ]


def live_at(accounts: Iterable[Account], moment: datetime) -> list[Account]:
    """The record that made what was live at that moment, for each environment and use case, sorted by both."""
    return live_of(((_ending(a, a.closed), a) for a in accounts if a.closed), moment)


def _ending(account: Account, closed: Closed) -> Ending:
    opened = account.opened
    return Ending((opened.environment, opened.use_case), opened.seq, closed.outcome, closed.closed_at)


def parse_moment(text: str, *, begin: bool = False) -> datetime:
    """A date (its last instant, or its first with ``begin``) or a time; UTC unless it names a zone. Raises
    ValueError."""
    if len(text) == len("2026-03-03"):
        return datetime.combine(datetime.fromisoformat(text).date(), time.min if begin else time.max, UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def account_json(account: Account) -> dict[str, Any]:
    """One item of ``history --output json``: what one asks for first, then both entries as they were written."""
    opened, closed = account.opened, account.closed
    return {
        "format": FORMAT,
        "id": opened.id,
        "folder": opened.ref.folder,
        "environment": opened.environment,
        "useCase": opened.use_case,
        "seq": opened.seq,
        "release": opened.release,
        "releaseDigest": opened.release_digest,
        "commit": opened.commit,
        "outcome": account.outcome,
        "verified": closed.verified if closed else False,
        "actor": opened.actor,
        "mergeRequest": account.merge_request,
        "approvedBy": list(account.approvers),
        "emergency": opened.emergency is not None,
        "openedAt": plain(opened.opened_at),
        "closedAt": plain(closed.closed_at) if closed else None,
        "entries": [{"format": FORMAT, "entry": entry_name(e), **plain(e)} for e in (opened, closed) if e is not None],
    }
