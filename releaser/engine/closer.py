"""Closes records while a run goes on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from releaser.core.errors import LockHeld, ReleaserError
from releaser.core.evidence_ref import EvidenceRef
from releaser.core.record import Conclusion, Delivery, OpenRecord
from releaser.engine.ports import Clock, Ledger


@dataclass(frozen=True, slots=True)
class Awaited:
    """What staged candidates wait for."""

    reasons: tuple[str, ...]
    evidence: Mapping[str, EvidenceRef]


_Item = tuple[str, Conclusion | Delivery | Awaited, str]


class Closer:
    """Closes records in batches, and renews the leases of those that are still open, in a thread of its own."""

    def __init__(
        self, ledger: Ledger, clock: Clock, lease: timedelta, records: dict[str, OpenRecord], stop: Callable[[], None]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._lease = lease.total_seconds()
        self._records = records
        self._stop = stop
        self._queue: queue.Queue[_Item | None] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="records", daemon=True)
        self.error: ReleaserError | None = None

    def put(self, use_case: str, conclusion: Conclusion, notes: str) -> None:
        self._queue.put((use_case, conclusion, notes))

    def pause(self, use_case: str, delivery: Delivery) -> None:
        """Leave a record open, for a later run: what callers follow is on its way."""
        self._queue.put((use_case, delivery, ""))

    def stage(self, use_case: str, awaited: Awaited) -> None:
        """Leave a record open, for a later run: the candidates exist, and evidence is awaited."""
        self._queue.put((use_case, awaited, ""))

    def __enter__(self) -> Closer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        renewed = self._clock.monotonic()
        over = False
        while not over:
            batch, over = self._take()
            try:
                if batch:
                    self._write(batch)
                if self._records and self._clock.monotonic() - renewed > self._lease / 3:
                    renewed = self._clock.monotonic()
                    self._records |= self._ledger.renew(list(self._records.values()))
            except LockHeld as error:
                self.error = self.error or error
                self._stop()  # another run has taken over: nothing more is written under this record
            except ReleaserError as error:
                self.error = self.error or error
            except Exception as error:  # noqa: BLE001 - whatever it is, the run must say that records are open
                self.error = self.error or ReleaserError(
                    f"the records could not be written: {error}",
                    code="G-unrecorded",
                    hint="what was applied stays; run the same command again to close the records",
                )

    def _write(self, batch: list[_Item]) -> None:
        for name, found, _ in batch:
            if isinstance(found, Delivery):
                self._ledger.deliver(self._records.pop(name), found)
            elif isinstance(found, Awaited):
                self._ledger.stage(self._records.pop(name), {}, found.reasons, found.evidence)
        ends = [(name, found, notes) for name, found, notes in batch if isinstance(found, Conclusion)]
        if ends:
            self._ledger.close([(self._records.pop(name), c, notes) for name, c, notes in ends])

    def _take(self) -> tuple[list[_Item], bool]:
        """Everything that waits, after a moment for more to come; whether it was the last."""
        batch: list[_Item] = []
        timeout: float | None = 1.0
        while True:
            try:
                item = self._queue.get(timeout=timeout)
            except queue.Empty:
                return batch, False
            if item is None:
                return batch, True
            batch.append(item)
            timeout = 0.2
