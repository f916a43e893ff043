"""Which published versions nothing needs any more. Pure.

Everything counts as needed unless it is proven not to be: a version that we did not make, one that a record of the
rollback window names, one that anything live mentions, and the newest ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from releaser.core.address import Address
from releaser.core.kind import Verb
from releaser.core.record import Opened, Outcome
from releaser.core.timeline import Account
from releaser.core.values import leaves


@dataclass(frozen=True, slots=True)
class Published:
    """One version of one resource of ours, as the account has it."""

    address: Address
    id: str
    arn: str
    version: str
    is_ours: bool
    """It carries our label, or a record says that we cut it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A version with the reason why it stays; no reason: nothing needs it."""

    published: Published
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """Something live that may refer to a version."""

    who: str
    texts: frozenset[str]
    """Every text in it."""
    groups: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()
    """For each mapping in it: the texts that stand in it, and all texts in and below it."""

    def names(self, found: Published) -> bool:
        """Whether it may mean this version: ``arn:version`` anywhere, or a mapping that names the resource and holds
        the number."""
        if any(t.endswith((f"{found.arn}:{found.version}", f"/{found.id}:{found.version}")) for t in self.texts):
            return True
        return any(
            found.version in below and any(t in (found.id, found.arn) or t.endswith(f"/{found.id}") for t in here)
            for here, below in self.groups
        )


def mention(who: str, body: Any) -> Mention:
    """Whatever of a body may refer to a version."""
    texts = frozenset(str(value) for _, value in leaves(body))
    return Mention(who, texts, tuple(_groups(body)))


def is_of_gc(opened: Opened) -> bool:
    """Whether a record was opened to delete versions, not to release."""
    return bool(opened.steps) and all(s.verb == Verb.PRUNE for s in opened.steps)


def _groups(value: Any) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    if isinstance(value, Mapping):
        here = frozenset(str(v) for v in value.values() if not isinstance(v, Mapping | list | tuple))
        yield here, frozenset(str(leaf) for _, leaf in leaves(value))
    below = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for item in below:
        yield from _groups(item)


def needed_by_records(accounts: Iterable[Account], now: datetime, window: timedelta) -> dict[tuple[str, str], str]:
    """(id, version) -> the release that needs it: what is live, and what was live within the rollback window."""
    released = sorted(
        (a for a in accounts if a.closed is not None and a.closed.outcome in (Outcome.RELEASED, Outcome.RETIRED)),
        key=lambda a: (a.opened.environment, a.opened.use_case, a.opened.seq),
        reverse=True,
    )
    found: dict[tuple[str, str], str] = {}
    replaced: dict[tuple[str, str], datetime] = {}
    for account in released:
        closed = account.closed
        if closed is None:
            continue
        place = (account.opened.environment, account.opened.use_case)
        until = replaced.get(place)
        replaced[place] = closed.closed_at
        if until is not None and until < now - window:
            continue
        for binding in closed.bindings.values():
            if binding.version is not None:
                found.setdefault((binding.id, binding.version), account.opened.release)
    return found


def ever_cut(accounts: Iterable[Account]) -> set[tuple[str, str]]:
    """(id, version) of everything that a record says we published."""
    return {
        (b.id, b.version) for a in accounts if a.closed is not None for b in a.closed.bindings.values() if b.version
    }


def judge(
    published: Iterable[Published], records: Mapping[tuple[str, str], str], mentions: Sequence[Mention], keep: int
) -> list[Judged]:
    """Every version with the reason why it stays. ``keep``: so many of the newest of each resource stay anyhow."""
    by_id: dict[str, list[Published]] = {}
    for one in published:
        by_id.setdefault(one.id, []).append(one)
    judged = []
    for versions in by_id.values():
        newest = sorted(versions, key=_number, reverse=True)
        judged += [Judged(v, _reason(v, i, records, mentions, keep)) for i, v in enumerate(newest)]
    return sorted(judged, key=lambda j: (j.published.address, _number(j.published)))


def _reason(
    one: Published, rank: int, records: Mapping[tuple[str, str], str], mentions: Sequence[Mention], keep: int
) -> str:
    release = records.get((one.id, one.version))
    if release is not None:
        return f"release {release} is live or within the rollback window"
    if not one.is_ours:
        return "not made by us"
    user = next((m.who for m in mentions if m.names(one)), None)
    if user is not None:
        return f"used by {user}"
    return f"among the newest {keep}" if rank < keep else ""


def _number(one: Published) -> tuple[int, str]:
    return (int(one.version) if one.version.isdigit() else 0, one.version)
