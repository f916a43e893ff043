"""``releaser gc``: delete versions that nothing needs, before a quota stops a release."""

from __future__ import annotations

from typing import Annotated

import typer

from releaser.cli.options import Environment, Output, OutputFormat, Root, TakeOver, TargetName, UseCases


def gc(
    environment: Environment,
    use_cases: UseCases = None,
    apply: Annotated[bool, typer.Option("--apply", help="Delete; without it only the plan is shown.")] = False,
    keep: Annotated[
        int, typer.Option("--keep", min=1, max=10, help="So many of the newest versions of each resource always stay.")
    ] = 2,
    take_over: TakeOver = False,
    output: OutputFormat = Output.text,
    target: TargetName = None,
    root: Root = None,
) -> None:
    """Show, or delete, published versions that no release in the rollback window and nothing live needs.

    Everything counts as needed unless the contrary is proven: versions that we did not make, what flows, agents,
    aliases, runtime configurations or the enforced guardrail mention, ours or not, and the newest ones. Resources
    are never deleted, only versions. A later rollback makes a deleted version anew from git.
    Examples: releaser gc -e prod | releaser gc -e prod claims-assistant --apply
    """
    from releaser.pipeline import collecting
    from releaser.render import garbage

    desk, inventory = collecting.survey(root, environment, target, use_cases, keep=keep, read_only=not apply)
    if not apply:
        typer.echo(garbage.shown(desk.environment.name, inventory, None, output.value), nl=False)
        return
    collected = collecting.collect(desk, inventory, take_over=take_over)
    typer.echo(garbage.shown(desk.environment.name, inventory, collected, output.value), nl=False)
    raise typer.Exit(collecting.exit_code(collected))
