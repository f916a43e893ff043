"""The claims of a job's identity token. Nothing here proves a token: that is for who is shown it. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_LARGEST = 1 << 16
SHOWN = (
    "iss",
    "aud",
    "sub",
    "iat",
    "nbf",
    "exp",
    "project_path",
    "ref",
    "ref_type",
    "ref_protected",
    "environment",
    "environment_protected",
    "pipeline_source",
    "runner_environment",
)
"""Claims that say why a token is taken or not; those that name people are not shown."""
SKEW = timedelta(minutes=5)


def claims_of(token: str) -> dict[str, Any]:
    """What a token says. Raises ValueError for what is no token; the message never holds any of it."""
    parts = token.strip().split(".")
    if len(token) > _LARGEST or len(parts) != 3:
        raise ValueError(f"it has {len(parts)} parts and not three, parted by dots")
    try:
        raw = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        found = json.loads(raw)
    except (ValueError, binascii.Error, RecursionError):
        raise ValueError("its second part is no JSON in base64url") from None
    if not isinstance(found, dict):
        raise ValueError("its claims are no object")
    return found


def shown(claims: Mapping[str, Any]) -> dict[str, str]:
    """The claims that may be printed, times as people read them."""
    return {name: _said(name, claims[name]) for name in SHOWN if name in claims}


def _said(name: str, value: Any) -> str:
    moment = _moment(value) if name in ("iat", "nbf", "exp") else None
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else str(value)[:300]


def _moment(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def untimely(claims: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """Why a token does not count at this moment."""
    until, since = _moment(claims.get("exp")), _moment(claims.get("nbf"))
    if until is None:
        yield "it says no time until which it counts (exp)"
    elif until <= now:
        yield f"it ended at {until:%Y-%m-%d %H:%M:%S} UTC"
    if since is not None and since > now + SKEW:
        yield f"it counts from {since:%Y-%m-%d %H:%M:%S} UTC on: is this machine's clock right?"
