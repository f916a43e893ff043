"""What a release is: read from the tree of its tag's commit, never from the working tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from releaser.core.errors import ReleaserError, WrongUsage
from releaser.core.suggest import did_you_mean
from releaser.core.workspace import UseCaseFiles
from releaser.engine.compile import ReleaseName, compile_as_written
from releaser.kinds import registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from releaser.core.graph import Node
    from releaser.core.notes import ReleaseContent
    from releaser.store.tags import ReleaseTag
    from releaser.wiring import Repository


@dataclass(frozen=True, slots=True)
class Released:
    """A release as git holds it, and its resources with bindings by name."""

    tag: ReleaseTag
    files: UseCaseFiles
    nodes: tuple[Node, ...]

    def content(self) -> ReleaseContent:
        """As notes compare it."""
        from releaser.core.notes import content_of

        tag, files = self.tag, self.files
        return content_of(tag.use_case, tag.release, tag.digest, files.spec, self.nodes, files.digests)


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


def released(repo: Repository, tag: ReleaseTag) -> Released:
    """A release with its resources. Raises ReleaserError as ``files_of``."""
    files = files_of(repo, tag)
    name = ReleaseName(tag.release, tag.digest or files.digest)
    compiled = compile_as_written({tag.use_case: files}, registry(), {tag.use_case: name})
    for problem in compiled.diagnostics:
        raise ReleaserError(
            f"{problem.path} at {tag.use_case}/{tag.release}: {problem.message}", code=problem.code, hint=problem.hint
        )
    return Released(tag, files, compiled.graph.of(tag.use_case))


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
