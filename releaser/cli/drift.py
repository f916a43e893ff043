"""``releaser drift``: what changed behind git's back. Reads only."""

from __future__ import annotations

import typer

from releaser.cli.options import (
    DetailedExitCode,
    Environment,
    Output,
    OutputFormat,
    ReportsFolder,
    Root,
    TargetName,
    UseCases,
)


def drift(
    environment: Environment,
    use_cases: UseCases = None,
    detailed_exitcode: DetailedExitCode = False,
    reports: ReportsFolder = None,
    output: OutputFormat = Output.text,
    target: TargetName = None,
    root: Root = None,
) -> None:
    """Compare the live account with what was released, field by field.

    Reads every resource. Changes that git asks for and nobody applied yet are not drift; `plan` shows them.
    Example: releaser drift -e prod --detailed-exitcode
    """
    from releaser import wiring
    from releaser.pipeline import gitlab_reports, work
    from releaser.render import printing

    desk = work.desk(wiring.repository(root), environment, target, use_cases, offline=True)
    planned, verdicts = work.make_plan(desk, deep=True, full=True)
    shown = work.with_verdicts(planned.plan, verdicts, desk)
    typer.echo(printing.drift(shown, output.value, named=use_cases or ()), nl=False)
    work.tell(planned.plan.diagnostics)
    if reports is not None:
        gitlab_reports.of_drift(reports, planned.plan)
    found = any(c.drift for c in shown.changes)
    failed = any(u.blocked for u in shown.use_cases) or any(d.severity == "error" for d in planned.plan.diagnostics)
    raise typer.Exit(1 if failed else 2 if found and detailed_exitcode else 0)
