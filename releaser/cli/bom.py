"""``releaser bom``: what a release is made of, as CycloneDX."""

from __future__ import annotations

from typing import Annotated

import typer

from releaser.cli.options import Root


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
    from releaser.core.errors import WrongUsage
    from releaser.pipeline.bill import bom_of
    from releaser.pipeline.recorded import fetched
    from releaser.pipeline.tag_content import choose, files_of
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
