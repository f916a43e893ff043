"""``releaser apply``: apply a plan, exactly; continue after a crash."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from releaser.cli.options import (
    Environment,
    Output,
    OutputFormat,
    Root,
    Supersede,
    TakeOver,
    TargetName,
    UseCases,
    Workers,
)


def apply(
    environment: Environment,
    use_cases: UseCases = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="A plan that `plan -o` saved: refused when stale.")
    ] = None,
    workers: Workers = None,
    take_over: TakeOver = False,
    supersede: Supersede = False,
    output: OutputFormat = Output.text,
    target: TargetName = None,
    root: Root = None,
) -> None:
    """Apply the committed content to an environment, without cutting a release.

    The same command again continues where a crash stopped. Examples: releaser apply -e dev |
    releaser apply -e dev --plan plan.json
    """
    from releaser import wiring
    from releaser.cli import running, work
    from releaser.render import data

    saved = data.read_plan(work.read_file(plan)) if plan is not None else None
    repo = wiring.repository(root)
    declared = wiring.choose_environment(wiring.environments(repo.on_disk()), environment)
    dirty = wiring.refuse_dirty(repo, declared)
    commit = saved.commit if saved is not None else repo.git.head()
    names = [u.use_case for u in saved.use_cases] if saved is not None and not use_cases else use_cases
    desk = work.desk(
        root, environment, target, names, commit=None if dirty and saved is None else commit, read_only=False
    )
    desk.dirty = dirty
    desk.sync()
    tags = desk.repo.tags.known()
    releases = wiring.existing(desk.files, tags)
    objects = {n: tags[n][0].object_id for n, r in releases.items() if n in tags and tags[n][0].release == r.name}
    planned, verdicts = work.make_plan(desk, deep=saved is not None, releases=releases)
    if saved is not None:
        running.refuse_stale(saved, planned, desk)
    options = running.Options(workers=workers, take_over=take_over, supersede=supersede)
    outcome = running.execute(desk, planned, verdicts, objects, options)
    raise typer.Exit(running.show(outcome, output.value))
