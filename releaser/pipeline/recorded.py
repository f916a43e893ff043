"""The records as the commands that only read them see them: as new as the remote lets us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releaser.pipeline.telling import say

if TYPE_CHECKING:
    from pathlib import Path

    from releaser.store.records import Records
    from releaser.wiring import Repository


def fetched(repo: Repository) -> Repository:
    """The same repository with the remote's tags and records; from what was fetched last when it cannot be reached."""
    from releaser.store.remote import RemoteUnreachable

    if repo.remote is not None:
        try:
            repo.remote.sync()
        except RemoteUnreachable as error:
            say(f"warning: {error}; showing what was fetched last")
    return repo


def records_here(root: Path | None) -> Records:
    """The records, as new as the remote lets us see."""
    from releaser.wiring import repository

    return records_of(fetched(repository(root)))


def records_of(repo: Repository) -> Records:
    """The records of a repository, for reading."""
    from releaser.store.holder import holder_here
    from releaser.store.records import Records

    return Records(repo.git, holder=holder_here(repo.environ), clock=repo.clock, remote=repo.remote)


def refuse_unknown(records: Records, root: Path | None, use_case: str | None, environment: str | None) -> None:
    """A misspelt name is no empty history. Known is what has records, and what stands in the working tree."""
    from releaser.core.errors import WrongUsage
    from releaser.core.suggest import did_you_mean

    places = records.places()
    if not places:
        return
    for what, code, name, recorded, folder in (
        ("use case", "P102", use_case, {place[1] for place in places}, "manifests"),
        ("environment", "P104", environment, {place[0] for place in places}, "environments"),
    ):
        known = recorded | _folders(root, folder)
        if name and name not in known:
            raise WrongUsage(f"there is no {what} {name}", code=code, hint=did_you_mean(name, known))


def _folders(root: Path | None, folder: str) -> set[str]:
    from releaser.store.workspace import find_root

    top = (root or find_root()) / folder
    return {path.name for path in top.iterdir() if path.is_dir()} if top.is_dir() else set()
