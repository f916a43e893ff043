"""``releaser apply``: apply a plan, exactly; continue after a crash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from releaser.cli.options import (
    Deep,
    Environment,
    Output,
    OutputFormat,
    Root,
    Supersede,
    TakeOver,
    TargetName,
    UseCases,
    Wait,
    Workers,
)
from releaser.cli.results import show_run


def apply(
    environment: Environment,
    use_cases: UseCases = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="A plan that `plan -o` saved: refused when stale.")
    ] = None,
    deep: Deep = False,
    workers: Workers = None,
    take_over: TakeOver = False,
    supersede: Supersede = False,
    wait: Wait = "10m",
    output: OutputFormat = Output.text,
    target: TargetName = None,
    root: Root = None,
) -> None:
    """Apply a saved plan, exactly; or the committed content or pins, whatever branch they are on.

    Content without pins gets a release tag, as with reconcile. The same command again continues where a crash stopped.
    Examples: releaser apply -e dev |
    releaser apply -e dev --plan plan.json
    """
    from releaser import wiring
    from releaser.pipeline import agreeing, cutting, freezing, running, underway, work
    from releaser.render import data

    saved = data.read_plan(work.read_file(plan)) if plan is not None else None
    if saved is not None:
        running.refuse_elsewhere(saved, environment)
    repo = wiring.repository(root)
    dirty = wiring.refuse_dirty(repo, environment)
    commit = saved.commit if saved is not None else repo.git.head()
    names = [u.use_case for u in saved.use_cases] if saved is not None and not use_cases else use_cases
    desk = work.desk(
        repo, environment, target, names, commit=None if dirty and saved is None else commit, read_only=False
    )
    desk.dirty = dirty
    desk.connect()
    releases, objects = (wiring.unreleased(desk.files), {}) if dirty else cutting.named(desk)
    if saved is None and not dirty:
        releases = underway.comes_first(desk, releases)
    planned, verdicts = work.make_plan(desk, deep=deep or saved is not None, releases=releases)
    if saved is not None:
        running.refuse_stale(saved, planned, desk)
        planned = replace(planned, plan=replace(planned.plan, digest=saved.digest))
    agreed = agreeing.agreed(desk, planned)
    options = running.Options(workers=workers, take_over=take_over, supersede=supersede, wait=wait, agreed=agreed)
    verdicts = (*verdicts, *freezing.judge(repo, environment), *agreed.verdicts)
    outcome = running.execute(desk, planned, verdicts, objects, options)
    raise typer.Exit(show_run(outcome, output.value))
