"""What was looked at before a run, and what would stop it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["ok", "problem", "unknown"]
"""``unknown``: it could not be told without writing, or without a permission that nothing else needs."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``todo``: what to do about it."""

    area: str
    state: State
    said: str
    todo: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def is_ready(checks: Iterable[Check]) -> bool:
    """Whether nothing is known that would stop a run."""
    return all(c.state != "problem" for c in checks)
