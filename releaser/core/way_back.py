"""Where a rollback would go, and whether it still can: versions, the rollback window, models. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from releaser.core.geography import plain_model
from releaser.core.record import Closed

Way = Literal["pointers", "rebuilt", "closed"]
"""``pointers``: every version is still there, only pointers move. ``rebuilt``: what is gone is made again from git.
``closed``: a model of it is dead, its calls would fail."""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What AWS says of a model's life."""

    status: str
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class WayBack:
    """The release that a rollback goes to, and what stands in the way."""

    release: str
    digest: str
    way: Way
    reasons: tuple[str, ...]
    models_known: bool
    """Somebody asked AWS how its models stand; what nobody asked is not told as if it were known."""


def way_back(
    live: Closed, target: Closed, now: datetime, window: timedelta, lives: Mapping[str, Lifecycle] | None = None
) -> WayBack:
    """How one would go back from ``live`` to ``target``. ``lives``: model id -> its life, None where nobody asked."""
    dead = tuple(_dead(target, now, lives or {}))
    gone = tuple(_gone(live, target, now, window))
    way: Way = "closed" if dead else "rebuilt" if gone else "pointers"
    return WayBack(target.record.release, target.record.release_digest, way, (*dead, *gone), lives is not None)


def _dead(target: Closed, now: datetime, lives: Mapping[str, Lifecycle]) -> Iterator[str]:
    for model in sorted(target.facts.model_ids):
        life = lives.get(model) or lives.get(plain_model(model))
        if life is not None and life.ends is not None and life.ends <= now:
            yield f"its model {model} reached its end of life on {life.ends:%Y-%m-%d}"


def _gone(live: Closed, target: Closed, now: datetime, window: timedelta) -> Iterator[str]:
    """Within the window nothing that it needs is deleted; after it, nobody vouches for it."""
    if live.record.id != target.record.id and live.closed_at + window < now:
        yield f"the rollback window ended on {live.closed_at + window:%Y-%m-%d}: its versions may be deleted"
        return
    kept = {b.id for b in live.bindings.values()} | {r.id for rows in live.retired.values() for r in rows}
    for address, binding in sorted(target.bindings.items()):
        if binding.id not in kept:
            yield f"{address.kind} {address.name} is no longer in the account"
