"""The hold: what was taken back stays out of an environment until its pin names other content. Pure.

A hold is no state of its own: it follows from the records. Taken back are a release that its delivery rolled back,
and what an emergency rollback says it ``holds``. The next release that holds nothing ends them all.
"""

from __future__ import annotations

from collections.abc import Iterable

from releaser.core.record import Closed, Held, Opened, Outcome, Witness


def held_of(witness: Witness | None, digest: str) -> Held | None:
    """Why exactly this content is kept out of an environment, by the records; None when it is not."""
    return next((h for h in witness.holds if h.release_digest == digest), None) if witness is not None else None


def holds_after(records: Iterable[tuple[Held | None, Closed | None]]) -> tuple[Held, ...]:
    """The holds that follow from the records of one sequence, newest first: what each says it ``holds``, and its last
    entry. No more are looked at than decide.

    One way back after another adds to what is held. A run that says what it holds means it from its first entry on:
    also when it was interrupted or failed half-way, no scheduled run puts back what it was taking away. What somebody
    went back to on purpose is not held any more.
    """
    found: dict[str, Held] = {}
    wanted: set[str] = set()
    for holds, closed in records:
        held = _rolled_back(closed) or holds
        if held is not None and held.release_digest not in wanted:
            found.setdefault(held.release_digest, held)
        if closed is not None and closed.outcome is Outcome.RELEASED:
            wanted.add(closed.record.release_digest)
        if holds is None and closed is not None and closed.outcome in (Outcome.RELEASED, Outcome.RETIRED):
            break
    return tuple(found.values())


def _rolled_back(closed: Closed | None) -> Held | None:
    if closed is None or closed.outcome is not Outcome.ROLLED_BACK:
        return None
    return Held(release=closed.record.release, release_digest=closed.record.release_digest, reason=_why(closed))


def taken_back(records: Iterable[tuple[Opened, Closed | None]], digest: str) -> Held | None:
    """Why content was taken back since it was released last, also where another release has ended the hold. None where
    it was not. ``records``: of one sequence, newest first."""
    for opened, closed in records:
        held = _rolled_back(closed) or opened.holds
        if held is not None and held.release_digest == digest:
            return held
        if closed is not None and closed.outcome is Outcome.RELEASED and opened.release_digest == digest:
            return None
    return None


def is_overtaken(opened: Opened, closed: Closed, other: Closed) -> bool:
    """Whether a way back that waited for the git server ended before another release that it did not know of.

    Not by the clock alone: clocks differ, and what went back from the other release has come after it.
    """
    return closed.closed_at < other.closed_at and opened.previous_release != other.record.release


def gone_by(records: Iterable[tuple[Opened, Closed | None]], digest: str) -> tuple[str, ...]:
    """The commits whose pins asked for content until it was taken back: those that the run which took it back, and the
    runs that had brought it, went by. ``records``: of one sequence, newest first. All that brought it, where no record
    says that it was taken back: that one has not arrived yet."""
    rows = list(records)
    last = next((i for i, (opened, closed) in enumerate(rows) if _takes_back(opened, closed, digest)), 0)
    ours = [o for i, (o, _) in enumerate(rows[last:]) if o.release_digest == digest or (i == 0 and o.holds)]
    return tuple(dict.fromkeys(o.ref.judged_at for o in ours))


def _takes_back(opened: Opened, closed: Closed | None, digest: str) -> bool:
    if opened.holds is not None and opened.holds.release_digest == digest:
        return True
    return closed is not None and closed.outcome is Outcome.ROLLED_BACK and opened.release_digest == digest


def _why(closed: Closed) -> str:
    alarm = closed.delivery.get("alarm")
    return f"its delivery was rolled back by the alarm {alarm}" if alarm else "its delivery was rolled back"
