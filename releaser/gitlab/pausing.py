"""How long to wait before a request is repeated. Pure.

Facts of GitLab: a throttled request is answered 429 with ``Retry-After`` in seconds and ``RateLimit-Reset``, a Unix
time (docs.gitlab.com: user and IP rate limits); a limit of the application, as that of new comments, sends neither.
``Retry-After`` may be a date (RFC 9110, 10.2.3), which proxies send.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

ATTEMPTS = 4
LONGEST = 60.0
"""Seconds: who asks for more is not waited for."""


def pause(headers: Mapping[str, str], attempt: int, now: datetime, spread: float) -> float | None:
    """Seconds until the next attempt; None: there is none. ``attempt`` counts from 1, ``spread`` is in 0..1.

    What the server asks for is kept, never cut short; else pauses double, each with its own share of chance.
    """
    if attempt >= ATTEMPTS:
        return None
    asked = _asked(headers, now)
    if asked is None:
        return float(2 ** (attempt - 1)) * (0.5 + spread / 2)
    return None if asked > LONGEST else asked


def _asked(headers: Mapping[str, str], now: datetime) -> float | None:
    """What the server asks for, in seconds; None where it says nothing that can be understood."""
    said = headers.get("Retry-After", "").strip()
    if _is_count(said):
        return float(said)
    if (until := _moment(said)) is not None:
        return max(0.0, (until - now).total_seconds())
    reset = headers.get("RateLimit-Reset", "").strip()
    return max(0.0, float(reset) - now.timestamp()) if _is_count(reset) else None


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 12


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
