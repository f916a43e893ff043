"""Release tags: what content is called, cut where it is new, with a message that says what changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from releaser import wiring
from releaser.core.errors import ReleaserError
from releaser.core.workspace import UseCaseFiles
from releaser.engine.compile import ReleaseName
from releaser.engine.contents import content_as_written
from releaser.kinds import registry

if TYPE_CHECKING:
    from releaser.core.release_content import ReleaseContent
    from releaser.pipeline.desk import Desk
    from releaser.store.tags import ReleaseTag


def named(desk: Desk) -> tuple[dict[str, ReleaseName], dict[str, str]]:
    """The release of every use case, and its tag object. Content of a branch is cut where it is new; a pin says
    itself which release it is."""
    if desk.content.pins is not None:
        return desk.named(), {n: c.tag.object_id for n, c in desk.content.pinned.items() if n in desk.files}
    tags = cut(desk.repo, desk.files, desk.commit)
    releases = {n: ReleaseName(t.release, desk.files[n].digest) for n, t in tags.items()}
    return releases, {n: t.object_id for n, t in tags.items()}


def cut(repo: wiring.Repository, files: Mapping[str, UseCaseFiles], commit: str) -> dict[str, ReleaseTag]:
    """The tag of each use case's content, made where the newest tag names other content."""
    from releaser.store.tags import Cut

    newest = {n: tags[0] for n, tags in repo.tags.known(files).items()}
    fresh = {n: f for n, f in files.items() if n not in newest or newest[n].digest != f.digest}
    messages = _messages(repo, fresh, {n: newest[n] for n in fresh if n in newest})
    manifests = _manifests(repo, fresh, commit)
    return repo.tags.cut(
        [Cut(n, f.digest, messages.get(n, ""), commit, manifests.get(n, "")) for n, f in files.items()]
    )


def _manifests(repo: wiring.Repository, use_cases: Iterable[str], commit: str) -> dict[str, str]:
    """sha256 of each manifest's bytes at a commit."""
    names = list(use_cases)
    found = repo.git.objects([f"{commit}:{repo.git.prefix}manifests/{n}/manifest.yaml" for n in names])
    return {n: hashlib.sha256(item[1]).hexdigest() for n, item in zip(names, found, strict=True) if item is not None}


def _messages(
    repo: wiring.Repository, fresh: Mapping[str, UseCaseFiles], newest: Mapping[str, ReleaseTag]
) -> dict[str, str]:
    """What changes since the newest tag, in a few lines that may be read by everybody."""
    from releaser.core.notes_summary import summary

    before = _contents(repo, newest)
    found = {}
    for name, use_case in fresh.items():
        with suppress(ReleaserError):  # what does not compile is said by the plan
            found[name] = "\n".join(summary(before.get(name), content_as_written(use_case, ""), kinds=registry()))
    return found


def _contents(repo: wiring.Repository, tags: Mapping[str, ReleaseTag]) -> dict[str, ReleaseContent]:
    """The content at some tags. What this clone lacks, or what is no release of ours, is left out."""
    from releaser.store.folders import FolderReader, read_folders
    from releaser.store.workspace import load_use_case

    known = {n: t for n, t in tags.items() if t.digest}
    readers = read_folders(repo.git, [(t.commit, f"manifests/{n}") for n, t in known.items()])
    found = {}
    for (name, tag), reader in zip(known.items(), readers, strict=True):
        files = load_use_case(reader, name) if isinstance(reader, FolderReader) else ()
        if isinstance(files, UseCaseFiles):
            with suppress(ReleaserError):
                found[name] = content_as_written(files, tag.release)
    return found
