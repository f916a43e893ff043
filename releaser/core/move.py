"""A move of pins as it is proposed: what would be live instead of what, why it may, who should look. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from releaser.core.pin import RETIRED, Pinned, Retire
from releaser.core.shape import OPTIONAL, plain, schema
from releaser.core.timeline import Account

FORMAT = "releaser.proposal/v1"
NOTHING = ""
Verb = Literal["promote", "rollback", "retire"]
_TITLES = {"promote": "Promote {what} to {where}", "rollback": "Roll back {what} in {where}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The record that lets a release in."""

    environment: str
    folder: str
    id: str
    commit: str
    at: datetime
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Somebody who should look before this is merged, and why."""

    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyWaiver:
    """Lets a release ahead of the environment before."""

    owner: str
    until: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One use case's pin before and after. Releases are ``r12``, ``retired``, or empty where there is no pin."""

    use_case: str
    release_before: str
    digest_before: str
    release: str
    digest: str
    """64 hex digits; empty for a tombstone."""
    ground: str
    """Why it may go there, in a sentence."""
    proof: Proof | None = None
    changes: tuple[str, ...] = ()
    """In plain words; nothing confidential."""
    models: tuple[str, ...] = ()
    """What is to be known of the lives of its models."""
    way_back: str = ""
    """What a rollback would go to, and whether it still can."""
    looks: tuple[Look, ...] = ()
    remarks: tuple[str, ...] = ()
    waiver: EmergencyWaiver | None = field(default=None, metadata=OPTIONAL)

    @property
    def pin(self) -> str:
        """The value of ``release`` in the pin."""
        return RETIRED if self.release == RETIRED else f"{self.release}@sha256:{self.digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A use case that is not moved, and why."""

    use_case: str
    code: str
    reason: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What one command proposes, on one branch."""

    verb: Verb
    environment: str
    moves: tuple[Move, ...]
    skipped: tuple[Skipped, ...] = ()
    everything: bool = False
    """No use case was named."""

    @property
    def branch(self) -> str:
        """The branch of the proposal: the same for the same command."""
        names = [m.use_case for m in self.moves]
        what = "all" if self.everything else names[0] if len(names) == 1 else _several(names)
        return f"releaser/{self.verb}-{self.environment}-{what}"

    @property
    def title(self) -> str:
        """Of the merge request, in one line."""
        first = self.moves[0]
        if self.verb == "retire":
            return f"Retire {self._names()} in {self.environment}"
        what = f"{first.use_case} {first.release}" if len(self.moves) == 1 else self._names()
        if self.verb == "rollback" and len(self.moves) == 1:
            what = f"{first.use_case} to {first.release}"
        return _TITLES[self.verb].format(what=what, where=self.environment)

    def _names(self) -> str:
        names = [m.use_case for m in self.moves]
        return ", ".join(names) if len(names) <= 3 else f"{len(names)} use cases"

    def subject(self, move: Move) -> str:
        """The message of one commit: what, and from what to what."""
        before = move.release_before or "nothing"
        one = Moves(verb=self.verb, environment=self.environment, moves=(move,))
        return f"{one.title}\n\n{move.use_case}: {before} -> {move.release}\n"


def _several(names: Sequence[str]) -> str:
    return f"{len(names)}-{hashlib.sha256(' '.join(sorted(names)).encode()).hexdigest()[:8]}"


def before(pin: Pinned | Retire | None) -> tuple[str, str]:
    """Release and digest of a pin as it is; both empty where there is none."""
    match pin:
        case Pinned():
            return pin.release, pin.digest
        case Retire():
            return RETIRED, ""
        case _:
            return NOTHING, ""


def proof_of(account: Account | None) -> Proof | None:
    """What a record proves, with its place on the branch of records."""
    if account is None or account.closed is None:
        return None
    opened, closed = account.opened, account.closed
    return Proof(
        environment=opened.environment,
        folder=opened.ref.folder,
        id=opened.id,
        commit=opened.commit,
        at=closed.closed_at,
        verified=closed.verified,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalReport:
    """What ``--output json`` prints. ``state``: ``pushed``, ``found``, ``local``, or ``nothing`` to do."""

    format: str
    verb: str
    environment: str
    state: Literal["pushed", "found", "local", "nothing"]
    branch: str
    commit: str
    base: str
    url: str
    title: str
    text: str
    moves: tuple[Move, ...]
    skipped: tuple[Skipped, ...]


def report_json(report: ProposalReport) -> dict[str, Any]:
    """The report as plain data."""
    found: dict[str, Any] = plain(report)
    return found


def report_schema() -> dict[str, Any]:
    """``schemas/proposal.v1.json``."""
    definitions: dict[str, Any] = {}
    schema(ProposalReport, definitions)
    top = definitions.pop("ProposalReport")
    top["properties"]["format"] = {"const": FORMAT}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://releaser.dev/schemas/proposal.v1.json",
        "title": "A proposed move of pins",
        **top,
        "$defs": definitions,
    }
