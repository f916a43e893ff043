"""``releaser plan``: what would be done, and why. Reads only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from releaser.cli.options import (
    Base,
    DetailedExitCode,
    Environment,
    From,
    Output,
    OutputFormat,
    ReportsFolder,
    Root,
    TargetName,
    Touched,
    UseCases,
)
from releaser.pipeline.chosen import ContentFrom


def plan(
    environment: Environment,
    use_cases: UseCases = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Save the plan for `apply --plan`.")] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read every resource, also where the list matches git.")] = False,
    detailed_exitcode: DetailedExitCode = False,
    show_values: Annotated[
        bool | None,
        typer.Option(
            "--show-values/--hide-values", help="Show prompt and guardrail texts.", show_default="on a terminal"
        ),
    ] = None,
    origin: From = ContentFrom.declared,
    affected: Touched = False,
    base: Base = "",
    reports: ReportsFolder = None,
    output: OutputFormat = Output.text,
    target: TargetName = None,
    root: Root = None,
) -> None:
    """Show what would change in the live account. Writes nothing, and cannot: it is built on a read-only port.

    Where the environment has pins, it is what they name that is compared; with --from files, what is here.
    Examples: releaser plan -e dev | releaser plan -e prod claims-assistant -o plan.json
    In a merge request: releaser plan -e dev --affected --reports reports
    """
    from releaser import wiring
    from releaser.pipeline import gitlab_reports, touching, work
    from releaser.render import printing

    repo = wiring.repository(root)
    if affected:
        use_cases = touching.use_cases(repo, environment, base, reports, use_cases)
        if not use_cases:
            if reports is not None:
                gitlab_reports.of_nothing(reports, environment)
            raise typer.Exit(0)
    desk = work.desk(repo, environment, target, use_cases, offline=True, origin=origin)
    planned, verdicts = work.make_plan(desk, deep=deep)
    shown = work.with_verdicts(planned.plan, verdicts, desk)
    saved = printing.plan(shown, "json", show_values=False)
    if out is not None:
        work.write_whole(out, saved)
    if reports is not None:
        touching.report_plan(reports, environment, saved)
        gitlab_reports.of_plan(repo, reports, planned.plan, verdicts)
    values = show_values if show_values is not None else printing.is_terminal()
    typer.echo(
        printing.plan(shown, output.value, show_values=values, saved=str(out or ""), named=use_cases or ()), nl=False
    )
    raise typer.Exit(work.exit_code_of_plan(planned.plan, verdicts, detailed=detailed_exitcode))
