"""What is taken back, and which release one goes back to. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from releaser.core.garbage import is_of_gc
from releaser.core.record import Outcome, is_older
from releaser.core.timeline import DECIDES, Account

_CUT = re.compile(r"r[1-9][0-9]{0,8}")
_TRIED = ("open", Outcome.FAILED, Outcome.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class GoingBack:
    """``taken``: what is live, or was tried since and not finished; or the retirement after which nothing is live.
    ``target``: what was live before it, None where nothing was that one goes back to without being told to."""

    taken: Account
    target: Account | None
    gone: Mapping[str, Account]
    """Digest of what was taken back here since it was released last -> the record that did it."""

    @property
    def is_of_retirement(self) -> bool:
        return self.taken.outcome == Outcome.RETIRED

    @property
    def is_done(self) -> bool:
        """Whether what is live is itself the way back from something."""
        return self.taken.outcome == Outcome.RELEASED and any(by is self.taken for by in self.gone.values())


def going_back(accounts: Iterable[Account], environment: str, use_case: str) -> GoingBack | None:
    """What a rollback takes back, and what it goes to: the newest release of other content that was not taken back.

    ``accounts``: records, in any order. A release that was cut off or failed half-way is what is taken back: nobody
    knows how much of it callers see, and what was live before it is the way out. After a retirement one goes back to
    what was live until then. None where nothing was ever live or tried.
    """
    rows = _newest_first(accounts, environment, use_case)
    gone = _gone(rows)
    taken: Account | None = None
    for account in rows:
        outcome = account.outcome
        if taken is None:
            taken = account if outcome in DECIDES or _was_tried(account) else None
        elif outcome == Outcome.RETIRED:
            break  # nothing was live before
        elif outcome == Outcome.RELEASED and _is_way(account, taken, gone):
            return GoingBack(taken, account, gone)
    return GoingBack(taken, None, gone) if taken is not None else None


def _is_way(account: Account, taken: Account, gone: Mapping[str, Account]) -> bool:
    content = account.opened.release_digest
    is_other = taken.outcome == Outcome.RETIRED or content != taken.opened.release_digest
    return is_other and content not in gone and bool(_CUT.fullmatch(account.opened.release))


def _gone(newest_first: Iterable[Account]) -> dict[str, Account]:
    """What was taken back, and by which record: by an emergency, by its delivery, or by going back from it to an older
    release. The newest that is said of a content counts: released again, it is not taken back any more."""
    found: dict[str, Account | None] = {}
    after: Account | None = None
    for account in newest_first:
        opened, outcome = account.opened, account.outcome
        if opened.holds is not None:
            found.setdefault(opened.holds.release_digest, account)
        if outcome == Outcome.ROLLED_BACK:
            found.setdefault(opened.release_digest, account)
        elif outcome == Outcome.RELEASED:
            found.setdefault(opened.release_digest, after if after and _went_back(account, after) else None)
        if outcome in DECIDES:
            after = account
    return {content: by for content, by in found.items() if by is not None}


def _went_back(before: Account, after: Account) -> bool:
    return after.outcome == Outcome.RELEASED and is_older(after.opened.release, before.opened.release)


def said_by(record: Account) -> str:
    """When and by which record something was done: ``on 2026-03-03 12:00 UTC (record prod/mail/0003-r1)``."""
    return f"on {_when(record)[0]:%Y-%m-%d %H:%M} UTC (record {record.opened.ref.folder})"


def _was_tried(account: Account) -> bool:
    opened = account.opened
    return account.outcome in _TRIED and opened.holds is None and bool(opened.steps) and not is_of_gc(opened)


def live_in(accounts: Iterable[Account], environment: str, use_case: str) -> Account | None:
    """The record that made what is live there."""
    for account in _newest_first(accounts, environment, use_case):
        if account.outcome == Outcome.RETIRED:
            return None
        if account.outcome == Outcome.RELEASED:
            return account
    return None


def _newest_first(accounts: Iterable[Account], environment: str, use_case: str) -> list[Account]:
    """By when they ended: a record that waited for the git server has a later number than its time."""
    own = [a for a in accounts if (a.opened.environment, a.opened.use_case) == (environment, use_case)]
    return sorted(own, key=_when, reverse=True)


def _when(account: Account) -> tuple[datetime, int]:
    return account.closed.closed_at if account.closed else account.opened.opened_at, account.opened.seq
