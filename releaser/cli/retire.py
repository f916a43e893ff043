"""``releaser retire``: propose the tombstone of a use case."""

from __future__ import annotations

from typing import Annotated

import typer

from releaser.cli.options import Environment, Output, OutputFormat, Root
from releaser.cli.promote import NoPush
from releaser.cli.results import show_proposal


def retire(
    use_case: Annotated[str, typer.Argument(help="Use case.")],
    environment: Environment,
    no_push: NoPush = False,
    output: OutputFormat = Output.text,
    root: Root = None,
) -> None:
    """Propose `release: retired`: callers lose the use case first, its resources go after the rollback window.

    Example: releaser retire claims-assistant -e prod
    """
    from releaser.core.errors import WrongUsage
    from releaser.core.going_back import live_in
    from releaser.core.move import Moves
    from releaser.core.pin import Retire
    from releaser.pipeline import pin_moves, proposing
    from releaser.pipeline.weighing import retirement

    site = pin_moves.open_site(root, environment, push=not no_push)
    pin_moves.refuse_tracking(
        site, "retire", "remove its folder by a merge request, with an allowance for each thing that goes"
    )
    pin_moves.refuse_unknown(site, [use_case])
    pin = site.pin(use_case)
    if pin is None and live_in(site.accounts(use_case), site.name, use_case) is None:
        raise WrongUsage(f"{use_case} has no pin in {site.name} and nothing is live there", code="P102")
    moves = () if isinstance(pin, Retire) else (retirement(site, use_case),)
    found = Moves(verb="retire", environment=site.name, moves=moves)
    show_proposal(proposing.propose(site, found, push=not no_push), output.value)
