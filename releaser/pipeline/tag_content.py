"""What a release is: read from the tree of its tag's commit, never from the working tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releaser.core.errors import ReleaserError, WrongUsage
from releaser.core.suggest import did_you_mean
from releaser.core.workspace import UseCaseFiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from releaser.core.release_content import ReleaseContent
    from releaser.store.tags import ReleaseTag
    from releaser.wiring import Repository


def files_of(repo: Repository, tag: ReleaseTag) -> UseCaseFiles:
    """The manifest at a tag and the files it names. Raises ReleaserError where they are missing or not those that the
    tag names by digest."""
    from releaser.store.workspace import load_use_case

    found = load_use_case(repo.at(tag.commit), tag.use_case)
    name = f"{tag.use_case}/{tag.release}"
    if not isinstance(found, UseCaseFiles):
        raise ReleaserError(
            f"the commit {tag.commit[:12]} of the tag {name} holds no readable manifest of {tag.use_case}: "
            f"{found[0].message}",
            code="P340",
            hint="the tag was made by hand, or moved; `releaser audit verify` says what else is wrong",
        )
    if tag.digest and found.digest != tag.digest:
        raise ReleaserError(
            f"the content at the tag {name} has the digest {found.digest[:16]}, the tag says {tag.digest[:16]}",
            code="P341",
            hint="the tag was moved or its message edited; `releaser audit verify` names every such place",
        )
    return found


def content_at(repo: Repository, tag: ReleaseTag) -> ReleaseContent:
    """What a release is, bindings by name. Raises ReleaserError as ``files_of``, and for what no longer compiles."""
    from releaser.engine.contents import content_as_written

    return content_as_written(files_of(repo, tag), tag.release)


def choose(
    known: Mapping[str, Sequence[ReleaseTag]], releases: Sequence[str], use_case: str | None
) -> list[ReleaseTag]:
    """The tags of these releases of one use case: the named one, or the only one that has them all.

    Raises WrongUsage with the names there are.
    """
    if use_case is not None:
        if use_case not in known:
            hint = did_you_mean(use_case, known) or f"there are: {', '.join(sorted(known)) or 'none'}"
            raise WrongUsage(f"there is no release of {use_case}", code="P102", hint=hint)
        tags = {t.release: t for t in known[use_case]}
        for release in releases:
            if release not in tags:
                newest = ", ".join([t.release for t in known[use_case]][:5])
                raise WrongUsage(f"{use_case} has no release {release}", code="P342", hint=f"the newest are {newest}")
        return [tags[release] for release in releases]
    fitting = [name for name, tags in sorted(known.items()) if set(releases) <= {t.release for t in tags}]
    if len(fitting) == 1:
        return choose(known, releases, fitting[0])
    asked = " and ".join(dict.fromkeys(releases))
    if not fitting:
        raise WrongUsage(
            f"no use case has {asked}", code="P342", hint="`git tag --list '*/r*'` lists the releases of this clone"
        )
    raise WrongUsage(
        f"several use cases have {asked}: {', '.join(fitting[:10])}", code="P343", hint=f"name one: {fitting[0]}"
    )
