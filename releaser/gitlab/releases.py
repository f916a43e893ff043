"""GitLab's releases: a page of notes and links on a tag. A job token may write them (lib/api/releases.rb).

A link's ``direct_asset_path`` has a leading slash; names and addresses of links are unique in a release.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from releaser.gitlab import reading
from releaser.gitlab.api import Api
from releaser.gitlab.errors import GitlabError, ReplyLost
from releaser.gitlab.reading import Row

_TOGETHER = 20
"""Pages in one reply: each brings its whole text."""


@dataclass(frozen=True, slots=True)
class Link:
    """One address on the page. ``id``: 0 before GitLab has it."""

    name: str
    url: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class Release:
    """One page."""

    tag: str
    name: str
    description: str
    released: datetime | None
    links: tuple[Link, ...]
    url: str


def release(api: Api, tag: str) -> Release | None:
    """The page of a tag; None where there is none."""
    found = api.find(api.here("releases", tag))
    return _release(found) if found is not None else None


def releases(api: Api) -> Iterator[Release]:
    """Every page, newest first, read as far as is asked for."""
    yield from map(_release, api.pages(api.here("releases"), {"per_page": _TOGETHER}))


def put_release(api: Api, tag: str, name: str, description: str, links: Sequence[Link] = ()) -> Release:
    """The page of a tag that exists, made or brought to this state: links that others put there stay.

    One page a tag: a creation that was lost, or that another job won, is looked for. Nothing is written that is there.
    """
    found = release(api, tag)
    if found is None:
        try:
            found = _create(api, tag, name, description, links)
        except (ReplyLost, GitlabError) as error:
            there = release(api, tag) if isinstance(error, ReplyLost) or error.status == 409 else None
            if there is None:
                raise
            found = there
    if (found.name, found.description.strip()) != (name, description.strip()):
        found = _release(api.put(api.here("releases", tag), {"name": name, "description": description}))
    changed = [_put_link(api, tag, found, link) for link in links]
    return release(api, tag) or found if any(changed) else found


def _create(api: Api, tag: str, name: str, description: str, links: Sequence[Link]) -> Release:
    assets = {"links": [{"name": link.name, "url": link.url, "link_type": "other"} for link in links]}
    body = {"tag_name": tag, "name": name, "description": description, "assets": assets}
    try:
        return _release(api.post(api.here("releases"), body))
    except GitlabError as error:
        if error.status != 422:  # lib/api/releases.rb: no such tag, and no commit to make one on
            raise
        hint = "let `releaser release` push it, in the project of this token"
        raise GitlabError(f"GitLab has no tag {tag}", code="L103", status=422, hint=hint) from None


def _put_link(api: Api, tag: str, found: Release, link: Link) -> bool:
    """Whether the link was not there as it should be."""
    there = next((other for other in found.links if other.name == link.name), None)
    if there is not None and there.url == link.url:
        return False
    body = {"name": link.name, "url": link.url}
    if there is not None:
        api.put(api.here("releases", tag, "assets", "links", there.id), body)
    else:
        api.post(api.here("releases", tag, "assets", "links"), {**body, "link_type": "other"})
    return True


def _release(row: Row) -> Release:
    assets = reading.row(row, "assets") or {}
    return Release(
        reading.text(row, "tag_name"),
        reading.text(row, "name"),
        reading.text(row, "description"),
        reading.moment(row, "released_at"),
        tuple(
            Link(reading.text(link, "name"), reading.text(link, "url"), reading.key(link))
            for link in reading.rows(assets, "links")
        ),
        reading.text(reading.row(row, "_links") or {}, "self"),
    )
