"""A parsed file with the position of every key and value in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.core.diagnostic import Diagnostic, Severity
from releaser.core.values import Path


@dataclass(frozen=True, slots=True)
class Span:
    """A range of text; lines and columns count from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Positions:
    """Where each key and each value stands. A list item has no key."""

    keys: Mapping[Path, Span]
    values: Mapping[Path, Span]


START = Span(1, 1, 1, 2)


@dataclass(eq=False)
class Document:
    """Data of one YAML file. Positions are computed when first asked for: a clean file never pays for
    them."""

    path: str
    text: str
    data: dict[str, Any]
    index: Callable[[], Positions] = field(repr=False)
    _positions: Positions | None = field(default=None, repr=False)

    @property
    def positions(self) -> Positions:
        if self._positions is None:
            self._positions = self.index()
        return self._positions

    def locate(self, pointer: Path, *, key: bool = False) -> Span:
        """The span of the value (or of its key); of the nearest parent's key when there is no such place."""
        found = self.positions
        if key and pointer in found.keys:
            return found.keys[pointer]
        if pointer in found.values:
            span = found.values[pointer]
            return span if span.line == span.end_line else found.keys.get(pointer) or _first_line(span)
        while pointer:
            pointer = pointer[:-1]
            if pointer in found.keys:
                return found.keys[pointer]
            if pointer in found.values:
                return _first_line(found.values[pointer])
        return START

    def problem(
        self,
        code: str,
        message: str,
        pointer: Path = (),
        *,
        hint: str = "",
        key: bool = False,
        severity: Severity = "error",
    ) -> Diagnostic:
        """A diagnostic at a place of this document."""
        span = self.locate(pointer, key=key)
        return Diagnostic(
            code,
            message,
            self.path,
            span.line,
            span.column,
            span.end_line,
            span.end_column,
            hint,
            pointer,
            severity,
        )


def _first_line(span: Span) -> Span:
    if span.end_line == span.line:
        return span
    return Span(span.line, span.column, span.line, span.column + 1)
