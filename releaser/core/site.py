"""What the history pages show of one use case: where it stands, what happened, how it scored. Pure, from records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from releaser.core.hold import holds_after
from releaser.core.record import Closed, Held, OpenRecord, Outcome
from releaser.core.run_facts import RunFacts, run_facts
from releaser.core.scores import scores
from releaser.core.timeline import DECIDES, Account, live_at

State = Literal["live", "unverified", "held", "open", "failed", "retired", "none"]
"""``failed``: the last try did not succeed, what was live before still is. ``none``: never released there."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A use case in an environment, now."""

    environment: str
    state: State
    release: str = ""
    since: datetime | None = None
    risk: str = ""
    """The class of the change that made it live."""
    said: str = ""
    """What else there is to know: what is held or open, and why."""
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One record, as a line of the timeline."""

    at: datetime
    environment: str
    release: str
    outcome: str
    replaced: str
    risk: str
    run: RunFacts


@dataclass(frozen=True, slots=True)
class Stretch:
    """How long a release was live in an environment; ``end`` None: it still is."""

    release: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Point:
    """A score of a release."""

    release: str
    number: int
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """A metric over releases in one environment, oldest first. ``bound``: what it has to keep, in words."""

    metric: str
    environment: str
    bound: str
    points: tuple[Point, ...]


def cell_of(environment: str, accounts: Sequence[Account], open_: OpenRecord | None, now: datetime) -> Cell:
    """``accounts``: those of one use case in one environment, newest first."""
    if not accounts:
        return Cell(environment, "none")
    live = next(iter(live_at(accounts, now)), None)
    closed = [a for a in accounts if a.closed is not None]
    latest = closed[0].closed if closed else None
    held = next(iter(holds_after((a.opened.holds, a.closed) for a in accounts)), None)
    state, said = _state(live, latest, held, open_, accounts[0])
    if live is None or live.closed is None:
        return Cell(environment, state, said=said, since=latest.closed_at if latest and state == "retired" else None)
    made = live.opened
    emergency = made.emergency is not None
    return Cell(environment, state, made.release, live.closed.closed_at, made.risk, said, emergency)


def _state(
    live: Account | None, latest: Closed | None, held: Held | None, open_: OpenRecord | None, newest: Account
) -> tuple[State, str]:
    if newest.closed is None:
        return "open", _open(newest, open_)
    if held is not None:
        return "held", f"{held.release} is kept out: {held.reason}"
    if latest is not None and latest.outcome is Outcome.RETIRED:
        return "retired", ""
    if live is None:
        return ("failed", _failed(latest)) if latest is not None and _went_wrong(latest) else ("none", "")
    if latest is not None and _went_wrong(latest):
        return "failed", _failed(latest)
    return ("live", "") if live.closed is not None and live.closed.verified else ("unverified", "not verified")


def _went_wrong(closed: Closed) -> bool:
    return closed.outcome in (Outcome.FAILED, Outcome.INTERRUPTED, Outcome.ROLLED_BACK)


def _failed(closed: Closed | None) -> str:
    return f"the last try, {closed.record.release}, ended as {closed.outcome.value}" if closed else ""


def _open(newest: Account, open_: OpenRecord | None) -> str:
    release = newest.opened.release
    if open_ is not None and open_.delivering is not None:
        return f"{release} is being delivered: {open_.delivering.delivery.percentage} % of readers have it"
    if open_ is not None and open_.staged is not None:
        return f"{release} is staged and waits for {', '.join(open_.staged.awaiting) or 'evidence'}"
    return f"{release} is under way, held by {newest.opened.holder.name}"


def events(accounts: Iterable[Account]) -> list[Event]:
    """Every record, newest first."""
    found = [
        Event(
            a.closed.closed_at if a.closed else a.opened.opened_at,
            a.opened.environment,
            a.opened.release,
            a.outcome,
            a.opened.previous_release,
            a.opened.risk,
            run_facts(a.opened, a.closed),
        )
        for a in accounts
    ]
    return sorted(found, key=lambda e: (e.at, e.environment, e.release), reverse=True)


def stretches(accounts: Iterable[Account]) -> list[Stretch]:
    """What was live how long, oldest first, of one use case in one environment."""
    endings = sorted(
        ((a.closed.closed_at, a.opened.seq, a) for a in accounts if a.closed and a.closed.outcome in DECIDES),
        key=lambda item: item[:2],
    )
    found: list[Stretch] = []
    for at, _, account in endings:
        if found and found[-1].end is None:
            found[-1] = Stretch(found[-1].release, found[-1].start, at)
        if account.outcome == Outcome.RELEASED:
            found.append(Stretch(account.opened.release, at, None))
    return found


def series(by_environment: Mapping[str, Sequence[Account]]) -> list[Series]:
    """Every metric that a record has a score of; of a release that was tried again the newest. ``accounts``: newest
    first."""
    points: dict[tuple[str, str], dict[int, Point]] = {}
    bounds: dict[tuple[str, str], str] = {}
    for environment, accounts in by_environment.items():
        for account in accounts:
            number = release_number(account.opened.release)
            for score in scores(account.closed.verdicts) if account.closed and number else ():
                place = (score.name, environment)
                points.setdefault(place, {}).setdefault(number, Point(account.opened.release, number, score.value))
                bounds.setdefault(place, score.bound)
    return [
        Series(metric, environment, bounds[metric, environment], tuple(found[n] for n in sorted(found)))
        for (metric, environment), found in sorted(points.items())
    ]


def release_number(release: str) -> int:
    """12 of ``r12``; 0 for what is no release."""
    return int(release[1:]) if release[:1] == "r" and release[1:].isdecimal() else 0


def in_order(environments: Mapping[str, str | None]) -> tuple[str, ...]:
    """Environments as releases pass them: each after the one that it promotes from. ``environments``: name -> that."""

    def depth(name: str) -> int:
        seen = {name}
        above = environments.get(name)
        while above is not None and above not in seen:
            seen.add(above)
            above = environments.get(above)
        return len(seen)

    return tuple(sorted(environments, key=lambda name: (depth(name), name)))
