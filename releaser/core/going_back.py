"""Which release one goes back to. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from releaser.core.record import Outcome
from releaser.core.timeline import Account

_CUT = re.compile(r"r[1-9][0-9]{0,8}")


def goes_back_to(accounts: Iterable[Account], environment: str, use_case: str) -> Account | None:
    """What was live before what is live, in one environment: the newest release of other content that was not taken
    back. ``accounts``: every record. None where there is none, or nothing is live."""
    own = [a for a in accounts if (a.opened.environment, a.opened.use_case) == (environment, use_case)]
    passed: set[str] = set()
    live = ""
    for account in sorted(own, key=lambda a: a.opened.seq, reverse=True):
        opened = account.opened
        if opened.holds is not None:
            passed.add(opened.holds.release_digest)
        match account.outcome:
            case Outcome.RETIRED if not live:
                return None
            case Outcome.ROLLED_BACK:
                passed.add(opened.release_digest)
            case Outcome.RELEASED if not live:
                live = opened.release_digest
                passed.add(live)
            case Outcome.RELEASED if opened.release_digest not in passed and _CUT.fullmatch(opened.release):
                return account
            case _:
                pass
    return None


def live_in(accounts: Iterable[Account], environment: str, use_case: str) -> Account | None:
    """The record that made what is live there."""
    own = [a for a in accounts if (a.opened.environment, a.opened.use_case) == (environment, use_case)]
    for account in sorted(own, key=lambda a: a.opened.seq, reverse=True):
        if account.outcome == Outcome.RETIRED:
            return None
        if account.outcome == Outcome.RELEASED:
            return account
    return None
