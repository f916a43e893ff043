"""Which use cases a change touches, by what is desired before and after it. Pure: paths decide nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FORMAT = "releaser.affected/v1"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What one environment is to have of one use case."""

    release: str
    """Digest of its content."""
    stamps: Mapping[str, str] = field(default_factory=dict)
    """Address -> effective stamp: with the environment's values."""
    place: str = ""
    """The target."""
    problem: str = ""
    """Why it cannot be resolved: its content then decides alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """The use cases that differ between two commits, and why."""

    base: str
    head: str
    """Empty: the files here, which no commit holds."""
    use_cases: Mapping[str, str]
    gone: tuple[str, ...] = ()
    """Those whose content is gone. Nothing is deleted for that."""
    format: str = FORMAT


def affected(before: Mapping[str, Resolved], after: Mapping[str, Resolved]) -> dict[str, str]:
    """Use case -> why it is touched, of those that are there after the change."""
    found = {name: _why(before.get(name), now) for name, now in sorted(after.items())}
    return {name: why for name, why in found.items() if why}


def gone(before: Mapping[str, Resolved], after: Mapping[str, Resolved]) -> tuple[str, ...]:
    """Those that are there before the change alone."""
    return tuple(sorted(before.keys() - after.keys()))


def _why(was: Resolved | None, now: Resolved) -> str:
    if was is None:
        return "it is new"
    if was.release != now.release:
        return "its content"
    if was.place != now.place:
        return "where it is placed"
    if was.problem != now.problem:
        return "whether it can be resolved"
    changed = sorted(a for a in was.stamps.keys() | now.stamps.keys() if was.stamps.get(a) != now.stamps.get(a))
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        return f"the environment: {changed[0].partition('/')[2]}{more}"
    return ""
