"""A pipeline that was overtaken: its branch has a newer commit, whose own pipeline does the work.

What is released is what the branch says now. A job of an older commit, started late or again, has nothing to do.
"""

from __future__ import annotations

import re

from releaser import wiring
from releaser.gitlab.context import read_context

# docs.gitlab.com, "Skip a pipeline": in any case, anywhere in the message of the newest commit of a push.
_SKIPPED = re.compile(r"\[(?:ci[ _-]skip|skip[ _-]ci)\]", re.IGNORECASE)


def superseded(repo: wiring.Repository) -> str:
    """What to say when a newer pipeline does the work of this job; empty: this one does it, as always outside CI."""
    context = read_context(repo.environ)
    if not context.is_in_ci or not context.branch or repo.remote is None:
        return ""
    commit, tip = repo.git.head(), repo.remote.tip_of(context.branch)
    if tip is None or tip == commit or not repo.git.is_ancestor(commit, tip) or _has_no_pipeline(repo, tip):
        return ""
    return (
        f"superseded: {context.branch} is at {tip[:12]}, whose pipeline releases it; nothing is done for {commit[:12]}"
    )


def _has_no_pipeline(repo: wiring.Repository, commit: str) -> bool:
    return _SKIPPED.search(repo.git.run("log", "-1", "--format=%B", commit).out.decode("utf-8", "replace")) is not None
