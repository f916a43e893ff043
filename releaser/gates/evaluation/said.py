"""Numbers as people read them in a verdict's reason."""

from __future__ import annotations

import math


def said(value: float, unit: str) -> str:
    """Up to four significant digits, with the unit where it has one."""
    if not math.isfinite(value):
        return "no bound"
    shown = f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    shown = "0" if shown == "-0" else shown
    return f"{shown} ms" if unit == "time" else shown


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: tuple[str, ...], most: int = 3) -> str:
    """``a, b, c and 4 more``."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
