"""Content into the items of a part: one job after the other, each told by the label in its description.

Killed at any line and run again it looks first: a job with our label that is complete is done, one that runs is waited
for, and a repeated start carries the token of the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.errors import AwsError, Failure, Refused, ReleaserError
from releaser.core.ingested import UNPROVEN, failed_documents, held, label, told
from releaser.core.kind import Ingestion, Kind, Pin
from releaser.core.values import FrozenMap, thaw
from releaser.engine.buckets import Buckets
from releaser.engine.paging import pages, promised
from releaser.engine.ports import Aws, Clock
from releaser.engine.waiting import Waiting


@dataclass(frozen=True, slots=True)
class _Place:
    """One item that takes content."""

    kind: Kind
    how: Ingestion
    owner: str
    item: str

    @property
    def params(self) -> dict[str, Any]:
        return {self.how.owner_in: self.owner, self.how.item_in: self.item}


class Ingester:
    """Reads and starts ingestion jobs. ``limit`` is how long one job is waited for, in seconds."""

    def __init__(self, aws: Aws, clock: Clock, buckets: Buckets, *, limit: float, first: float, longest: float) -> None:
        self._aws = aws
        self._clock = clock
        self._buckets = buckets
        self._limit = limit
        self._first = first
        self._longest = longest

    def held(self, kind: Kind, id_: str, names: Collection[str]) -> FrozenMap:
        """Item -> what it holds, as its latest job tells; an item that never had a job is left out."""
        found = {}
        for name, place in self._places(kind, id_).items():
            job = self._latest(place) if name in names else None
            if job is not None:
                found[name] = held(place.how, job)
        return FrozenMap(found)

    def ingest(self, kind: Kind, id_: str, pins: Collection[Pin], token: str) -> str:
        """Bring in what is pinned, where it is not there yet. Returns the statistics, for people.

        Raises Refused when the bucket is not as pinned, before a job or after it, ReleaserError when a job failed or
        takes too long.
        """
        places = self._places(kind, id_)
        said = []
        for pin in sorted(pins, key=lambda p: p.item):
            if pin.item not in places:
                raise ReleaserError(f"{kind.name} {id_} has no {pin.item} to bring content into", code="P191")
            said.append(f"{pin.item}: {self._bring(places[pin.item], pin, token)}")
        return "; ".join(said)

    def _places(self, kind: Kind, id_: str) -> dict[str, _Place]:
        how = kind.ingestion
        if how is None:
            raise TypeError(f"{kind.name} takes no content")
        part = next(p for p in kind.parts if p.member == how.part)
        rows = pages(self._aws, kind, part.list, part.list_root, {part.owner_in: id_})
        return {str(row[part.key]): _Place(kind, how, id_, str(row[part.id])) for row in rows}

    def _latest(self, place: _Place) -> Mapping[str, Any] | None:
        """The job that started last, of the first page."""
        how = place.how
        request = {**place.params, **thaw(how.newest_first), place.kind.calls.page_size_in: 1}
        reply = self._aws.call(place.kind.service, how.list, request)
        rows = promised(place.kind, how.list, reply, how.list_root)
        return rows[0] if rows else None

    def _job(self, place: _Place, job: str) -> Mapping[str, Any]:
        how = place.how
        reply = self._aws.call(place.kind.service, how.get, {**place.params, how.id: job})
        found: Mapping[str, Any] = promised(place.kind, how.get, reply, how.root)
        return found

    def _bring(self, place: _Place, pin: Pin, token: str) -> str:
        how = place.how
        waiting = self._waiting()
        started = ""
        while True:
            found = self._job(place, started) if started else self._latest(place)
            job = self._ended(place, pin, found, waiting) if found is not None else None
            after = str(job[how.id]) if job is not None else ""
            if job is not None and _claims(place, pin, job):
                self._prove_again(place, pin, token, after)
            if job is not None and self._holds(place, pin, job, is_ours_now=job[how.id] == started):
                return told(job.get(how.statistics) or {})
            self._buckets.prove(pin)
            try:
                started = self._start(place, pin, token, label(pin), after)
            except AwsError as error:
                self._pause(error, waiting)

    def _prove_again(self, place: _Place, pin: Pin, token: str, after: str) -> None:
        """A job looks at the bucket whenever it likes: where that is not as pinned after it, its label may be false.

        Nobody can change a job's description, so a later job takes the claim away: what an item holds is told by its
        latest one.
        """
        try:
            self._buckets.prove(pin)
        except ReleaserError as error:
            said = f"{error}; looked at after the ingestion job {after}: what it brought in is unknown"
            try:
                self._disown(place, pin, token, after)
            except AwsError as other:
                said += f", and its description still claims otherwise: no later job could be started ({other})"
            raise Refused(said, code=error.code, hint=error.hint) from error

    def _disown(self, place: _Place, pin: Pin, token: str, after: str) -> None:
        waiting = self._waiting()
        while True:
            try:
                self._start(place, pin, token, UNPROVEN, after)
                return
            except AwsError as error:
                self._pause(error, waiting)

    def _pause(self, error: AwsError, waiting: Waiting) -> None:
        """Before another try to start a job. Raises what AWS said when nothing is to be hoped for, or no longer."""
        if not _is_busy(error) or waiting.has_ended:
            raise error
        waiting.pause(str(error))

    def _waiting(self) -> Waiting:
        return Waiting(self._clock, self._limit, first=self._first, longest=self._longest)

    def _holds(self, place: _Place, pin: Pin, job: Mapping[str, Any], *, is_ours_now: bool) -> bool:
        """Whether the job brought in what is pinned. Raises when it was to and did not."""
        how = place.how
        complete = job[how.status.member] in how.status.ready
        failed = failed_documents(how, job)
        if _claims(place, pin, job) and failed <= pin.max_failed:
            return True
        if not is_ours_now:
            return False
        numbers = told(job.get(how.statistics) or {})
        ask = f"`aws {place.kind.service} get-ingestion-job` with {_ids(place, job)} says why"
        if not complete:
            said = f"{pin.item}: the ingestion job ended as {job[how.status.member]} ({numbers})"
            raise ReleaserError(said, code="P181", hint=f"{ask}; the next run tries again")
        raise ReleaserError(
            f"{pin.item}: {failed:,} documents were not ingested, and {pin.max_failed:,} may fail ({numbers})",
            code="P182",
            hint=f"{ask}; mend the documents, or raise maxFailed in the manifest",
        )

    def _ended(self, place: _Place, pin: Pin, job: Mapping[str, Any], waiting: Waiting) -> Mapping[str, Any]:
        """The job when it runs no longer, whoever started it."""
        how = place.how
        while job[how.status.member] not in how.status.ready | how.status.failed:
            waiting.pause(
                f"{pin.item}: the ingestion job {job[how.id]} is still {job[how.status.member]} after "
                f"{waiting.limit / 60:.0f} minutes",
                hint="it goes on in AWS; run the same command again: it continues from what it finds",
            )
            job = self._job(place, str(job[how.id]))
        return job

    def _start(self, place: _Place, pin: Pin, token: str, said: str, after: str) -> str:
        """Start a job. The token knows the job before it: sent again it is the same job, tried again another."""
        how = place.how
        key = hashlib.sha256("\0".join((token, pin.item, said, after)).encode()).hexdigest()
        request = {**place.params, how.label_in: said, how.token: key}
        reply = self._aws.call(place.kind.service, how.start, request)
        return str(promised(place.kind, how.start, reply, how.root)[how.id])


def _claims(place: _Place, pin: Pin, job: Mapping[str, Any]) -> bool:
    """Whether a job is complete under our label, whatever failed: a limit that is raised later accepts it."""
    how = place.how
    return job[how.status.member] in how.status.ready and job.get(how.label_in) == label(pin)


def _is_busy(error: AwsError) -> bool:
    """One job in a knowledge base and five in an account at a time: another one is running."""
    return error.failure in (Failure.CONFLICT, Failure.QUOTA)


def _ids(place: _Place, job: Mapping[str, Any]) -> str:
    ids = {**place.params, place.how.id: job[place.how.id]}
    return ", ".join(f"{name} {value}" for name, value in ids.items())
