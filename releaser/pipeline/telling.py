"""What a run says besides its result: lines on stderr."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """One message for people. What comes from elsewhere in it is made safe by the caller (``render.escape``)."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
