"""Pipelines and jobs. A job token may not ask for either (docs.gitlab.com: CI/CD job token)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from releaser.gitlab import reading
from releaser.gitlab.api import Api
from releaser.gitlab.reading import Row
from releaser.gitlab.users import User, user_in


@dataclass(frozen=True, slots=True)
class Pipeline:
    """``source``: what started it, as ``push``, ``schedule`` or ``merge_request_event``."""

    id: int
    status: str
    source: str
    ref: str
    commit: str
    url: str
    created: datetime | None


@dataclass(frozen=True, slots=True)
class Job:
    """``user``: who started it; a manual job has another one than its pipeline."""

    id: int
    name: str
    stage: str
    status: str
    commit: str
    url: str
    user: User | None
    started: datetime | None
    finished: datetime | None


def pipeline(api: Api, number: int) -> Pipeline:
    return _pipeline(api.get(api.here("pipelines", number)))


def pipelines_of(api: Api, commit: str) -> tuple[Pipeline, ...]:
    """Those of a commit, newest first."""
    return tuple(_pipeline(row) for row in api.pages(api.here("pipelines"), {"sha": commit, "sort": "desc"}))


def job(api: Api, number: int) -> Job:
    return _job(api.get(api.here("jobs", number)))


def _pipeline(row: Row) -> Pipeline:
    return Pipeline(
        reading.key(row),
        reading.text(row, "status"),
        reading.text(row, "source"),
        reading.text(row, "ref"),
        reading.text(row, "sha"),
        reading.text(row, "web_url"),
        reading.moment(row, "created_at"),
    )


def _job(row: Row) -> Job:
    return Job(
        reading.key(row),
        reading.text(row, "name"),
        reading.text(row, "stage"),
        reading.text(row, "status"),
        reading.text(reading.row(row, "commit") or {}, "id"),
        reading.text(row, "web_url"),
        user_in(row, "user"),
        reading.moment(row, "started_at"),
        reading.moment(row, "finished_at"),
    )
