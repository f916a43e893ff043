"""``releaser status``: what is live, and how it is. Reads only."""

from __future__ import annotations

import typer

from releaser.cli.options import Environment, Output, OutputFormat, Root, TargetName, UseCases


def status(
    environment: Environment,
    use_cases: UseCases = None,
    output: OutputFormat = Output.text,
    target: TargetName = None,
    root: Root = None,
) -> None:
    """Show each use case: the live release, whether it is as released, and what waits.

    Example: releaser status -e prod
    """
    from releaser import wiring
    from releaser.pipeline import work
    from releaser.render import printing

    desk = work.desk(wiring.repository(root), environment, target, use_cases, offline=True)
    planned, verdicts = work.make_plan(desk, deep=False)
    held = {v.use_case: v.reason for v in work.against(verdicts) if v.gate == "hold"}
    plan = work.with_verdicts(planned.plan, verdicts, desk)
    typer.echo(printing.status(plan, desk.witnesses(), held, output.value), nl=False)
    work.tell([*planned.plan.diagnostics, *work.warnings(planned.plan, verdicts, desk)])
    if any(d.severity == "error" for d in planned.plan.diagnostics) or any(u.blocked for u in planned.plan.use_cases):
        raise typer.Exit(1)
