"""Environments of GitLab and what was deployed to them. A job token may read and write all of it.

Facts of GitLab (docs.gitlab.com: deployments API): ``approvals`` stand in the whole deployment, where the unified
setting of approvals is used, ``approval_summary`` where rules are; both are Premium. A deployment that a job made has
its status from the job.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from releaser.gitlab import reading
from releaser.gitlab.api import Api
from releaser.gitlab.reading import Row
from releaser.gitlab.users import User, user_in

Status = Literal["running", "success", "failed", "canceled"]


@dataclass(frozen=True, slots=True)
class Environment:
    """``tier``: ``production``, ``staging``, ``testing``, ``development`` or ``other``."""

    id: int
    name: str
    tier: str
    state: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """What somebody said to a deployment: ``approved`` or ``rejected``."""

    user: User
    status: str
    at: datetime | None
    comment: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """``job``: 0 where no job made it. ``pending``: agreements that it waits for."""

    id: int
    status: str
    environment: str
    ref: str
    commit: str
    user: User | None
    job: int
    created: datetime | None
    updated: datetime | None
    pending: int
    agreements: tuple[Agreement, ...]


def environments(api: Api) -> tuple[Environment, ...]:
    return tuple(
        Environment(reading.key(row), reading.text(row, "name"), reading.text(row, "tier"), reading.text(row, "state"))
        for row in api.pages(api.here("environments"))
    )


def deployments(api: Api, environment: str, status: str = "") -> Iterator[Deployment]:
    """Those to one environment, newest first, read as far as is asked for; without agreements."""
    query = {"environment": environment, "order_by": "id", "sort": "desc", **({"status": status} if status else {})}
    yield from map(_deployment, api.pages(api.here("deployments"), query))


def deployment(api: Api, number: int) -> Deployment:
    """One with its agreements."""
    return _deployment(api.get(api.here("deployments", number)))


def _deployment(row: Row) -> Deployment:
    return Deployment(
        reading.key(row),
        reading.text(row, "status"),
        reading.text(reading.row(row, "environment") or {}, "name"),
        reading.text(row, "ref"),
        reading.text(row, "sha"),
        user_in(row, "user"),
        reading.number(reading.row(row, "deployable") or {}, "id"),
        reading.moment(row, "created_at"),
        reading.moment(row, "updated_at"),
        reading.number(row, "pending_approval_count"),
        tuple(_agreements(row)),
    )


def _agreements(row: Row) -> Iterator[Agreement]:
    rules = reading.rows(reading.row(row, "approval_summary") or {}, "rules")
    places = [(row, "approvals"), *((rule, "deployment_approvals") for rule in rules)]
    found: dict[int, Agreement] = {}
    for place, member in places:
        for item in reading.rows(place, member):
            if (user := user_in(item, "user")) is not None:
                said = reading.text(item, "status"), reading.moment(item, "created_at"), reading.text(item, "comment")
                found.setdefault(user.id, Agreement(user, *said))  # one agreement a person; both places may tell it
    yield from found.values()
