"""Times at which GitLab says that nothing is deployed: periods from one moment of a cron to one of another. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from releaser.core.cron import Cron

_MOST = 32
"""Periods that follow each other: some do for ever, and the next look tells the rest."""


@dataclass(frozen=True, slots=True)
class Period:
    """It begins again and again, and lasts until the first moment of ``end`` after that."""

    start: Cron
    end: Cron
    zone: tzinfo

    def until(self, now: datetime) -> datetime | None:
        """When it ends; None where it is not on."""
        began = self.start.last(now, self.zone)
        ends = self.end.next(began, self.zone) if began else None
        return ends if ends and ends > now else None


def frozen_until(periods: Iterable[Period], now: datetime) -> datetime | None:
    """When those end that are on, and those that begin before they end; None where none is on."""
    several, until = tuple(periods), None
    for _ in range(_MOST):
        found = [end for period in several if (end := period.until(until or now))]
        if not found:
            break
        until = max(found)
    return until
