"""``releaser reconcile``: what CI runs on merge."""

from __future__ import annotations

from typing import Annotated

import typer

from releaser.cli.options import (
    Deep,
    Environment,
    Output,
    OutputFormat,
    ReportsFolder,
    Root,
    Supersede,
    TakeOver,
    TargetName,
    UseCases,
    Wait,
    Workers,
)
from releaser.cli.results import show_run


def reconcile(
    environment: Environment,
    use_cases: UseCases = None,
    deep: Deep = False,
    workers: Workers = None,
    take_over: TakeOver = False,
    supersede: Supersede = False,
    wait: Wait = "10m",
    reports: ReportsFolder = None,
    accept_divergence: Annotated[
        bool,
        typer.Option("--accept-divergence", help="Apply what differs from the reviewed change; the record says so."),
    ] = False,
    output: OutputFormat = Output.text,
    target: TargetName = None,
    root: Root = None,
) -> None:
    """Release what was merged: cut tags for what changed, plan, clear, stage, promote, verify, record.

    The content is HEAD's, never the working tree's. The same command again continues where a crash stopped.
    In CI, where the branch has a newer commit, that one's pipeline does the work, and this ends with 0.
    Example: releaser reconcile -e dev
    """
    from releaser import wiring
    from releaser.pipeline import (
        agreeing,
        branch,
        cutting,
        freezing,
        gitlab_reports,
        reverting,
        running,
        underway,
        work,
    )
    from releaser.pipeline.superseded import superseded
    from releaser.pipeline.telling import say

    repo = wiring.repository(root)
    if overtaken := superseded(repo):
        say(overtaken)
        raise typer.Exit(0)
    desk = work.desk(repo, environment, target, use_cases, commit=repo.git.head(), read_only=False)
    branch.refuse_unmerged(desk)
    desk.connect()
    releases, objects = cutting.named(desk)
    releases = underway.comes_first(desk, releases)
    planned, verdicts = work.make_plan(desk, deep=deep, releases=releases)
    agreed = agreeing.agreed(desk, planned, compares=True, accepts=accept_divergence)
    options = running.Options(workers=workers, take_over=take_over, supersede=supersede, wait=wait, agreed=agreed)
    verdicts = (*verdicts, *freezing.judge(repo, environment), *agreed.verdicts)
    outcome = running.execute(desk, planned, verdicts, objects, options)
    code = show_run(outcome, output.value)
    if reports is not None:
        gitlab_reports.of_run(repo, reports, outcome)
    reverting.prepare(desk, outcome, root)
    raise typer.Exit(code)
