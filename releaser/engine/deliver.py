"""Content to its readers by a job: store a version, start one job, watch it. For kinds with a ``delivery``.

Killed at any line and run again it looks first: the newest job that carries our description is ours, whatever became
of it, and none is started beside it. AWS lets one job run in an environment at a time, and a start names the job
that it comes after, so two runs never start two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from releaser.core.delivery import ALL_AT_ONCE
from releaser.core.errors import Awaiting, AwsError, Failure, Refused, ReleaserError
from releaser.core.graph import version_label
from releaser.core.kind import Delivery, Kind, Rollout
from releaser.core.outcome import ROLLED_BACK, UNDERWAY
from releaser.core.record import Delivery as OnItsWay
from releaser.core.values import FrozenMap, freeze
from releaser.engine.paging import pages, promised
from releaser.engine.ports import Aws, Clock
from releaser.engine.reading import split_id

_ATTEMPTS = 5
Job = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be delivered, and how. ``label`` tells our job from every other: the same in every try of a run."""

    label: str
    rollout: Rollout
    content: FrozenMap
    """The body's delivered members."""
    goes_back: bool = False
    """What runs is stopped for it, whoever began it."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How long a job is watched (``is_over``: no longer), and who is told how far it is."""

    is_over: Callable[[], bool]
    tell: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Delivered:
    """All readers have it. ``facts``: what the record keeps."""

    said: str
    facts: Mapping[str, Any]


class Underway(Awaiting):
    """The job runs on in AWS. A later run finds it by its number."""

    def __init__(self, message: str, delivery: OnItsWay) -> None:
        super().__init__(message, code=UNDERWAY, hint="run the same command again: it continues, and records the end")
        self.delivery = delivery


class RolledBack(ReleaserError):
    """The job was rolled back: readers have what they had before. ``delivery`` is what the record keeps of it."""

    def __init__(self, message: str, delivery: Mapping[str, Any]) -> None:
        hint = "find out why, and merge a change or a revert: this content is held until then"
        super().__init__(message, code=ROLLED_BACK, hint=hint)
        self.delivery = delivery


@dataclass(frozen=True, slots=True)
class _Place:
    """One environment that content is delivered to."""

    kind: Kind
    how: Delivery
    parent: str
    own: str

    @property
    def params(self) -> dict[str, Any]:
        return {str(self.kind.calls.parent_in): self.parent, self.how.place_in: self.own}


def _place(kind: Kind, id_: str) -> _Place:
    if kind.delivery is None:
        raise TypeError(f"nothing is delivered to a {kind.name}")
    return _Place(kind, kind.delivery, *split_id(kind, id_))


