"""The sandbox's one clock: it drives delays, rate buckets, lifecycle dates, expiry and timestamps.

``scale`` multiplies what takes time on AWS: 1 is AWS's pace, 0.1 ten times faster, 0 instant (delays are
zero and default rates never throttle). ``advance`` moves the clock forward for all purposes at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Wall time plus an offset; never runs backwards, never gives one stamp twice."""

    def __init__(self, scale: float = 1.0, offset: float = 0.0, wall: Callable[[], float] = time.time) -> None:
        self.scale = scale
        self.offset = offset
        self._wall = wall
        self._last = 0.0

    def now(self) -> float:
        """Seconds since the epoch, sandbox time."""
        return self._wall() + self.offset

    def stamp(self) -> float:
        """A timestamp to the microsecond, later than every one before it."""
        self._last = max(round(self.now(), 6), round(self._last + 1e-6, 6))
        return self._last

    def delay(self, seconds: float) -> float:
        """How long something lasts here which lasts ``seconds`` on AWS."""
        return seconds * self.scale

    def advance(self, seconds: float) -> float:
        """Moves the clock forward; the new offset is returned, to be kept."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self.offset += seconds
        return self.offset
