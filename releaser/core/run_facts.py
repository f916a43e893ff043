"""What a record says of the run itself: who, when, why, with whose agreement, and how it ended. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from releaser.core.change_facts import Approval, ChangeFacts
from releaser.core.record import Closed, Emergency, Held, Intent, Opened


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run. While it is open, or being closed, there is no outcome yet."""

    actor: str
    trigger: str
    commit: str
    outcome: str = ""
    verified: bool = False
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    change: ChangeFacts | None = None
    approvals: tuple[Approval, ...] = ()
    """Of the merge request and of the deployment."""
    emergency: Emergency | None = None
    holds: Held | None = None
    """What it took back and keeps out."""
    delivery: Mapping[str, Any] = field(default_factory=dict)
    refused: tuple[tuple[str, str, str], ...] = ()
    """Gates whose verdict is not PASS: gate, result, reason."""


def run_facts(intent: Intent, closed: Closed | None = None) -> RunFacts:
    """Of a record, or of one about to be closed."""
    change = intent.change
    verdicts = closed.verdicts if closed else ()
    return RunFacts(
        actor=intent.actor,
        trigger=intent.trigger,
        commit=intent.commit,
        outcome=closed.outcome.value if closed else "",
        verified=closed.verified if closed else False,
        opened_at=intent.opened_at if isinstance(intent, Opened) else None,
        closed_at=closed.closed_at if closed else None,
        change=change,
        approvals=(*(change.approvers if change else ()), *(closed.approvals if closed else ())),
        emergency=intent.emergency,
        holds=intent.holds,
        delivery=closed.delivery if closed else {},
        refused=tuple(
            (str(v.get("gate", "")), str(v.get("result", "")), str(v.get("reason", "")))
            for v in verdicts
            if v.get("result") != "PASS"
        ),
    )
