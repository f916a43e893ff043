"""``releaser doctor``: what would stop a run, and what to do about it. Reads only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from releaser.cli.options import Environment, Output, OutputFormat, Root, TargetName
from releaser.core.iam.role import Role


def doctor(
    environment: Environment,
    role: Annotated[
        Role | None, typer.Option("--role", help="What the role is for.", show_default="told by who we are")
    ] = None,
    trust: Annotated[
        Path | None, typer.Option("--trust", help="The role's trust policy; default: what `iam trust` prints.")
    ] = None,
    output: OutputFormat = Output.text,
    target: TargetName = None,
    root: Root = None,
) -> None:
    """Look at everything that a run needs: git and records, the job's token against the trust policy of the role, who
    we are in AWS, and whether each action of the role is allowed.

    Nothing is written: reads are tried, the rest is asked of IAM's policy simulator where that is allowed. Exit 1 when
    something is known that would stop a run.
    Examples: releaser doctor -e prod | releaser doctor -e prod --role apply --trust trust.json
    """
    from releaser.core.checkup import is_ready
    from releaser.pipeline.examining import examine
    from releaser.render.doctor import shown

    at, checks = examine(root, environment, target, role=role, trust=trust)
    typer.echo(shown(at.environment.name, checks, output.value), nl=False)
    raise typer.Exit(0 if is_ready(checks) else 1)
