"""Waiting for what AWS does in its own time: looks that come further and further apart, up to a limit."""

from __future__ import annotations

from dataclasses import dataclass

from releaser.core.errors import ReleaserError
from releaser.engine.ports import Clock

_AGAIN = "run the same command again: it continues from what it finds"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a resource to settle, in seconds, and how often to look."""

    limit: float = 300.0
    appear: float = 30.0
    """How long something that was just made may stay unseen."""
    first: float = 0.25
    longest: float = 5.0
    job: float = 2700.0
    """How long an ingestion job is waited for: large ones run for hours, and another run continues."""
    job_longest: float = 20.0


class Waiting:
    """One wait, begun when it is made. ``limit``, ``first`` and ``longest`` (pause): seconds.

    Look, then ``pause``, in a loop: there is always a last look after the last pause.
    """

    def __init__(self, clock: Clock, limit: float, *, first: float = 0.25, longest: float = 5.0) -> None:
        self.limit = limit
        self._clock = clock
        self._begun = clock.monotonic()
        self._next = first
        self._longest = longest

    @property
    def has_ended(self) -> bool:
        """Whether the limit is reached."""
        return self.lasts(self.limit)

    def lasts(self, seconds: float) -> bool:
        """Whether it has lasted as long as that."""
        return self._clock.monotonic() >= self._begun + seconds

    def pause(self, unsettled: str, hint: str = _AGAIN) -> None:
        """Sleep until the next look. At the limit it raises A-unsettled with that message instead."""
        if self.has_ended:
            raise ReleaserError(unsettled, code="A-unsettled", hint=hint)
        self._clock.sleep(self._next)
        self._next = min(self._longest, self._next * 1.5)
