"""How many of a thing AWS allows, where that is said, and what is left. Pure.

The numbers stand with the kinds. Source: AWS General Reference, "Amazon Bedrock endpoints and quotas", as read in
November 2026. Those that AWS raises on request are read from Service Quotas where the role may do so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

SERVICE = "bedrock"
"""The service code under which Service Quotas lists them."""


@dataclass(frozen=True, slots=True)
class Quota:
    """A documented limit. ``code``: where Service Quotas tells the account's own value; empty where it is fixed."""

    limit: int
    code: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a kind an account has and may have, and what a plan adds."""

    kind: str
    used: int
    limit: int
    needs: int
    source: Literal["Service Quotas", "AWS's documentation"]

    @property
    def is_enough(self) -> bool:
        return self.needs == 0 or self.used + self.needs <= self.limit

    def __str__(self) -> str:
        return f"{self.used} of {self.limit} {self.kind}s exist, this needs {self.needs}"


def rooms(
    quotas: Mapping[str, Quota | None], used: Mapping[str, int], needs: Mapping[str, int], read: Mapping[str, int]
) -> Iterable[Room]:
    """The room of every kind that a plan adds to, by kind. ``read``: code -> the account's own value."""
    for kind, added in sorted(needs.items()):
        quota = quotas.get(kind)
        if quota is not None and added:
            limit = read.get(quota.code)
            yield Room(
                kind,
                used.get(kind, 0),
                quota.limit if limit is None else limit,
                added,
                "AWS's documentation" if limit is None else "Service Quotas",
            )
