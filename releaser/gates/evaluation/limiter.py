"""How many calls a lane (account, region, model) takes at once, found out by asking.

The limit doubles with every clean round until the first throttle. A throttle cuts it, and tells how many the lane was
taking: the limit goes half of the way there with every clean round, stays there for a while, and then looks by steps
whether more are taken. A step too far goes back to what was taken before. Faults of the service and timeouts stop the
growth of their round and cut nothing. Nobody in a lane starts before a Retry-After is over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from releaser.engine.ports import Clock

Outcome = Literal["answered", "throttled", "failed", "neutral"]
"""``neutral``: says nothing of what the lane can take, as a request that is wrong."""

CUT = 0.7
STEP = 0.05
PLATEAU = 8
"""Clean rounds at the level that the lane takes before more is tried: what a try costs is one round's throttles."""
LONGEST_PAUSE = 30.0
_SLICE = 0.25
"""Seconds after which a waiting thread looks whether the run was stopped."""


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to one call. ``era``: how often the limit had been cut when it was given."""

    era: int


class Lane:
    """The limit of one lane, for all threads."""

    def __init__(self, clock: Clock, *, ceiling: int, floor: int, start: int, cool_down: float) -> None:
        self._clock = clock
        self._ceiling, self._floor, self._cool_down = max(ceiling, 1), max(1, min(floor, ceiling)), cool_down
        self._limit = float(min(max(start, self._floor), self._ceiling))
        self._changed = threading.Condition()
        self._running = self._ended = self._era = self._cuts = 0
        self._taken, self._patience = 0.0, 0
        self._ramping, self._clean, self._full = True, True, False
        self._until = self._steady_until = float("-inf")

    @property
    def limit(self) -> int:
        """How many may run at once now."""
        return int(self._limit)

    @property
    def running(self) -> int:
        """How many do."""
        return self._running

    @property
    def closed_until(self) -> float:
        """On the clock's monotonic scale: nobody starts before."""
        return self._until

    def start(self, stopped: Callable[[], bool] = lambda: False) -> Permit | None:
        """Waits for a turn; None when the run was stopped meanwhile. Every permit is given back with ``end``."""
        while not stopped():
            with self._changed:
                wait = self._until - self._clock.monotonic()
                if wait <= 0:
                    if self._running < self.limit:
                        self._running += 1
                        self._full |= self._running >= self.limit
                        return Permit(self._era)
                    self._changed.wait(_SLICE)
                    continue
            self._clock.sleep(min(wait, _SLICE))
        return None

    def end(self, permit: Permit, outcome: Outcome, retry_after: float | None = None) -> None:
        """What became of a call. Throttles of calls that were sent before the last cut cut nothing more."""
        with self._changed:
            self._running -= 1
            if outcome == "throttled":
                self._throttled(permit, retry_after or 0.0)
            elif outcome != "neutral":
                self._clean &= outcome == "answered"
                if outcome == "answered":
                    self._cuts = 0
                self._ended += 1
                if self._ended >= self.limit:
                    self._end_round()
                    self._changed.notify_all()
            self._changed.notify()

    def _throttled(self, permit: Permit, retry_after: float) -> None:
        now = self._clock.monotonic()
        pause = 0.0
        if permit.era == self._era:
            self._cut()
            self._cuts += 1
            self._steady_until = now + self._cool_down
            if self._cuts > 1:
                pause = min(LONGEST_PAUSE, self._cool_down * 2.0 ** min(self._cuts - 2, 30))
        elif permit.era == self._era - 1:
            self._taken = max(self._limit, self._taken - 1)
        self._until = max(self._until, now + max(retry_after, pause))

    def _cut(self) -> None:
        """What was taken is what runs besides, less each further throttle of the same burst."""
        tried_more = self._limit > self._taken
        self._limit = max(self._floor, self._limit * CUT, self._taken if tried_more else 0.0)
        self._taken = max(self._limit, float(self._running))
        self._era += 1
        self._ramping, self._patience = False, PLATEAU
        self._begin_round()

    def _end_round(self) -> None:
        if self._clean and self._full and self._clock.monotonic() >= self._steady_until:
            self._limit = min(float(self._ceiling), self._grown())
        self._begin_round()

    def _grown(self) -> float:
        """The limit after a round that was clean and full."""
        if self._ramping:
            self._taken = self._limit
            return self._limit * 2
        if self._limit < self._taken:
            return min(self._taken, self._limit + max(1.0, (self._taken - self._limit) / 2))
        self._taken = self._limit
        if self._patience:
            self._patience -= 1
            return self._limit
        return self._limit + max(1.0, STEP * self._limit)

    def _begin_round(self) -> None:
        self._ended, self._clean, self._full = 0, True, self._running >= self.limit


class Limiter:
    """The lanes, by name. ``ceilings``: for lanes that take more or less than the rest.

    ``cool_down``: seconds without growth after a cut. Cuts with no answer in between close the lane for that long,
    twice that long and so on.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        ceiling: int = 50,
        floor: int = 1,
        start: int = 4,
        cool_down: float = 1.0,
        ceilings: Mapping[str, int] | None = None,
    ) -> None:
        self.ceiling = max([ceiling, *(ceilings or {}).values()])
        """Of the widest lane."""
        self._clock, self._ceiling, self._floor, self._start = clock, ceiling, floor, start
        self._cool_down, self._ceilings = cool_down, ceilings or {}
        self._lanes: dict[str, Lane] = {}
        self._lock = threading.Lock()

    def lane(self, name: str) -> Lane:
        """The lane of this name."""
        with self._lock:
            if name not in self._lanes:
                self._lanes[name] = Lane(
                    self._clock,
                    ceiling=self._ceilings.get(name, self._ceiling),
                    floor=self._floor,
                    start=self._start,
                    cool_down=self._cool_down,
                )
            return self._lanes[name]
