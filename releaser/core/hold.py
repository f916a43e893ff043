"""The hold: what was taken back stays out of an environment until its pin names other content. Pure.

A hold is no state of its own: it follows from the records. Taken back are a release that its delivery rolled back,
and what an emergency rollback says it ``holds``. The next release that holds nothing ends it.
"""

from __future__ import annotations

from collections.abc import Iterable

from releaser.core.record import Closed, Held, Outcome, Witness


def hold_of(witness: Witness) -> Held | None:
    """What is kept out, by the records: exactly this digest, in this environment."""
    return witness.hold


def hold_after(records: Iterable[tuple[Held | None, Closed | None]]) -> Held | None:
    """The hold that follows from the records of one sequence, newest first: what each says it ``holds``, and its last
    entry. No more are looked at than decide.

    A run that says what it holds means it from its first entry on: also when it was interrupted or failed half-way,
    no scheduled run puts back what it was taking away.
    """
    for holds, closed in records:
        if closed is not None and closed.outcome is Outcome.ROLLED_BACK:
            return Held(release=closed.record.release, release_digest=closed.record.release_digest, reason=_why(closed))
        if holds is not None:
            return holds
        if closed is not None and closed.outcome in (Outcome.RELEASED, Outcome.RETIRED):
            return None
    return None


def _why(closed: Closed) -> str:
    alarm = closed.delivery.get("alarm")
    return f"its delivery was rolled back by the alarm {alarm}" if alarm else "its delivery was rolled back"
