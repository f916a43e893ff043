"""Calls that models are answering now, by account and region.

AWS limits requests and tokens a minute. A limit of calls at once is the sandbox's own: it gives a test a service whose
best possible time is known.
"""

from __future__ import annotations

from collections import Counter


class Crowd:
    """Who is inside. Every call that was let in leaves once."""

    def __init__(self) -> None:
        self._inside: Counter[tuple[str, str]] = Counter()

    def enter(self, account: str, region: str, most: float) -> bool:
        """Lets a call in, unless ``most`` are inside; 0: no limit."""
        if most and self._inside[account, region] >= most:
            return False
        self._inside[account, region] += 1
        return True

    def leave(self, account: str, region: str) -> None:
        """A call has ended, however it did."""
        self._inside[account, region] -= 1
