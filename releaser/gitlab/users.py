"""People and bots, and who the token is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from releaser.gitlab import reading
from releaser.gitlab.api import Api
from releaser.gitlab.errors import GitlabError
from releaser.gitlab.reading import Row


@dataclass(frozen=True, slots=True)
class User:
    """``name``: the one that stands behind ``@``."""

    id: int
    name: str
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a personal, project or group access token says of itself."""

    name: str
    user: int
    scopes: tuple[str, ...]
    is_active: bool
    expires: datetime | None
    """The first moment at which it is no longer good."""


def user_of(row: Row) -> User:
    """A user inside another reply."""
    return User(reading.key(row), reading.text(row, "username"), reading.text(row, "state") in ("", "active"))


def user_in(row: Row, member: str) -> User | None:
    """The user in a member; None where nobody is."""
    found = reading.row(row, member)
    return user_of(found) if found else None


def users_in(row: Row, member: str) -> tuple[User, ...]:
    return tuple(user_of(found) for found in reading.rows(row, member))


def find_user(api: Api, name: str) -> User | None:
    """The user of that name, without ``@``; GitLab compares without regard to case."""
    return next((user_of(row) for row in api.pages(("users",), {"username": name})), None)


def who_am_i(api: Api) -> User:
    """Whose the token is: a project access token has a bot user of its own."""
    return user_of(api.get(("user",)))


def own_token(api: Api) -> TokenFacts:
    """What the token may do, and until when; a job token has no such page (401)."""
    row = api.get(("personal_access_tokens", "self"))
    return TokenFacts(
        reading.text(row, "name"),
        reading.key(row, "user_id"),
        reading.texts(row, "scopes"),
        reading.flag(row, "active") and not reading.flag(row, "revoked"),
        reading.moment(row, "expires_at"),
    )


def role_in(api: Api, user: int) -> int:
    """The level of somebody's role in the project, also by a group; 0: none."""
    return reading.number(api.find(api.here("members", "all", user)) or {}, "access_level")


def members_of(api: Api, group: str) -> tuple[User, ...] | None:
    """The members of a group, also by a group above it; None where the token may not read them, or there is none."""
    try:
        return tuple(user_of(row) for row in api.pages(("groups", group, "members", "all")))
    except GitlabError as error:
        if error.status in (401, 403, 404):
            return None
        raise
