"""What is taken back, and which release one goes back to. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from releaser.core.garbage import is_of_gc
from releaser.core.record import Outcome
from releaser.core.timeline import Account

_CUT = re.compile(r"r[1-9][0-9]{0,8}")
_TRIED = ("open", Outcome.FAILED, Outcome.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class GoingBack:
    """``taken``: what is live, or was tried since and not finished. ``target``: what was live before it, None where
    nothing was."""

    taken: Account
    target: Account | None


def going_back(accounts: Iterable[Account], environment: str, use_case: str) -> GoingBack | None:
    """What a rollback takes back, and what it goes to: the newest release of other content that was not taken back.

    ``accounts``: records, in any order. A release that was cut off or failed half-way is what is taken back: nobody
    knows how much of it callers see, and what was live before it is the way out. None where nothing is live.
    """
    passed: set[str] = set()
    taken: Account | None = None
    for account in _newest_first(accounts, environment, use_case):
        opened, outcome = account.opened, account.outcome
        if opened.holds is not None:
            passed.add(opened.holds.release_digest)
        if outcome == Outcome.RETIRED:
            break
        if outcome == Outcome.ROLLED_BACK:
            passed.add(opened.release_digest)
        elif outcome == Outcome.RELEASED and taken is not None:
            if opened.release_digest not in passed and _CUT.fullmatch(opened.release):
                return GoingBack(taken, account)
        elif taken is None and (outcome == Outcome.RELEASED or _was_tried(account)):
            taken = account
            passed.add(opened.release_digest)
    return GoingBack(taken, None) if taken is not None else None


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
