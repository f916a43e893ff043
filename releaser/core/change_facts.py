"""Who changed what, who agreed, and why: what the record keeps of the way from a merge request to a run. Pure.

Everything here is told by GitLab or by git, so it is data and proves nothing by itself; what is not known stays
empty, nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from releaser.core.proof.objects import Text
from releaser.core.shape import OPTIONAL

_REFERENCE = re.compile(r"^See merge request ([\w./-]+)!([0-9]+)$", re.MULTILINE)
_CLOSES = re.compile(r"^Closes ([^\n]{1,200})$", re.MULTILINE)
_PERSON = re.compile(r"(.*) <([^<>]*)> ([0-9]{1,12}) [+-][0-9]{4}")
_TICKETS = ("Ticket", "Change-Request", "Refs")
_AUTHORS = ("Merge-Request-Author", "Author")
_LONGEST = 200

Segregation = Literal["checked", "unenforced", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Somebody's yes."""

    by: str
    at: datetime | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFacts:
    """The change that a run applies."""

    merge_request: str = field(default="", metadata=OPTIONAL)
    """As GitLab writes it: ``group/project!12``."""
    link: str = field(default="", metadata=OPTIONAL)
    merge_commit: str = field(default="", metadata=OPTIONAL)
    merged_at: datetime | None = field(default=None, metadata=OPTIONAL)
    author: str = field(default="", metadata=OPTIONAL)
    committers: tuple[str, ...] = field(default=(), metadata=OPTIONAL)
    approvers: tuple[Approval, ...] = field(default=(), metadata=OPTIONAL)
    ticket: str = field(default="", metadata=OPTIONAL)
    segregation: Segregation = "unknown"
    """``checked``: somebody approved who neither wrote nor committed it. ``unenforced``: nobody else did.
    ``unknown``: git does not say who wrote it, or who approved."""


def segregation_of(author: str, committers: tuple[str, ...], approvers: tuple[Approval, ...]) -> Segregation:
    """Whether somebody other than those who made the change agreed to it."""
    if not author or not approvers:
        return "unknown"
    made_by = {author.casefold(), *(c.casefold() for c in committers)}
    return "checked" if any(a.by.casefold() not in made_by for a in approvers) else "unenforced"


@dataclass(frozen=True, slots=True)
class Signed:
    """Who wrote and who committed a commit, by mail address or, without one, by name; and when."""

    author: str
    committer: str
    at: datetime | None

    @classmethod
    def of(cls, commit: Text) -> Signed:
        author, committer = (_PERSON.fullmatch(commit.one(who)) for who in ("author", "committer"))
        at = datetime.fromtimestamp(int(committer[3]), UTC) if committer and len(committer[3]) < 11 else None
        return cls(_who(author), _who(committer), at)


def _who(person: re.Match[str] | None) -> str:
    return (person[2] or person[1])[:_LONGEST] if person else ""


def change_of(commit: str, text: Text, below: Sequence[Signed], server: str) -> ChangeFacts:
    """The change that a commit of the followed branch brought. ``below``: those who made what it merged, oldest first.

    ``server``: the address of GitLab, for a link; empty when it is not known.
    """
    trailers = text.trailers()
    reference = _REFERENCE.search(text.message)
    closes = _CLOSES.search(text.message)
    author = next((_address(trailers[key][0]) for key in _AUTHORS if key in trailers), below[0].author if below else "")
    made_by = [who for one in below for who in (one.author, one.committer) if who]
    committers = tuple(dict.fromkeys(who for who in made_by if not _is_server(who)))
    approvers = tuple(Approval(by=_address(who)) for who in dict.fromkeys(trailers.get("Approved-by", ())))
    path, number = (reference[1], reference[2]) if reference else ("", "")
    ticket = next((trailers[key][0] for key in _TICKETS if key in trailers), closes[1] if closes else "")
    return ChangeFacts(
        merge_request=f"{path}!{number}" if reference else "",
        link=f"{server}/{path}/-/merge_requests/{number}" if reference and server and "/" in path else "",
        merge_commit=commit,
        merged_at=Signed.of(text).at,
        author=author,
        committers=committers,
        approvers=approvers,
        ticket=ticket[:_LONGEST],
        segregation=segregation_of(author, committers, approvers),
    )


def _address(who: str) -> str:
    """``Ana Alb <ana@example.com>`` -> the address; a name stays a name."""
    found = re.search(r"<([^<>]+)>", who)
    return (found[1] if found else who).strip()[:_LONGEST]


def _is_server(who: str) -> bool:
    """GitLab itself commits what is edited or merged in the browser."""
    return who.startswith("noreply@") or who == "GitLab"
