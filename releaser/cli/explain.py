"""``releaser explain``: what a code means."""

from __future__ import annotations

from typing import Annotated

import typer


def explain(
    code: Annotated[
        str | None, typer.Argument(help="As E501; all codes when none is named.", show_default=False)
    ] = None,
) -> None:
    """Say what a code means, why it is refused, and how it looks.

    Examples: releaser explain E501 | releaser explain
    """
    from releaser.core.codes import areas, catalogue
    from releaser.core.errors import WrongUsage
    from releaser.core.suggest import did_you_mean
    from releaser.kinds import registry
    from releaser.render.explanation import explanation, overview

    if code is None:
        typer.echo(overview(areas(registry().values())), nl=False)
        return
    codes = catalogue(registry().values())
    found = codes.get(code.strip().upper()) or codes.get(code.strip())
    if found is None:
        raise WrongUsage(f"there is no code {code[:40]}", hint=did_you_mean(code.upper(), codes))
    typer.echo(explanation(found), nl=False)
