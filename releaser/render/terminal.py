"""What stdout is: a terminal that takes colours, or not."""

from __future__ import annotations

import os
import sys


def is_terminal() -> bool:
    """Whether a person reads stdout, now."""
    return sys.stdout.isatty() and not os.environ.get("CI")


def colour() -> bool:
    """Whether stdout takes colours. NO_COLOR, set to anything, says no."""
    return is_terminal() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
