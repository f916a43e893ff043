"""One open merge request from a branch to another, kept as it should read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from releaser.gitlab.api import Api
from releaser.gitlab.errors import GitlabError, ReplyLost
from releaser.gitlab.merge_requests import (
    MergeRequest,
    create_merge_request,
    open_merge_requests,
    update_merge_request,
)

_TITLE = 255
"""Characters of a title that GitLab takes."""
_DESCRIPTION = 200_000
"""Characters; GitLab takes 1,048,576 (docs.gitlab.com: instance limits), and nobody reads them."""
_ACTION = re.compile(r"^(\s*)/(?=[A-Za-z])", re.MULTILINE)
"""What GitLab would take for a quick action: a line that begins with a slash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How it should read. Labels come on top of those that people set; who should look is asked when it is made, and
    then theirs to change."""

    source_branch: str
    target_branch: str
    title: str
    description: str
    labels: tuple[str, ...] = ()
    assignees: tuple[int, ...] = ()
    reviewers: tuple[int, ...] = ()


def put_merge_request(api: Api, wanted: Wanted) -> MergeRequest:
    """The open one, made or brought to this text; nothing is written where nothing differs.

    A creation that was lost, or that another job won, is looked for before it is sent again, and sent twice at most.
    """
    text = _harmless(wanted.description)
    title = " ".join(wanted.title.split())[:_TITLE]
    found = _open(api, wanted)
    if found is None:
        try:
            return _create(api, wanted, title, text)
        except ReplyLost:
            found = _open(api, wanted)
            if found is None:
                return _create(api, wanted, title, text)
        except GitlabError as error:
            found = _open(api, wanted) if error.status == 409 else None
            if found is None:
                raise
    missing = [label for label in wanted.labels if label not in found.labels]
    if (found.title, found.description.rstrip()) == (title, text.rstrip()) and not missing:
        return found
    return update_merge_request(api, found.number, title, text, add_labels=missing)


def _open(api: Api, wanted: Wanted) -> MergeRequest | None:
    found: Sequence[MergeRequest] = open_merge_requests(api, wanted.source_branch, wanted.target_branch)
    return found[0] if found else None


def _create(api: Api, wanted: Wanted, title: str, description: str) -> MergeRequest:
    return create_merge_request(
        api,
        wanted.source_branch,
        wanted.target_branch,
        title,
        description,
        labels=wanted.labels,
        assignees=wanted.assignees,
        reviewers=wanted.reviewers,
    )


def _harmless(text: str) -> str:
    """The description, in which nothing acts, and not too long."""
    if len(text) > _DESCRIPTION:
        text = text[:_DESCRIPTION].rpartition("\n")[0] + "\n\n(cut here: the whole text is what the command prints)\n"
    return _ACTION.sub(r"\1\\/", text)
