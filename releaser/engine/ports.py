"""What the engine asks of the world. Each port has one to three methods; adapters live outside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from releaser.core.events import Event


class Aws(Protocol):
    """AWS, in one account and region.

    * ``params`` and the reply are botocore's shapes: plain dicts, datetimes for timestamps.
    * ``ResponseMetadata`` is kept in the reply: its ``RequestId`` goes into the record.
    * raises ``AwsError``; AMBIGUOUS when the request may have taken effect and the answer is lost.
    * members that AWS promises are present in every reply: a truncated one is AMBIGUOUS, never an empty dict.
    * safe to call from several threads.
    """

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]: ...


class Clock(Protocol):
    """Time. ``now`` is aware and in UTC; ``sleep`` takes seconds."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class Sink(Protocol):
    """Hears what happens. A sink never changes the course of a run."""

    def emit(self, event: Event) -> None: ...
