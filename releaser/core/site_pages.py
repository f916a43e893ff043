"""What stands on each history page, before it is HTML. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from releaser.core.notes import Notes
from releaser.core.site import Cell, Event, Series, Stretch


@dataclass(frozen=True, slots=True)
class Subject:
    """What a use case says of itself."""

    name: str
    description: str = ""
    owner: str = ""
    risk_tier: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the matrix. Small: it is what comes back from building the pages of a use case."""

    subject: Subject
    cells: tuple[Cell, ...]
    releases: int


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """One release. ``notes`` None: its content cannot be shown, and ``trouble`` says why."""

    release: str
    digest: str
    commit: str
    cut: datetime | None
    notes: Notes | None
    trouble: str
    events: tuple[Event, ...]
    """Of this release, newest first."""
    older: str = ""
    newer: str = ""


@dataclass(frozen=True, slots=True)
class UseCasePage:
    """One use case. Releases newest first."""

    row: Row
    releases: tuple[ReleasePage, ...]
    events: tuple[Event, ...]
    lanes: Mapping[str, Sequence[Stretch]] = field(default_factory=dict)
    series: tuple[Series, ...] = ()
