"""Comments of a merge request, which GitLab calls notes.

Facts of GitLab: a job token may only read them (lib/api/notes.rb: only GET has ``job_token_allowed``); comments and
what GitLab itself tells (``system``) stand in one list; ``notes_create`` has a rate limit of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from releaser.gitlab import reading
from releaser.gitlab.api import Api
from releaser.gitlab.errors import ReplyLost
from releaser.gitlab.reading import Row
from releaser.gitlab.users import User, user_in


@dataclass(frozen=True, slots=True)
class Note:
    """One comment."""

    id: int
    body: str
    author: User | None
    is_system: bool
    """GitLab's own line, not a comment."""
    created: datetime | None
    updated: datetime | None


def notes(api: Api, request: int) -> tuple[Note, ...]:
    """Every comment of a merge request, oldest first, without GitLab's own lines."""
    rows = api.pages(_place(api, request), {"sort": "asc", "order_by": "created_at"})
    return tuple(note for note in map(_note, rows) if not note.is_system)


def create_note(api: Api, request: int, body: str, marker: str, author: int) -> Note:
    """A new comment that begins with ``marker``, once.

    Where the answer is lost, the author's comments are looked through for the marker before it is sent again; lost
    twice, it is an error. Raises ReplyLost, GitlabError.
    """
    if not marker or not body.startswith(marker):
        raise ValueError("a comment begins with its marker")
    try:
        return _create(api, request, body)
    except ReplyLost:
        return marked_note(api, request, marker, author) or _create(api, request, body)


def marked_note(api: Api, request: int, marker: str, author: int) -> Note | None:
    """The author's oldest comment that begins with ``marker``: nobody else's counts, whatever it begins with."""
    found = (n for n in notes(api, request) if n.author is not None and n.author.id == author)
    return next((note for note in found if note.body.startswith(marker)), None)


def put_note(api: Api, request: int, body: str, marker: str, author: int, *, makes: bool = True) -> str:
    """Brings the author's comment that begins with ``marker`` to this text: ``made``, ``updated``, ``as before``, or
    ``none`` where there is none and none is to be made. Raises ReplyLost, GitlabError."""
    found = marked_note(api, request, marker, author)
    if found is None:
        if makes:
            create_note(api, request, body, marker, author)
        return "made" if makes else "none"
    if found.body.rstrip() == body.rstrip():  # GitLab keeps no blanks at the end
        return "as before"
    update_note(api, request, found.id, body)
    return "updated"


def update_note(api: Api, request: int, note: int, body: str) -> Note:
    """Another text; nobody is mailed."""
    return _note(api.put((*_place(api, request), note), {"body": body}))


def _create(api: Api, request: int, body: str) -> Note:
    return _note(api.post(_place(api, request), {"body": body}))


def _place(api: Api, request: int) -> tuple[str | int, ...]:
    return api.here("merge_requests", request, "notes")


def _note(row: Row) -> Note:
    return Note(
        reading.key(row),
        reading.text(row, "body"),
        user_in(row, "author"),
        reading.flag(row, "system"),
        reading.moment(row, "created_at"),
        reading.moment(row, "updated_at"),
    )