class Deliverer:
    """Stores content, starts jobs, and tells what is live. ``first`` and ``longest``: pauses in seconds."""

    def __init__(self, aws: Aws, clock: Clock, *, first: float, longest: float) -> None:
        self._aws = aws
        self._clock = clock
        self._first = first
        self._longest = longest

    # -- reading

    def mark(self, kind: Kind, id_: str) -> str:
        """What moves with every job: number, state and version of the newest. Empty where there was none."""
        place = _place(kind, id_)
        latest = self._latest(place)
        return "" if latest is None else f"#{latest[place.how.job]} {_state(place, latest)} {_version_of(latest)}"

    def held(self, kind: Kind, id_: str) -> FrozenMap:
        """The delivered members as readers have them without the job that runs, and what that one brings; empty where
        nothing was delivered."""
        place = _place(kind, id_)
        latest = self._latest(place)
        runs = latest is not None and _state(place, latest) in place.how.status.pending
        brings = {place.how.underway: label_of(latest)} if runs and latest is not None else {}
        live = self._live(place) if latest is not None else None
        if live is None:
            return FrozenMap(brings)
        holder = str(live[place.how.holder_in])
        content = self._content(place, holder, _version_of(live))
        return FrozenMap({place.how.holder_in: holder, place.how.member: freeze(place.how.decode(content)), **brings})

    def job(self, kind: Kind, id_: str, number: int) -> Job:
        """One job by its number."""
        place = _place(kind, id_)
        return self._aws.call(kind.service, place.how.get, {**place.params, place.how.job: number})

    def facts_of(self, kind: Kind, id_: str, number: int) -> dict[str, Any]:
        """What a record keeps of a job, by its number."""
        return facts(_place(kind, id_).how, self.job(kind, id_, number))

    def _latest(self, place: _Place) -> Job | None:
        request = {**place.params, place.kind.calls.page_size_in: 1}
        reply = self._aws.call(place.kind.service, place.how.jobs, request)
        rows = promised(place.kind, place.how.jobs, reply, place.how.jobs_root)
        return rows[0] if rows else None

    def _live(self, place: _Place) -> Job | None:
        """The newest job that is complete, of rows that come newest first."""
        for row in pages(self._aws, place.kind, place.how.jobs, place.how.jobs_root, place.params):
            if _state(place, row) in place.how.status.ready:
                return row
        return None

    def _content(self, place: _Place, holder: str, version: str) -> bytes:
        request = {**self._holder(place, holder), "VersionNumber": int(version)}
        content = self._aws.call(place.kind.service, place.how.read, request).get("Content", b"")
        return bytes(content.read() if hasattr(content, "read") else content)

    def _holder(self, place: _Place, holder: str) -> dict[str, Any]:
        return {str(place.kind.calls.parent_in): place.parent, place.how.holder_in: holder}

    # -- writing

    def deliver(self, kind: Kind, id_: str, order: Order, watch: Watch, expect: Callable[[], bool]) -> Delivered:
        """Bring content to its readers. ``expect`` is asked before a job is started: whether they have it already. It
        raises when what is live is not what the plan saw.

        Raises Underway when the job outlasts the watch, RolledBack when it was rolled back, Refused when somebody
        else's job runs.
        """
        place = _place(kind, id_)
        for attempt in range(1, _ATTEMPTS + 1):
            ours = self._ours(place, order, watch)
            if ours is not None:
                return self._watched(place, ours, watch)
            if expect():
                return Delivered("readers have it already", {})
            latest = self._latest(place)
            version = self._stored(place, order)
            try:
                ours = self._start(place, order, version, latest)
            except AwsError as error:
                # A conflict: another job began meanwhile. A lost answer: ours may have.
                if error.failure not in (Failure.AMBIGUOUS, Failure.CONFLICT) or attempt == _ATTEMPTS:
                    raise
                continue
            return self._watched(place, ours, watch)
        raise AssertionError("unreachable")

    def _ours(self, place: _Place, order: Order, watch: Watch) -> Job | None:
        """The newest job, when it is ours. Another one that runs is waited for as long as the watch lasts."""
        pause = self._first
        while (latest := self._latest(place)) is not None:
            number = int(latest[place.how.job])
            job = self._aws.call(place.kind.service, place.how.get, {**place.params, place.how.job: number})
            if job.get("Description") == order.label:
                return job
            if _state(place, job) not in place.how.status.pending:
                return None
            if order.goes_back and _state(place, job) != "ROLLING_BACK":
                self._stop(place, number)
                continue
            if watch.is_over():
                raise Refused(
                    f"deployment {number} in {place.parent}/{place.own} is {_state(place, job)}, and this run did not "
                    "start it: AWS runs one at a time",
                    code="P357",
                    hint="run the same command again when it has ended, or stop it in AppConfig",
                )
            watch.tell(f"waiting for deployment {number}, which another run or somebody else started")
            self._clock.sleep(pause)
            pause = min(self._longest, pause * 1.5)
        return None

    def _stop(self, place: _Place, number: int) -> None:
        """Take a job back that runs. One that has ended meanwhile is seen by the next look."""
        request = {**place.params, place.how.job: number, "AllowRevert": True}
        try:
            self._aws.call(place.kind.service, place.how.stop, request)
        except AwsError as error:
            if error.failure not in (Failure.AMBIGUOUS, Failure.CONFLICT, Failure.INVALID):
                raise
            self._clock.sleep(self._first)

    def _stored(self, place: _Place, order: Order) -> str:
        """The version that holds the content, stored now unless an earlier try has."""
        how, document = place.how, order.content[place.how.member]
        holder, content = str(order.content[how.holder_in]), how.encode(document)
        label, said = how.label(document), version_label(hashlib.sha256(content).hexdigest())
        found, is_free = self._version(place, holder, label, said)
        if found is None:
            request = {
                **self._holder(place, holder),
                "Content": content,
                "ContentType": how.content_type,
                "Description": said,
                **({"VersionLabel": label} if is_free else {}),
            }
            try:
                reply = self._aws.call(place.kind.service, how.store, request)
                return str(promised(place.kind, how.store, reply, "VersionNumber"))
            except AwsError as error:
                if error.failure not in (Failure.AMBIGUOUS, Failure.CONFLICT):
                    raise
                found, _ = self._version(place, holder, label, said)
                if found is None:
                    raise
        if self._content(place, holder, found) != content:
            raise ReleaserError(
                f"version {found} of {place.parent}/{holder} says {said} of itself and holds something else",
                code="P358",
                hint="delete that version in AppConfig; the next run stores it anew",
            )
        return found

    def _version(self, place: _Place, holder: str, label: str, said: str) -> tuple[str | None, bool]:
        """The number of the version whose description tells of these bytes, and whether the label is free. Nobody can
        change a label, and a version that has it may hold what the release was before something was made anew."""
        params = self._holder(place, holder)
        rows = list(
            pages(self._aws, place.kind, place.how.list, place.how.list_root, {**params, "VersionLabel": label})
        )
        taken = [r for r in rows if r.get("VersionLabel") == label]  # AWS's filter also takes a part of it
        if taken and not any(r.get("Description") == said for r in taken):
            taken = list(pages(self._aws, place.kind, place.how.list, place.how.list_root, params))
        found = next((str(r["VersionNumber"]) for r in taken if r.get("Description") == said), None)
        return found, not taken

    def _start(self, place: _Place, order: Order, version: str, latest: Job | None) -> Job:
        how = place.how
        # Where nothing was delivered yet the others would have nothing at all.
        rollout = order.rollout if self._live(place) is not None else ALL_AT_ONCE
        request = {
            **place.params,
            "DeploymentStrategyId": self._strategy(place, rollout),
            how.holder_in: str(order.content[how.holder_in]),
            "ConfigurationVersion": version,
            "Description": order.label,
        }
        if latest is not None:
            request["LatestDeploymentNumber"] = int(latest[how.job])
        reply = self._aws.call(place.kind.service, how.start, request)
        promised(place.kind, how.start, reply, how.job)
        return reply

    def _strategy(self, place: _Place, wanted: Rollout) -> str:
        """AWS's own, or ours: shared by all who want the same, named by what it is, and never deleted."""
        if wanted.predefined:
            return wanted.predefined
        name = f"releaser-{wanted.growth.lower()}-{wanted.factor:g}-{wanted.minutes}-{wanted.bake}"
        how = place.how
        for row in pages(self._aws, place.kind, how.strategies, how.strategies_root, {}):
            if row.get("Name") == name and _is(row, wanted):
                return str(row["Id"])
        request = {
            "Name": name,
            "Description": "Made by releaser; shared by every use case that asks for it.",
            "DeploymentDurationInMinutes": wanted.minutes,
            "FinalBakeTimeInMinutes": wanted.bake,
            "GrowthFactor": wanted.factor,
            "GrowthType": wanted.growth,
            "ReplicateTo": "NONE",
        }
        return str(
            promised(
                place.kind, how.make_strategy, self._aws.call(place.kind.service, how.make_strategy, request), "Id"
            )
        )

    # -- watching

    def _watched(self, place: _Place, job: Job, watch: Watch) -> Delivered:
        """The end of a job in a sentence. Raises when it was taken back, or outlasts the watch."""
        pause, told = self._first, ""
        while (state := _state(place, job)) in place.how.status.pending:
            said = progress(place.how, job)
            if said != told:
                watch.tell(said)
                told = said
            if watch.is_over():
                raise Underway(f"{said}; it goes on in AWS", on_its_way(place.how, place.parent, place.own, job))
            self._clock.sleep(pause)
            pause = min(self._longest, pause * 1.5)
            job = self._aws.call(
                place.kind.service, place.how.get, {**place.params, place.how.job: int(job[place.how.job])}
            )
        if state not in place.how.status.ready:
            raise RolledBack(what_took_back(place.how, job), facts(place.how, job))
        said = f"deployment {job[place.how.job]} is complete: all readers have {label_of(job)}"
        return Delivered(said, facts(place.how, job))


