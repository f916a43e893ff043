"""What a mutation is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """One line: ``file`` is below ``releaser/``."""

    file: str
    old: str
    new: str
