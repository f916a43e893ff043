"""May this release go there? One answer for the command that promotes and for the gate before the first write. Pure.

A pinned release is let into an environment when its content was released and verified in the environment before
(``promotesFrom``), was released here before, is what is live, or has a waiver. Content is told by digest: a tag of
another name with the same content is the same release.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from releaser.core.environment import Environment
from releaser.core.going_back import live_in
from releaser.core.hold import taken_back
from releaser.core.pin import Pinned
from releaser.core.record import Outcome
from releaser.core.timeline import Account


class Ground(StrEnum):
    """Why a release may go there."""

    LIVE = "it is live"
    BEFORE = "it was released here before"
    VERIFIED = "it was released and verified in the environment before"
    WAIVED = "a waiver lets it ahead"
    UNCONDITIONAL = "the environment names no environment before it"


@dataclass(frozen=True, slots=True)
class Passage:
    """Let in: why, and the record that proves it (None without one)."""

    ground: Ground
    proof: Account | None = None

    @property
    def is_emergency(self) -> bool:
        """Whether nothing but a waiver lets it in."""
        return self.ground is Ground.WAIVED


@dataclass(frozen=True, slots=True)
class Denied:
    """Not let in: an error in the catalogue, one sentence, what to do."""

    code: str
    reason: str
    hint: str


def passage(pin: Pinned, environment: Environment, accounts: Iterable[Account], today: date) -> Passage | Denied:
    """``accounts``: every record of the use case, in whatever environment; others are passed over."""
    own = [a for a in accounts if a.opened.use_case == pin.use_case]
    here = _closed(own, environment.name)
    live = live_in(own, environment.name, pin.use_case)
    if live is not None and live.opened.release_digest == pin.digest:
        return Passage(Ground.LIVE, live)
    if same := [a for a in here if a.opened.release_digest == pin.digest]:
        return Passage(Ground.BEFORE, same[0])
    before = environment.spec.promotesFrom
    if before is None:
        return Passage(Ground.UNCONDITIONAL)
    there = _before(pin, before, own)
    if isinstance(there, Passage) or pin.waiver is None:
        return there
    if pin.waiver.until < today:
        reason = f"{there.reason}, and the waiver of {pin.waiver.owner} ended on {pin.waiver.until}"
        return Denied("P302", reason, "promote what was verified there; or give the waiver another day and a reason")
    return Passage(Ground.WAIVED)


def _before(pin: Pinned, before: str, own: list[Account]) -> Passage | Denied:
    """What the environment before says of this content."""
    name = f"{pin.use_case} {pin.release} (sha256:{pin.digest[:12]})"
    there = [a for a in _newest_first(own) if a.opened.environment == before]
    held = taken_back(((a.opened, a.closed) for a in there), pin.digest)
    tried = [a for a in there if a.opened.release_digest == pin.digest]
    released = [a for a in tried if a.outcome == Outcome.RELEASED]
    verified = next((a for a in released if a.closed is not None and a.closed.verified), None)
    hint = f"let `releaser reconcile -e {before}` finish with it; an emergency needs `waiver:` in the pin"
    if released and held is not None:
        said = f"{name} was taken back in {before}: {held.reason}"
        return Denied(
            "P303", said, "fix what is wrong with it and release that; an emergency needs `waiver:` in the pin"
        )
    if verified is not None:
        return Passage(Ground.VERIFIED, verified)
    if released:
        return Denied("P301", f"{name} was released in {before} and not verified there", hint)
    if tried:
        last = tried[0].outcome
        fix = "fix what is wrong with it and release that under a new number; an emergency needs `waiver:` in the pin"
        is_bad = held is not None or last == Outcome.ROLLED_BACK
        said = f"{name} was tried in {before} and never released there: {last}"
        return Denied("P300", said, fix if is_bad else hint)
    first = f"`releaser promote {pin.use_case} --to {before} --release {pin.release}` first"
    said = f"{first}, or merge it where {before} follows a branch; an emergency needs `waiver:` in the pin"
    return Denied("P300", f"{name} was never released in {before}", said)


def _closed(own: list[Account], environment: str) -> list[Account]:
    """The releases of one environment, newest first."""
    return [a for a in _newest_first(own) if a.opened.environment == environment and a.outcome == Outcome.RELEASED]


def _newest_first(accounts: Iterable[Account]) -> list[Account]:
    return sorted(accounts, key=lambda a: (a.opened.opened_at, a.opened.seq), reverse=True)
