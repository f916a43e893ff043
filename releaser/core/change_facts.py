"""Who changed what, who agreed, and why: what the record keeps of the way from a merge request to a run. Pure.

Everything here is told by GitLab or by git, so it is data and proves nothing by itself; what is not known stays
empty, nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from releaser.core.shape import OPTIONAL

Segregation = Literal["checked", "unenforced", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Somebody's yes."""

    by: str
    at: datetime | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFacts:
    """The change that a run applies."""

    merge_request: str = field(default="", metadata=OPTIONAL)
    """As GitLab writes it: ``group/project!12``."""
    link: str = field(default="", metadata=OPTIONAL)
    merge_commit: str = field(default="", metadata=OPTIONAL)
    merged_at: datetime | None = field(default=None, metadata=OPTIONAL)
    author: str = field(default="", metadata=OPTIONAL)
    committers: tuple[str, ...] = field(default=(), metadata=OPTIONAL)
    approvers: tuple[Approval, ...] = field(default=(), metadata=OPTIONAL)
    ticket: str = field(default="", metadata=OPTIONAL)
    segregation: Segregation = "unknown"
    """``checked``: somebody approved who neither wrote nor committed it. ``unenforced``: nobody else did.
    ``unknown``: git does not say who wrote it, or who approved."""


def segregation_of(author: str, committers: tuple[str, ...], approvers: tuple[Approval, ...]) -> Segregation:
    """Whether somebody other than those who made the change agreed to it."""
    if not author or not approvers:
        return "unknown"
    made_by = {author.casefold(), *(c.casefold() for c in committers)}
    return "checked" if any(a.by.casefold() not in made_by for a in approvers) else "unenforced"
