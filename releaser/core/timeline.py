"""What happened, record by record, and what was live at a point in time. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

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


def live_at(accounts: Iterable[Account], moment: datetime) -> list[Account]:
    """The record that made what was live at that moment, for each environment and use case, sorted by both."""
    live: dict[tuple[str, str], tuple[datetime, int, Account]] = {}
    for account in accounts:
        closed = account.closed
        if closed is None or closed.outcome is not Outcome.RELEASED or closed.closed_at > moment:
            continue
        place = (account.opened.environment, account.opened.use_case)
        found = (closed.closed_at, account.opened.seq, account)
        if place not in live or found[:2] > live[place][:2]:
            live[place] = found
    return [live[place][2] for place in sorted(live)]


def parse_moment(text: str) -> datetime:
    """A date (its last instant) or a time; UTC unless it names a zone. Raises ValueError."""
    if len(text) == len("2026-03-03"):
        return datetime.combine(datetime.fromisoformat(text).date(), time.max, UTC)
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
        "openedAt": plain(opened.opened_at),
        "closedAt": plain(closed.closed_at) if closed else None,
        "entries": [{"format": FORMAT, "entry": entry_name(e), **plain(e)} for e in (opened, closed) if e is not None],
    }
