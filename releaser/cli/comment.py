"""``releaser comment``: what a merge request changes, told in the merge request."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from releaser.cli.options import Root


def comment(
    reports: Annotated[Path, typer.Option("--reports", help="The folder that `plan` and `evaluate` wrote to.")] = Path(
        "reports"
    ),
    root: Root = None,
) -> None:
    """Tell a merge request what it changes: one comment for each environment below the reports, updated in place.

    It says whether the change passes, what changes for users, what the plan and the evaluation found, and who must
    approve. Without a token that may write, the comments are only written: REPORTS/ENV/comment.md.
    Example, in a job of a merge request: releaser comment --reports reports
    """
    from releaser import wiring
    from releaser.pipeline.commenting import tell
    from releaser.pipeline.telling import say
    from releaser.render.escape import safe

    states = []
    for told in tell(wiring.repository(root), reports):
        states.append(told.state)
        typer.echo(f"{told.environment}: {told.state}: {safe(told.said)}")
    if not states:
        say(f"nothing to tell: there are no reports below {reports}")
    raise typer.Exit(1 if "failed" in states else 0)
