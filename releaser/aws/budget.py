"""The one retry layer and the rate budget: one bucket per operation of one account and region, for all threads.

Botocore's own limiter works per client and stops after about a hundred throttled retries; five hundred use cases
need a budget that is known beforehand (documented rates) and shared.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from releaser.core.errors import AwsError, Failure
from releaser.engine.ports import Aws, Clock

READ_PREFIXES = ("Get", "List", "Describe", "Validate", "Head", "Verify", "Simulate")
RATES: Mapping[str, float] = {"read": 10.0, "write": 2.0}
"""Requests per second and operation where AWS documents nothing else (bedrock.md of the service quotas page:
reads of prompts 10, writes 2; guardrails unpublished)."""

SERVICE_RATES: Mapping[str, float] = {
    "ssm.GetParameter": 40.0,
    "ssm.GetParameters": 40.0,
    "ssm.PutParameter": 3.0,
    "ssm.DeleteParameter": 3.0,
    "bedrock-agent.StartIngestionJob": 0.1,
    # S3 takes 5,500 reads a second and prefix; nothing here needs that many.
    "s3.ListObjectVersions": 50.0,
    "s3.HeadObject": 200.0,
    "s3.GetObject": 50.0,
    "sts.GetCallerIdentity": 100.0,
    "sts.AssumeRole": 100.0,
}

UNSENT_ATTEMPTS = 3
"""For a request that reached nobody. With the pauses between them, at most two seconds."""


def is_read(operation: str) -> bool:
    """Whether an operation only reads, told by AWS's naming."""
    return operation.startswith(READ_PREFIXES)


_SETTING = ("TagResource", "UntagResource", "AddTagsToResource", "RemoveTagsFromResource")


def is_repeatable(operation: str, params: Mapping[str, Any]) -> bool:
    """Whether doing it twice is doing it once: reads, writes with an idempotency token, and setting tags."""
    return is_read(operation) or operation in _SETTING or "clientToken" in params or "clientRequestToken" in params


class Bucket:
    """A token bucket that tells each caller how long to wait; first come, first served."""

    def __init__(self, rate: float, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._next = 0.0
        self._lock = threading.Lock()

    def take(self) -> float:
        """Seconds until this caller's turn. A burst of one second's worth is allowed after a pause."""
        if self._rate <= 0:
            return 0.0
        with self._lock:
            now = self._clock.monotonic()
            start = max(self._next, now + min(0.0, 1.0 / self._rate - 1.0))
            self._next = start + 1.0 / self._rate
            return max(0.0, start - now)

    def punish(self, seconds: float) -> None:
        """AWS throttled: nobody gets a turn for a while."""
        with self._lock:
            self._next = max(self._next, self._clock.monotonic() + seconds)


class Patient:
    """``Aws`` that keeps to the rates and retries what may be retried.

    Throttled requests always; unsent ones twice, since who cannot be reached should be told soon; lost answers only
    for reads and for writes that carry an idempotency token. Any other lost answer is raised as AMBIGUOUS for the
    caller to observe.
    """

    def __init__(
        self,
        inner: Aws,
        clock: Clock,
        *,
        rates: Mapping[str, float] | None = None,
        attempts: int = 8,
        jitter: Callable[[], float] = lambda: 0.5,
    ) -> None:
        self._inner = inner
        self._clock = clock
        self._rates = rates or {}
        self._attempts = attempts
        self._jitter = jitter
        self._buckets: dict[str, Bucket] = {}
        self._lock = threading.Lock()

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """As the port, after this operation's turn has come."""
        bucket = self._bucket(f"{service}.{operation}", operation)
        repeatable = is_repeatable(operation, params)
        attempt = 0
        while True:
            wait = bucket.take()
            if wait > 0:
                self._clock.sleep(wait)
            try:
                return self._inner.call(service, operation, params)
            except AwsError as error:
                attempt += 1
                if attempt >= self._limit(error) or not self._may_retry(error, repeatable):
                    raise
                pause = min(20.0, 0.2 * 2**attempt) * (0.5 + self._jitter())
                if error.failure is Failure.THROTTLED:
                    bucket.punish(pause)
                else:
                    self._clock.sleep(pause)

    def _limit(self, error: AwsError) -> int:
        """Throttling passes by itself, so it gets more patience than faults do; nobody at the other end, least."""
        if error.failure is Failure.TRANSIENT:
            return min(UNSENT_ATTEMPTS, self._attempts)
        return self._attempts * 4 if error.failure is Failure.THROTTLED else self._attempts

    @staticmethod
    def _may_retry(error: AwsError, repeatable: bool) -> bool:
        if error.failure in (Failure.THROTTLED, Failure.TRANSIENT):
            return True
        return error.failure is Failure.AMBIGUOUS and repeatable

    def _bucket(self, name: str, operation: str) -> Bucket:
        with self._lock:
            if name not in self._buckets:
                self._buckets[name] = Bucket(self._rate(name, operation), self._clock)
            return self._buckets[name]

    def _rate(self, name: str, operation: str) -> float:
        fallback = "read" if is_read(operation) else "write"
        for key in (name, operation, fallback):
            if key in self._rates:
                return self._rates[key]
        return SERVICE_RATES.get(name, RATES[fallback])
