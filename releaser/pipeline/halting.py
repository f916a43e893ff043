"""When an evaluation is to stop: its time is up, or the whole run is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Halt(threading.Event):
    """Set when the time is up; also while the whole run is to stop."""

    def __init__(self, stopped: Callable[[], bool]) -> None:
        super().__init__()
        self._stopped = stopped

    @property
    def timed(self) -> bool:
        """Whether the time was up."""
        return super().is_set()

    def is_set(self) -> bool:
        """For either reason."""
        return super().is_set() or self._stopped()

    @contextmanager
    def after(self, seconds: float) -> Iterator[None]:
        """The time is up then."""
        timer = threading.Timer(seconds, self.set)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
