"""Time that a test does not wait for."""

from __future__ import annotations

import threading
from datetime import UTC, datetime


class Clock:
    """Time that passes by sleeping."""

    def __init__(self, at: float = 0.0) -> None:
        self.at = at
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return datetime(2026, 12, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.at += seconds