def rolled_back(kind: Kind, job: Job) -> RolledBack:
    """What a job that was taken back means for a run."""
    if kind.delivery is None:
        raise TypeError(f"nothing is delivered to a {kind.name}")
    return RolledBack(what_took_back(kind.delivery, job), facts(kind.delivery, job))


def _state(place: _Place, job: Job) -> str:
    return str(job.get(place.how.status.member, ""))


def _version_of(job: Job) -> str:
    return str(job.get("ConfigurationVersion", ""))


def label_of(job: Job) -> str:
    """The label of the version that a job delivers; its number where it has none."""
    return str(job.get("VersionLabel") or f"version {_version_of(job)}")


def _is(row: Mapping[str, Any], wanted: Rollout) -> bool:
    seen = (row.get("DeploymentDurationInMinutes"), row.get("FinalBakeTimeInMinutes", 0), row.get("GrowthType"))
    return seen == (wanted.minutes, wanted.bake, wanted.growth) and float(row.get("GrowthFactor", 0)) == wanted.factor


def percentage(job: Job) -> int:
    """How many of a hundred readers get the new content, by AWS's own number."""
    return int(float(job.get("PercentageComplete") or 0))


def ends_about(job: Job) -> datetime | None:
    """When a job will end if nothing takes it back."""
    started = job.get("StartedAt")
    minutes = int(job.get("DeploymentDurationInMinutes") or 0) + int(job.get("FinalBakeTimeInMinutes") or 0)
    return started + timedelta(minutes=minutes) if isinstance(started, datetime) else None


