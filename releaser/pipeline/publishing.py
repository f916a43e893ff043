"""Pages of releases in GitLab: one a release tag, with notes, and links to records and the bill of materials.

What decides is the record that made a release live: once its page links to it nothing is made again, and nothing is
asked but the list of pages. So the link to the record is the last that is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from releaser.core.errors import ReleaserError
from releaser.core.proof.files import UNRELEASED
from releaser.core.timeline import Account, account_json
from releaser.gitlab.api import Api
from releaser.gitlab.connecting import connect
from releaser.gitlab.context import read_context
from releaser.gitlab.errors import GitlabError
from releaser.gitlab.packages import File, address, put_file
from releaser.gitlab.releases import Link, Release, put_release, release, releases
from releaser.pipeline.notes_of_release import at_tags
from releaser.pipeline.recorded import records_of
from releaser.pipeline.tag_content import choose, files_of
from releaser.render.data import to_json
from releaser.render.notes import notes_markdown
from releaser.wiring import Repository

State = Literal["there", "made", "changed", "not made", "failed"]
"""``not made``: nobody may, for want of a token."""

_LISTED = 200
"""Pages that are listed; others are asked for one by one."""
_LONGEST = 100_000
"""Characters of a page; GitLab takes a million."""
_TOO_LONG = "What changed is too long to be shown here: the notes are among the links.\n"
_HOPELESS = ("L100", "L101", "L106", "L107", "L109", "L110")
"""What the next page would meet too."""


@dataclass(frozen=True, slots=True)
class Published:
    """What became of one page."""

    use_case: str
    release: str
    state: State
    said: str
    """Its address, or why there is none."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One link of a page. ``name``: as people read it."""

    name: str
    file: File


def publish(repo: Repository, environment: str, reports: Path | None) -> Iterator[Published]:
    """A page for every release that is live in the environment, told one by one.

    Without a token none is made; ``reports`` gets the files of those that are not there.
    """
    api = connect(read_context(repo.environ), repo.clock)
    accounts = records_of(repo).live(repo.clock.now(), None, environment)
    live = [account for account in accounts if account.opened.release != UNRELEASED]
    shown = _shown(api, {_tag(account) for account in live}) if api else {}
    for account in live:
        opened = account.opened
        try:
            state, said = _one(repo, api, account, shown, reports)
        except ReleaserError as error:
            yield Published(opened.use_case, opened.release, "failed", f"{error.code}: {error}; {error.hint}")
            if isinstance(error, GitlabError) and error.code in _HOPELESS:
                return
        else:
            yield Published(opened.use_case, opened.release, state, said)


def _tag(account: Account) -> str:
    return f"{account.opened.use_case}/{account.opened.release}"


def _shown(api: Api, wanted: set[str]) -> dict[str, Release]:
    """Pages by tag, newest first, until all that are wanted are among them."""
    found: dict[str, Release] = {}
    pages = islice(releases(api), _LISTED)
    while not wanted <= found.keys() and (page := next(pages, None)):
        found[page.tag] = page
    return found


def _one(
    repo: Repository, api: Api | None, account: Account, shown: dict[str, Release], reports: Path | None
) -> tuple[State, str]:
    tag = _tag(account)
    record = _record(account)
    there = shown.get(tag) or (release(api, tag) if api else None)
    if api and there and Link(record.name, address(api, record.file)) in [Link(ln.name, ln.url) for ln in there.links]:
        return "there", there.url
    description = _described(repo, account)
    assets = (*_beside(repo, account), record)
    if reports is not None:
        _keep(reports / account.opened.environment / "releases" / tag, description, assets)
    if api is None:
        return "not made", f"{len(assets)} files would be linked"
    links = [Link(asset.name, put_file(api, asset.file)) for asset in assets]
    title = f"{account.opened.use_case} {account.opened.release}"
    return "changed" if there else "made", put_release(api, tag, title, description, links).url


def _described(repo: Repository, account: Account) -> str:
    """What the release changes, the same for every environment."""
    text = notes_markdown(at_tags(repo, account.opened.use_case, account.opened.release, None))
    return text if len(text) <= _LONGEST else _TOO_LONG


def _record(account: Account) -> Asset:
    content = to_json(account_json(account)).encode()
    return Asset(f"Record in {account.opened.environment}", _file(account, "record", ".json", content))


def _beside(repo: Repository, account: Account) -> Iterator[Asset]:
    from releaser.pipeline.bill import bom_of

    opened, records = account.opened, records_of(repo)
    notes = records.notes(opened)
    if notes:
        yield Asset(f"Notes in {opened.environment}", _file(account, "notes", ".md", notes.encode()))
    (tag,) = choose(repo.tags.known([opened.use_case]), [opened.release], opened.use_case)
    bill = bom_of(repo, tag, files_of(repo, tag), records.history(opened.use_case, None))
    yield Asset("Bill of materials", File(opened.use_case, opened.release, "bom.cdx.json", to_json(bill).encode()))


def _file(account: Account, what: str, ending: str, content: bytes) -> File:
    opened = account.opened
    return File(opened.use_case, opened.release, f"{what}-{opened.environment}{ending}", content)


def _keep(folder: Path, description: str, assets: tuple[Asset, ...]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "description.md").write_text(description, encoding="utf-8", newline="\n")
    for asset in assets:
        (folder / asset.file.name).write_bytes(asset.file.content)
