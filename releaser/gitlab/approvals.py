"""Who agreed to a merge request, and what its rules ask for.

Facts of GitLab (docs.gitlab.com: merge request approvals API): who approved is told in every tier, when only by newer
versions (``approved_at``); rules are Premium, and answered 404 without it. A job token may read neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from releaser.gitlab import reading
from releaser.gitlab.api import Api
from releaser.gitlab.errors import GitlabError
from releaser.gitlab.reading import Row
from releaser.gitlab.users import User, user_in, users_in


@dataclass(frozen=True, slots=True)
class Approval:
    """One agreement. ``at``: None where GitLab does not say when."""

    user: User
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Approvals:
    """``required`` and ``left`` are 0 where the licence has no rules."""

    required: int
    left: int
    given: tuple[Approval, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule asks for."""

    id: int
    name: str
    type: str
    """``regular``, ``any_approver``, ``code_owner`` or ``report_approver``."""
    required: int
    eligible: tuple[User, ...]
    section: str = ""
    """Of CODEOWNERS."""


def approvals(api: Api, request: int) -> Approvals:
    """Who agreed to a merge request."""
    row = api.get(api.here("merge_requests", request, "approvals"))
    found = (_approval(item) for item in reading.rows(row, "approved_by"))
    return Approvals(
        reading.number(row, "approvals_required"),
        reading.number(row, "approvals_left"),
        tuple(approval for approval in found if approval is not None),
    )


def approval_rules(api: Api, request: int) -> tuple[Rule, ...] | None:
    """The rules of a merge request; None where there are none for this licence or token."""
    try:
        return tuple(_rule(row) for row in api.pages(api.here("merge_requests", request, "approval_rules")))
    except GitlabError as error:
        if error.status in (403, 404):
            return None
        raise


def _approval(row: Row) -> Approval | None:
    user = user_in(row, "user")
    return Approval(user, reading.moment(row, "approved_at")) if user else None


def _rule(row: Row) -> Rule:
    return Rule(
        reading.key(row),
        reading.text(row, "name"),
        reading.text(row, "rule_type"),
        reading.number(row, "approvals_required"),
        users_in(row, "eligible_approvers"),
        reading.text(row, "section"),
    )
