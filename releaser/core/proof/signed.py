"""What must be signed, once anything is: told by the branch itself, whoever judged the signatures."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from releaser.core.proof.branch import Commit, place
from releaser.core.proof.objects import split_signature
from releaser.core.proof.releases import Tag
from releaser.core.proof.sequence import Break


def before_signing(commits: Sequence[Commit], good: Collection[bytes]) -> int:
    """How many commits are from before signing began. ``commits``: newest first; ``good``: the bytes of every commit
    and tag with a good signature. All, when none is signed."""
    oldest_first = reversed(commits)
    return next((i for i, commit in enumerate(oldest_first) if commit.raw in good), len(commits))


def unsigned_problems(
    commits: Sequence[Commit],
    tags: Mapping[str, Tag],
    opened: Mapping[str, Mapping[str, Any]],
    good: Collection[bytes],
) -> Iterator[Break]:
    """What should be signed and is not; a signature that is not good is told by who judged it. ``opened``: path of
    each ``opened.json`` -> its data.

    Once a commit is signed, all that follow must be, and a signed commit vouches for everything before it: also for the
    tags that records of then name.
    """
    oldest_first = list(reversed(commits))
    early = oldest_first[: before_signing(commits, good)]
    if len(early) == len(commits):
        return
    for commit in oldest_first[len(early) :]:
        if not split_signature(commit.raw).signature:
            yield Break(place(commit), "it is not signed, and commits before it are")
    paths = {change.path for commit in early for change in commit.changes}
    excused = {str(data.get("tag")) for path, data in opened.items() if path in paths}
    for ref, tag in sorted(tags.items()):
        if not split_signature(tag.raw).signature and tag.id not in excused:
            yield Break(ref, "it is not signed, and the records from then on are")
