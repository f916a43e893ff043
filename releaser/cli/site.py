"""``releaser site``: static pages of the whole history, from git alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from releaser.cli.options import Root


def site(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the pages: new, empty, or a site of ours.")
    ],
    title: Annotated[str, typer.Option("--title", help="Title of the first page.")] = "Releases",
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="The day from which ages count.", show_default="today, UTC"),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, max=64, help="Processes.", show_default="one a core")
    ] = None,
    root: Root = None,
) -> None:
    """Write static pages: a matrix of use cases and environments, and for each use case a timeline, scores and notes.

    They need no server, no script and no network, and are written whole or not at all.
    Example: releaser site --out public --title "Claims releases"
    """
    from releaser.pipeline.recorded import fetched
    from releaser.pipeline.site_build import build
    from releaser.wiring import repository

    repo = fetched(repository(root))
    made = build(repo, out, title=title, as_of=_day(as_of) or repo.clock.now().date(), workers=workers)
    typer.echo(f"{made.pages:,} pages for {made.use_cases:,} use cases: {out / 'index.html'}")


def _day(text: str | None) -> date | None:
    from releaser.core.errors import WrongUsage

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise WrongUsage(f"not a date: {text}", code="G-date", hint="write 2026-03-03") from None
