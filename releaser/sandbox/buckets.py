"""Request rates as AWS limits them: one token bucket per (account, region, operation).

Source: quota page, per account and region, not adjustable: 2 a second for creates, updates and deletes,
10 a second for gets and lists of prompts; unpublished for guardrails and inference profiles, assumed the
same. SSM's are documented and declared by its own module, where several operations may share a bucket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from releaser.sandbox.clock import Clock
from releaser.sandbox.errors import BadAdminRequest
from releaser.sandbox.model import Operation

WRITES, READS = 2.0, 10.0


@dataclass(frozen=True, slots=True)
class Rate:
    """``per_second`` requests, burst of one second; operations of the same ``pool`` share it."""

    per_second: float
    pool: str = ""


class Buckets:
    """Token buckets on the sandbox's clock. With time-scale 0 only rates set by hand throttle."""

    def __init__(self, clock: Clock, declared: Mapping[str, Rate], overrides: dict[str, float | None]) -> None:
        self._clock = clock
        self._declared = declared
        self.overrides = overrides
        self._levels: dict[tuple[str, str, str], tuple[float, float]] = {}

    def allow(self, account: str, region: str, operation: Operation) -> bool:
        """Takes a token, if there is one."""
        rate, pool = self._rate(operation)
        if rate is None:
            return True
        now, capacity = self._clock.now(), max(rate, 1.0)
        pace = rate / self._clock.scale if self._clock.scale else rate
        level, seen = self._levels.get((account, region, pool), (capacity, now))
        level = min(capacity, level + (now - seen) * pace)
        allowed = level >= 1.0
        self._levels[account, region, pool] = (level - 1.0 if allowed else level, now)
        return allowed

    def set(self, rates: Mapping[str, float | None], known: Mapping[str, Operation]) -> None:
        """Overrides by ``service.Operation``, or ``*``, ``reads``, ``writes``; None: no limit."""
        unknown = sorted(set(rates) - set(known) - {"*", "reads", "writes"})
        if unknown:
            raise BadAdminRequest(f"unknown operation {', '.join(unknown)}: use service.Operation, *, reads or writes")
        self.overrides.update(rates)
        self._levels.clear()

    def clear(self) -> None:
        """Back to the defaults, with full buckets."""
        self.overrides.clear()
        self._levels.clear()

    def _rate(self, operation: Operation) -> tuple[float | None, str]:
        for name in (operation.key, "reads" if operation.is_read else "writes", "*"):
            if name in self.overrides:
                return self.overrides[name], operation.key
        if self._clock.scale == 0:
            return None, operation.key
        declared = self._declared.get(operation.key)
        if declared is not None:
            return declared.per_second, declared.pool or operation.key
        return (READS if operation.is_read else WRITES), operation.key
