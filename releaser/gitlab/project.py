"""The project itself: what decides how it can be released from, and in what order its jobs run."""

from __future__ import annotations

from dataclasses import dataclass

from releaser.gitlab import reading
from releaser.gitlab.api import Api


@dataclass(frozen=True, slots=True)
class Project:
    """``merge_method``: ``merge``, ``rebase_merge`` or ``ff``; a merge commit names who merged what, ``ff`` makes none.

    ``needs_green``: only a merge request whose pipeline succeeded is merged.
    """

    id: int
    path: str
    url: str
    default_branch: str
    visibility: str
    merge_method: str
    squash: str
    merge_commit_template: str
    needs_green: bool
    needs_answers: bool
    """Only one without open discussions is merged."""
    job_tokens_push: bool = False
    """A job's own token may push (GitLab 17.2 and newer; off until somebody allows it)."""


def project(api: Api) -> Project:
    row = api.get(api.here())
    return Project(
        reading.key(row),
        reading.text(row, "path_with_namespace"),
        reading.text(row, "web_url"),
        reading.text(row, "default_branch"),
        reading.text(row, "visibility"),
        reading.text(row, "merge_method"),
        reading.text(row, "squash_option"),
        reading.text(row, "merge_commit_template"),
        reading.flag(row, "only_allow_merge_if_pipeline_succeeds"),
        reading.flag(row, "only_allow_merge_if_all_discussions_are_resolved"),
        reading.flag(row, "ci_push_repository_for_job_token_allowed"),
    )


def process_mode(api: Api, group: str) -> str:
    """The order in which jobs of a resource group run; empty before the first of them."""
    return reading.text(api.find(api.here("resource_groups", group)) or {}, "process_mode")
