"""What the stub of GitLab remembers: one project, its people and tokens, and what is made in it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]

MOMENT = "2026-11-22T10:00:00.000Z"


@dataclass(frozen=True)
class Grant:
    """What a token may do: ``api``, ``read_api``, or ``job``."""

    scope: str
    user: str


@dataclass
class State:
    """One project on a server with or without a Premium licence."""

    project: Row = field(
        default_factory=lambda: {
            "id": 12,
            "path_with_namespace": "bank/releases",
            "web_url": "https://gitlab.example.com/bank/releases",
            "default_branch": "main",
            "visibility": "private",
            "merge_method": "merge",
            "squash_option": "default_off",
            "merge_commit_template": None,
            "only_allow_merge_if_pipeline_succeeds": True,
            "only_allow_merge_if_all_discussions_are_resolved": None,
            "ci_push_repository_for_job_token_allowed": False,
        }
    )
    is_premium: bool = True
    users: list[Row] = field(default_factory=list)
    roles: dict[str, int] = field(default_factory=dict)
    """Level by name; maintainers are not named, 0 is no member."""
    groups: dict[str, list[str]] = field(default_factory=dict)
    tokens: dict[str, Grant] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    merge_requests: list[Row] = field(default_factory=list)
    notes: dict[int, list[Row]] = field(default_factory=dict)
    approved_by: dict[int, list[Row]] = field(default_factory=dict)
    approval_rules: dict[int, list[Row]] = field(default_factory=dict)
    merge_requests_of: dict[str, list[int]] = field(default_factory=dict)
    pipelines: list[Row] = field(default_factory=list)
    jobs: list[Row] = field(default_factory=list)
    environments: list[Row] = field(default_factory=list)
    deployments: list[Row] = field(default_factory=list)
    releases: list[Row] = field(default_factory=list)
    files: dict[tuple[str, ...], bytes] = field(default_factory=dict)
    """Of generic packages, by package, version and name."""
    takes_duplicates: bool = True
    protected_branches: list[Row] = field(default_factory=list)
    protected_tags: list[Row] = field(default_factory=list)
    protected_environments: list[Row] = field(default_factory=list)
    freeze_periods: list[Row] = field(default_factory=list)
    resource_groups: list[Row] = field(default_factory=list)
    token_facts: Row = field(default_factory=dict)
    """What the page of a token says beside its scope."""
    _ids: Any = field(default_factory=lambda: itertools.count(1001))

    def next_id(self) -> int:
        return int(next(self._ids))

    def user(self, name: str, state: str = "active") -> Row:
        """A user, made when first named."""
        for row in self.users:
            if row["username"] == name:
                return row
        row = {"id": self.next_id(), "username": name, "name": name.title(), "state": state}
        self.users.append(row)
        return row

    def token(self, value: str, scope: str, user: str) -> str:
        """A token of a user."""
        self.user(user)
        self.tokens[value] = Grant(scope, user)
        return value

    def merge_request(self, source: str, target: str = "main", *, author: str = "root", **more: Any) -> Row:
        """An open merge request, as GitLab shows it."""
        iid = len(self.merge_requests) + 1
        row = {
            "id": self.next_id(),
            "iid": iid,
            "project_id": 12,
            "source_project_id": 12,
            "target_project_id": 12,
            "title": "",
            "description": None,
            "state": "opened",
            "source_branch": source,
            "target_branch": target,
            "labels": [],
            "author": self.user(author),
            "assignees": [],
            "reviewers": [],
            "merged_by": None,
            "merge_user": None,
            "merged_at": None,
            "sha": "a" * 40,
            "merge_commit_sha": None,
            "squash_commit_sha": None,
            "web_url": f"https://gitlab.example.com/bank/releases/-/merge_requests/{iid}",
            **more,
        }
        self.merge_requests.append(row)
        self.notes.setdefault(iid, [])
        return row

    def note(self, request: int, body: str, author: str, *, system: bool = False) -> Row:
        """A comment, as GitLab shows it."""
        row = {
            "id": self.next_id(),
            "body": body,
            "author": self.user(author),
            "system": system,
            "created_at": MOMENT,
            "updated_at": MOMENT,
            "noteable_iid": request,
        }
        self.notes.setdefault(request, []).append(row)
        return row
