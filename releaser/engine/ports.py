"""What the engine asks of the world. Each port has one to three methods; adapters live outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from releaser.core.address import Address
from releaser.core.errors import LockHeld
from releaser.core.events import Event
from releaser.core.evidence_ref import EvidenceRef
from releaser.core.record import Binding, Closed, Conclusion, Delivery, Intent, OpenRecord, Witness


class Aws(Protocol):
    """AWS, in one account and region.

    * ``params`` and the reply are botocore's shapes: plain dicts, datetimes for timestamps.
    * ``ResponseMetadata`` is kept in the reply: its ``RequestId`` goes into the record.
    * raises ``AwsError``; AMBIGUOUS when the request may have taken effect and the answer is lost.
    * members that AWS promises are present in every reply: a truncated one is AMBIGUOUS, never an empty dict.
    * safe to call from several threads.
    """

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]: ...


class Runtime(Protocol):
    """What applications call, in one account and region: one try each, nothing is paced or retried here.

    * raises ``AwsError``, with ``retry_after`` where the service sent one, also in the middle of a stream.
    * a stream that ends is not yet a whole reply: what must come last is for the caller to ask for.
    """

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]: ...

    def stream(
        self, service: str, operation: str, params: Mapping[str, Any], member: str
    ) -> Iterator[tuple[float, dict[str, Any]]]:
        """Each event of the reply's member, with the monotonic second of its arrival."""


class Clock(Protocol):
    """Time. ``now`` is aware and in UTC; ``sleep`` takes seconds."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class Sink(Protocol):
    """Hears what happens. A sink never changes the course of a run."""

    def emit(self, event: Event) -> None: ...


@dataclass(frozen=True, slots=True)
class Opening:
    """What became of each use case that was to be opened; every one is in exactly one of the three."""

    opened: Mapping[str, OpenRecord] = field(default_factory=dict)
    resumed: Mapping[str, OpenRecord] = field(default_factory=dict)
    """Continues a record that was left open: same id, so the same tokens."""
    held: Mapping[str, LockHeld] = field(default_factory=dict)


class Ledger(Protocol):
    """The records in git. The open record is the lock; every write is a compare-and-swap."""

    def witnesses(self, environment: str) -> Mapping[str, Witness]: ...

    def open(
        self, intents: Sequence[Intent], *, take_over: bool, since: Mapping[str, Witness] | None = None
    ) -> Opening:
        """``since``: what the plan was made from; a use case that has moved on since is held, to be planned again."""

    def close(self, endings: Sequence[tuple[OpenRecord, Conclusion, str]]) -> object:
        """Each with its conclusion and its notes (Markdown, may be empty)."""

    def released_before(self, environment: str, live: Mapping[str, Closed]) -> Mapping[str, Closed]:
        """By use case: the last release of other content than the live one."""

    def deliver(self, record: OpenRecord, delivery: Delivery) -> OpenRecord:
        """Note that what callers follow is on its way; the lock is free, and a later run continues."""

    def stage(
        self,
        record: OpenRecord,
        bindings: Mapping[Address, Binding],
        awaiting: Sequence[str],
        evidence: Mapping[str, EvidenceRef],
    ) -> OpenRecord:
        """Note that the candidates exist and what they wait for; the lock is free, and a later run continues."""

    def renew(self, records: Sequence[OpenRecord]) -> Mapping[str, OpenRecord]: ...
