"""Values in the words of a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from releaser.core.address import Bound, Ref


def clip(text: str, most: int = 60) -> str:
    """A text short enough for a message."""
    return text if len(text) <= most else text[: most - 1] + "…"


def named(value: Any) -> str:
    """How a person would call this value."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number"
        case str() | Ref() | Bound():
            return "a text"
        case Mapping():
            return "a mapping"
        case _:
            return "a list"
