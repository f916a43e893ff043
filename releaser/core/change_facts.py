"""Who changed what, who agreed, and why: what the record keeps of the way from a merge request to a run. Pure.

Everything here is told by GitLab or by git, so it is data and proves nothing by itself; what is not known stays
empty, nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
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
    ``unknown``: nothing says who wrote it, or who approved."""
    told_by: Literal["git", "gitlab"] = field(default="git", metadata=OPTIONAL)
    reviewed: Literal["", "same", "diverged", "unknown"] = field(default="", metadata=OPTIONAL)
    """``same``: a merge request showed exactly this change. ``diverged``: it showed another one, and somebody let this
    one pass. ``unknown``: none showed it, or none could be read. Empty: nobody looked, as on a laptop."""


def segregation_of(author: str, committers: tuple[str, ...], approvers: tuple[Approval, ...]) -> Segregation:
    """Whether somebody other than those who made the change agreed to it."""
    if not author or not approvers:
        return "unknown"
    made_by = {author, *committers}
    return "checked" if any(not is_maker(a.by, made_by) for a in approvers) else "unenforced"


def is_maker(who: str, made_by: Collection[str]) -> bool:
    """Whether a user is among those who made a change.

    git knows mail addresses, GitLab names: the part before the @ is taken for a name, and so is what GitLab puts into
    its private addresses (``12345-dana@users.noreply.gitlab.com``). Somebody else of such a name does not count.
    """
    name = who.casefold()
    return any(name in _names(made) for made in made_by)


def _names(made: str) -> set[str]:
    whole = made.casefold()
    local, at, _ = whole.partition("@")
    number, dash, rest = local.partition("-")
    return {whole, *({local} if at else ()), *({rest} if at and dash and number.isdecimal() else ())}


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
    committers = people_of(below)
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


def people_of(commits: Iterable[Signed]) -> tuple[str, ...]:
    """Everybody who wrote or committed them, once, but GitLab itself."""
    made_by = (who for one in commits for who in (one.author, one.committer) if who)
    return tuple(dict.fromkeys(who for who in made_by if not _is_server(who)))


def _address(who: str) -> str:
    """``Ana Alb <ana@example.com>`` -> the address; a name stays a name."""
    found = re.search(r"<([^<>]+)>", who)
    return (found[1] if found else who).strip()[:_LONGEST]


def _is_server(who: str) -> bool:
    """GitLab itself commits what is edited or merged in the browser."""
    return who.startswith("noreply@") or who == "GitLab"