def progress(how: Delivery, job: Job) -> str:
    """How far a job is, in a sentence."""
    end = ends_about(job)
    until = f", ends about {end.astimezone().strftime('%H:%M')}" if end else ""
    return f"{percentage(job)} % of readers get {label_of(job)} ({job.get(how.status.member)}{until})"


def on_its_way(how: Delivery, application: str, environment: str, job: Job) -> OnItsWay:
    """What the record keeps of a job that runs."""
    return OnItsWay(
        application=application,
        environment=environment,
        deployment=int(job[how.job]),
        strategy=str(job.get("DeploymentStrategyId", "")),
        percentage=percentage(job),
        ends_about=ends_about(job),
    )


def facts(how: Delivery, job: Job) -> dict[str, Any]:
    """What a record keeps of a job that has ended."""
    alarm = alarm_in(job)
    return {
        "deployment": int(job[how.job]),
        "strategy": str(job.get("DeploymentStrategyId", "")),
        "state": str(job.get(how.status.member, "")),
        "version": label_of(job),
        **({"alarm": alarm} if alarm else {}),
        **({"by": by} if (by := _who(job)) else {}),
    }


def alarm_in(job: Job) -> str:
    """The ARN of the alarm that took a job back, as its events tell."""
    for event in job.get("EventLog") or ():
        if event.get("TriggeredBy") == "CLOUDWATCH_ALARM":
            words = str(event.get("Description", "")).replace(",", " ").split()
            arns = [w.strip("'\"().;[]") for w in words if ":alarm:" in w]
            return arns[0] if arns else "a CloudWatch alarm"
    return ""


def _who(job: Job) -> str:
    """Who began to take a job back: USER, CLOUDWATCH_ALARM, ..."""
    taken = ("ROLLBACK_STARTED", "ROLLBACK_COMPLETED", "REVERT_COMPLETED")
    return next((str(e.get("TriggeredBy", "")) for e in job.get("EventLog") or () if e.get("EventType") in taken), "")


def what_took_back(how: Delivery, job: Job) -> str:
    """What took a job back, in a sentence."""
    alarm, who = alarm_in(job), _who(job)
    by = f"by the alarm {alarm}" if alarm else "by hand" if who == "USER" else "by AppConfig"
    verb = "was reverted" if job.get(how.status.member) == "REVERTED" else "was rolled back"
    return f"deployment {job[how.job]} of {label_of(job)} {verb} {by}: readers have what they had before"
