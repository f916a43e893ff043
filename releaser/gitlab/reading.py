"""Members of GitLab's replies as types. A member that is missing or null is empty; one of another type is an error."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from releaser.gitlab.errors import GitlabError

Row = Mapping[str, Any]


def text(row: Row, member: str) -> str:
    found = row.get(member)
    if found is None:
        return ""
    return found if isinstance(found, str) else _fail(member, "a text")


def number(row: Row, member: str) -> int:
    """0 where there is none."""
    found = row.get(member)
    if found is None:
        return 0
    return found if isinstance(found, int) and not isinstance(found, bool) else _fail(member, "a number")


def key(row: Row, member: str = "id") -> int:
    """A number that must be there."""
    return number(row, member) or _fail(member, "a number that must be there")


def flag(row: Row, member: str) -> bool:
    """GitLab means false by null (docs.gitlab.com: REST API)."""
    found = row.get(member)
    return bool(found) if found is None or isinstance(found, bool) else _fail(member, "true or false")


def moment(row: Row, member: str) -> datetime | None:
    """A time with its zone, in UTC; a day is its beginning."""
    said = text(row, member)
    if not said:
        return None
    try:
        found = datetime.fromisoformat(said)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return _fail(member, "a time")


def row(found: Row, member: str) -> Row | None:
    """An object inside another."""
    inner = found.get(member)
    if inner is None:
        return None
    return inner if isinstance(inner, dict) else _fail(member, "an object")


def rows(found: Row, member: str) -> tuple[Row, ...]:
    inner = found.get(member) or []
    if not isinstance(inner, list) or not all(isinstance(item, dict) for item in inner):
        return _fail(member, "a list of objects")
    return tuple(inner)


def texts(found: Row, member: str) -> tuple[str, ...]:
    inner = found.get(member) or []
    if not isinstance(inner, list) or not all(isinstance(item, str) for item in inner):
        return _fail(member, "a list of texts")
    return tuple(inner)


def _fail(member: str, what: str) -> NoReturn:
    raise GitlabError(f"GitLab's reply has a member {member!r} that is not {what}", code="L109")
