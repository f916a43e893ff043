"""Options that several commands share: one spelling, one help text."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from releaser.pipeline.chosen import ContentFrom


class Output(StrEnum):
    text = "text"
    json = "json"
    markdown = "markdown"


Root = Annotated[
    Path | None,
    typer.Option(
        "--root",
        help="Folder with manifests/ and environments/.",
        envvar="RELEASER_ROOT",
        show_default="this repository",
    ),
]
Environment = Annotated[
    str, typer.Option("--environment", "-e", help="Name of the environment.", envvar="RELEASER_ENVIRONMENT")
]
TargetName = Annotated[str | None, typer.Option("--target", help="Target, when the environment has several.")]
UseCases = Annotated[list[str] | None, typer.Argument(help="Use cases; all when none is named.", show_default=False)]
OutputFormat = Annotated[Output, typer.Option("--output", help="How the result is printed on stdout.")]
DetailedExitCode = Annotated[
    bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are changes, 0 when there are none.")
]
From = Annotated[
    ContentFrom,
    typer.Option("--from", help="`files`: as if the files here were released and pinned, where there are pins."),
]
Touched = Annotated[
    bool, typer.Option("--affected", help="Only the use cases that the files here change, against --base.")
]
Base = Annotated[
    str,
    typer.Option(
        "--base",
        help="The commit that --affected compares with.",
        # The first is set where a pipeline runs on the merged result, to the commit that it was merged into.
        envvar=["CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA"],
        show_default="where the default branch was left",
    ),
]
ReportsFolder = Annotated[
    Path | None, typer.Option("--reports", help="Folder for reports, as pipelines pass them on: FOLDER/ENV/...")
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, max=64, help="Steps at a time.", show_default="the environment's")
]


def _duration(text: str) -> str:
    """WrongUsage for what is no duration: before anything is read or done."""
    from releaser.core.environment import duration
    from releaser.core.errors import WrongUsage

    try:
        duration(text)
    except ValueError:
        raise WrongUsage(
            f"--wait {text!r} is no duration", hint="a whole number and s, m, h or d: --wait 90s"
        ) from None
    return text


Wait = Annotated[
    str,
    typer.Option(
        "--wait",
        help="How long a roll-out is watched; after that a later run continues. As 90s, 10m, 1h.",
        callback=_duration,
    ),
]
Deep = Annotated[bool, typer.Option("--deep", help="Read every resource and version, also where the list matches git.")]
TakeOver = Annotated[
    bool, typer.Option("--take-over", help="Continue the open record of a run that is known to be dead.")
]
Supersede = Annotated[
    bool,
    typer.Option("--supersede", help="Close an interrupted run whose plan no longer fits, and start anew."),
]
