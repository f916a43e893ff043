"""What a project protects: branches, tags, environments, and when it is frozen. For checks; nothing is written.

Facts of GitLab: levels are 0 nobody, 30 developers, 40 maintainers, 60 administrators; protected environments are
Premium (docs.gitlab.com: protected branches, tags and environments API). Freeze periods are for maintainers.
"""

from __future__ import annotations

from dataclasses import dataclass

from releaser.gitlab import reading
from releaser.gitlab.api import Api
from releaser.gitlab.errors import GitlabError
from releaser.gitlab.reading import Row


@dataclass(frozen=True, slots=True)
class Access:
    """One entry of who may: a role by its level, or one person or group by number; 0 where it is not that."""

    level: int
    user: int
    group: int
    said: str
    """GitLab's own words."""


@dataclass(frozen=True, slots=True)
class ProtectedBranch:
    """``name`` may have wildcards."""

    name: str
    push: tuple[Access, ...]
    merge: tuple[Access, ...]
    allows_force_push: bool
    needs_owners: bool
    """Code owners must agree (Premium)."""


@dataclass(frozen=True, slots=True)
class ProtectedTag:
    """``name`` may have wildcards."""

    name: str
    create: tuple[Access, ...]


@dataclass(frozen=True, slots=True)
class ProtectedEnvironment:
    """``approvals``: how many must agree to a deployment, over all rules."""

    name: str
    deploy: tuple[Access, ...]
    approvals: int


@dataclass(frozen=True, slots=True)
class FreezePeriod:
    """From one cron moment to another."""

    start: str
    end: str
    timezone: str


def protected_branches(api: Api) -> tuple[ProtectedBranch, ...]:
    return tuple(
        ProtectedBranch(
            reading.text(row, "name"),
            _access(row, "push_access_levels"),
            _access(row, "merge_access_levels"),
            reading.flag(row, "allow_force_push"),
            reading.flag(row, "code_owner_approval_required"),
        )
        for row in api.pages(api.here("protected_branches"))
    )


def protected_tags(api: Api) -> tuple[ProtectedTag, ...]:
    rows = api.pages(api.here("protected_tags"))
    return tuple(ProtectedTag(reading.text(row, "name"), _access(row, "create_access_levels")) for row in rows)


def protected_environments(api: Api) -> tuple[ProtectedEnvironment, ...] | None:
    """None where the licence has none, or the token may not see them."""
    try:
        rows = tuple(api.pages(api.here("protected_environments")))
    except GitlabError as error:
        if error.status in (403, 404):
            return None
        raise
    return tuple(
        ProtectedEnvironment(reading.text(row, "name"), _access(row, "deploy_access_levels"), _approvals(row))
        for row in rows
    )


def freeze_periods(api: Api) -> tuple[FreezePeriod, ...]:
    return tuple(
        FreezePeriod(
            reading.text(row, "freeze_start"),
            reading.text(row, "freeze_end"),
            reading.text(row, "cron_timezone") or "UTC",
        )
        for row in api.pages(api.here("freeze_periods"))
    )


def _access(row: Row, member: str) -> tuple[Access, ...]:
    return tuple(
        Access(
            reading.number(item, "access_level"),
            reading.number(item, "user_id"),
            reading.number(item, "group_id"),
            reading.text(item, "access_level_description"),
        )
        for item in reading.rows(row, member)
    )


def _approvals(row: Row) -> int:
    by_rule = sum(reading.number(rule, "required_approvals") for rule in reading.rows(row, "approval_rules"))
    return by_rule or reading.number(row, "required_approval_count")
