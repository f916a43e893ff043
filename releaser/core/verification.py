"""What a verification found: what was looked at, what is wrong, and what could not be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from releaser.core.proof.branch import Commit
from releaser.core.proof.files import parsed
from releaser.core.proof.releases import Tag
from releaser.core.proof.sequence import Break
from releaser.core.record import Holder


@dataclass
class Proof:
    """What was looked at, what is wrong with it, and what could not be told."""

    problems: list[Break] = field(default_factory=list)
    unproven: list[Break] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    tip: str = ""
    """The newest commit of the branch that was looked at."""
    ancestry: frozenset[str] = frozenset()
    """Every commit of the branch."""
    commits: tuple[Commit, ...] = ()
    """Newest first."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Every file of the newest commit, by path."""
    tags: dict[str, Tag] = field(default_factory=dict)

    def wrong(self, path: str, reason: str) -> None:
        self.problems.append(Break(path, reason))

    def unsure(self, path: str, reason: str) -> None:
        self.unproven.append(Break(path, reason))

    @cached_property
    def opened(self) -> Mapping[str, dict[str, Any]]:
        """Path of every first entry -> its data."""
        return {p: parsed(raw) for p, raw in self.files.items() if p.endswith("/opened.json") and p.count("/") == 3}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and by what: open records are judged by whether their holder still works."""

    holder: Holder
    now: datetime
    allowed: bytes
    """Who may sign; empty: nobody is named."""
