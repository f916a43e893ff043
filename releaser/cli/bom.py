"""``releaser bom``: what a release is made of, as CycloneDX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from releaser.cli.options import Root

if TYPE_CHECKING:
    from collections.abc import Iterable

    from releaser.core.timeline import Account
    from releaser.core.workspace import UseCaseFiles
    from releaser.store.tags import ReleaseTag
    from releaser.wiring import Repository


def bom(
    use_case: Annotated[str, typer.Argument(help="Use case.", show_default=False)],
    release: Annotated[
        str | None, typer.Argument(metavar="[RELEASE]", help="As r12; the newest when none is named.")
    ] = None,
    root: Root = None,
) -> None:
    """Print the bill of materials of a release: CycloneDX 1.6 JSON with model cards, data, services.

    From the tag's content in git; what was measured comes from the newest record of the release.
    Example: releaser bom claims-assistant r12
    """
    from releaser.cli.at_tag import choose, files_of
    from releaser.cli.recorded import fetched
    from releaser.core.errors import WrongUsage
    from releaser.render.data import to_json
    from releaser.store.branch import ReleasesBranch
    from releaser.store.ledger import Ledger
    from releaser.wiring import repository

    repo = fetched(repository(root))
    known = repo.tags.known()
    if release is None and known.get(use_case):
        release = known[use_case][0].release
    if release is None:
        raise WrongUsage(
            f"there is no release of {use_case}", code="P342", hint=f"there are releases of: {', '.join(sorted(known))}"
        )
    (tag,) = choose(known, (release,), use_case)
    tip = ReleasesBranch(repo.git, repo.remote, repo.clock.now).tip()
    accounts = Ledger(repo.git, tip).history(use_case, None)
    typer.echo(to_json(bom_of(repo, tag, files_of(repo, tag), accounts)), nl=False)


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
