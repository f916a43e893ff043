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


def live_at(accounts: Iterable[Account], moment: datetime) -> list[Account]:
    """The record that made what was live at that moment, for each environment and use case, sorted by both.

    By the time at which records closed, not by their number: a rollback made while the git server was away is
    numbered when it is pushed, and was live from when it was made.
    """
    decides: dict[tuple[str, str], tuple[datetime, int, Account]] = {}
    for account in accounts:
        closed = account.closed
        if closed is None or closed.outcome not in DECIDES or closed.closed_at > moment:
            continue
        place = (account.opened.environment, account.opened.use_case)
        found = (closed.closed_at, account.opened.seq, account)
        if place not in decides or found[:2] > decides[place][:2]:
            decides[place] = found
    last = (decides[place][2] for place in sorted(decides))
    return [account for account in last if account.closed and account.closed.outcome is Outcome.RELEASED]


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
        "mergeRequest": account.merge_request,
        "approvedBy": list(account.approvers),
        "emergency": opened.emergency is not None,
        "openedAt": plain(opened.opened_at),
        "closedAt": plain(closed.closed_at) if closed else None,
        "entries": [{"format": FORMAT, "entry": entry_name(e), **plain(e)} for e in (opened, closed) if e is not None],
    }
