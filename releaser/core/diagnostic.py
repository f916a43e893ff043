"""What is wrong, where, and what to do about it: the one type that every check speaks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from releaser.core.values import Path

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Code:
    """One stable code: what it means, why it is refused, and how it looks."""

    code: str
    title: str
    explanation: str
    example: str = ""
    waivable: bool = False


def undocumented(code: str, title: str, explanation: str, example: str = "") -> Code:
    """A rule that AWS's documentation hardly states: it can be waived."""
    told = " AWS's documentation is thin here: waive the rule at this place if AWS does accept it."
    return Code(code, title, explanation + told, example, waivable=True)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem at one place. ``path`` is the file, ``pointer`` the place in its data; lines count from
    1."""

    code: str
    message: str
    path: str = ""
    line: int = 1
    column: int = 1
    end_line: int | None = None
    end_column: int | None = None
    hint: str = ""
    pointer: Path = ()
    severity: Severity = "error"
    source: str = ""
    """The line of the file, for the caret; filled in last, never for a secret."""

    def with_source(self, line: str) -> Diagnostic:
        """The same with the text of its line."""
        return replace(self, source=line)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each once, by file and position; errors before warnings at one place."""
    unique = {(d.path, d.line, d.column, d.severity, d.code, d.message): d for d in diagnostics}
    return tuple(unique[key] for key in sorted(unique))
