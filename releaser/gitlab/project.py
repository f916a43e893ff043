"""The project itself: what decides how it can be released from."""

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
    )
