"""What somebody chose to look at."""

from __future__ import annotations

from enum import StrEnum


class ContentFrom(StrEnum):
    """What a command looks at."""

    declared = "declared"
    """What the environment says: its pins, or the branch that it follows."""
    files = "files"
    """The files here, also where the environment has pins."""
