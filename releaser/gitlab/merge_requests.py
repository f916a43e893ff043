"""Merge requests.

Facts of GitLab: a second open one from the same branch to the same branch is answered 409; a list by source branch
holds those of forks too; ``labels`` is a text with commas; on Free a merge request has one reviewer and one assignee
(docs.gitlab.com: merge requests API).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from releaser.gitlab import reading
from releaser.gitlab.api import Api
from releaser.gitlab.reading import Row
from releaser.gitlab.users import User, user_in, users_in


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRequest:
    """One merge request. ``number`` is the one behind ``!``."""

    number: int
    url: str
    state: str
    """``opened``, ``closed``, ``locked`` or ``merged``."""
    title: str
    description: str
    source_branch: str
    target_branch: str
    is_from_fork: bool
    labels: tuple[str, ...]
    author: User | None
    assignees: tuple[User, ...]
    reviewers: tuple[User, ...]
    merged_by: User | None
    merged: datetime | None
    head: str
    """The newest commit of the source branch."""
    merge_commit: str


def merge_request(api: Api, number: int) -> MergeRequest:
    return _read(api.get(api.here("merge_requests", number)))


def open_merge_requests(api: Api, source_branch: str, target_branch: str) -> tuple[MergeRequest, ...]:
    """The open ones from one branch of this project, not of a fork, into another."""
    query = {"state": "opened", "source_branch": source_branch, "target_branch": target_branch}
    found = (_read(row) for row in api.pages(api.here("merge_requests"), query))
    return tuple(
        m for m in found if (m.source_branch, m.target_branch) == (source_branch, target_branch) and not m.is_from_fork
    )


def merge_requests_of(api: Api, commit: str) -> tuple[MergeRequest, ...]:
    """Those that brought a commit, also as a merge commit."""
    rows = api.pages(api.here("repository", "commits", commit, "merge_requests"))
    return tuple(_read(row) for row in rows)


def create_merge_request(
    api: Api,
    source_branch: str,
    target_branch: str,
    title: str,
    description: str,
    *,
    labels: Sequence[str] = (),
    assignees: Sequence[int] = (),
    reviewers: Sequence[int] = (),
) -> MergeRequest:
    """Once; its branch goes when it is merged. Raises GitlabError with status 409 where there is one, ReplyLost."""
    body = {
        "source_branch": source_branch,
        "target_branch": target_branch,
        "title": title,
        "description": description,
        "remove_source_branch": True,
        "labels": ",".join(labels),
        "assignee_ids": list(assignees),
        "reviewer_ids": list(reviewers),
    }
    return _read(api.post(api.here("merge_requests"), {k: v for k, v in body.items() if v not in ("", [])}))


def update_merge_request(
    api: Api, number: int, title: str, description: str, *, add_labels: Sequence[str] = ()
) -> MergeRequest:
    """Another title and text; labels come on top of those that it has."""
    body = {"title": title, "description": description}
    if add_labels:
        body["add_labels"] = ",".join(add_labels)
    return _read(api.put(api.here("merge_requests", number), body))


def _read(row: Row) -> MergeRequest:
    source, target = reading.number(row, "source_project_id"), reading.number(row, "target_project_id")
    return MergeRequest(
        number=reading.key(row, "iid"),
        url=reading.text(row, "web_url"),
        state=reading.text(row, "state"),
        title=reading.text(row, "title"),
        description=reading.text(row, "description"),
        source_branch=reading.text(row, "source_branch"),
        target_branch=reading.text(row, "target_branch"),
        is_from_fork=source != target,
        labels=reading.texts(row, "labels"),
        author=user_in(row, "author"),
        assignees=users_in(row, "assignees"),
        reviewers=users_in(row, "reviewers"),
        merged_by=user_in(row, "merge_user") or user_in(row, "merged_by"),
        merged=reading.moment(row, "merged_at"),
        head=reading.text(row, "sha"),
        merge_commit=reading.text(row, "merge_commit_sha") or reading.text(row, "squash_commit_sha"),
    )
