"""``releaser records``: what waits for the git server."""

from __future__ import annotations

import typer

from releaser.cli.options import Root

app = typer.Typer(help="Records that wait for the git server.", no_args_is_help=True)


@app.callback()
def records() -> None:
    """Records that wait for the git server."""


@app.command()
def push(root: Root = None) -> None:
    """Hand in what was recorded while the git server was away. Exit 4 when some of it still waits, 1 when the
    server gives no answer.

    Example: releaser records push
    """
    from releaser.core.errors import Refused
    from releaser.pipeline import handing_in
    from releaser.wiring import repository

    repo = repository(root)
    if not repo.queue.waiting():
        typer.echo("Nothing waits.")
        return
    found = handing_in.hand_in(repo)
    handing_in.tell(repo, found)
    if found.left:
        raise Refused(
            f"{len(found.left)} of what waits could not be handed in yet",
            code="P324",
            hint="the lines above say why; run the same command again when that is over",
        )
