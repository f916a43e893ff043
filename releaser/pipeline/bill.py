"""The bill of materials of a release, from its tag and its records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from releaser.core.timeline import Account
    from releaser.core.workspace import UseCaseFiles
    from releaser.store.tags import ReleaseTag
    from releaser.wiring import Repository


def bom_of(repo: Repository, tag: ReleaseTag, files: UseCaseFiles, accounts: Iterable[Account]) -> dict[str, Any]:
    """The bill of materials of a release. ``accounts``: records, newest first; those of other releases do not count."""
    from releaser import __version__
    from releaser.core.bom import Origin, bom
    from releaser.core.proof.objects import text_of
    from releaser.core.scores import scores
    from releaser.engine.contents import content_as_written

    measured = (a.closed.verdicts for a in accounts if a.closed and a.opened.release == tag.release)
    found = next((s for verdicts in measured if (s := scores(verdicts))), ())
    raw = repo.git.objects([tag.commit])[0]
    metadata = files.data.get("metadata")
    owner = str(metadata.get("owner", "")) if isinstance(metadata, dict) else ""
    origin = Origin(tag.commit, _time(text_of(raw[1]).one("committer") if raw else ""), owner, __version__)
    return bom(content_as_written(files, tag.release), origin, found)


def _time(who: str) -> Any:
    from datetime import UTC, datetime

    seconds = who.rpartition("> ")[2].split(" ")[0]
    return datetime.fromtimestamp(int(seconds) if seconds.isdecimal() and len(seconds) < 11 else 0, UTC)
