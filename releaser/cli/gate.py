"""``releaser gate``: judges stored evidence, offline."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from releaser.cli.options import Root


class Report(StrEnum):
    """How a judgement is printed."""

    text = "text"
    json = "json"
    markdown = "markdown"
    junit = "junit"
    html = "html"


ReportFormat = Annotated[Report, typer.Option("--output", help="How the judgement is printed on stdout.")]
Baseline = Annotated[
    list[Path] | None,
    typer.Option("--baseline", help="Evidence of what is live: what a regression is measured against."),
]

ToReview = Annotated[
    Path | None,
    typer.Option(
        "--to-review", help="Write here what people have not reviewed yet: filled in, it is a file of reviews."
    ),
]


def gate(
    evidence: Annotated[
        list[Path], typer.Option("--evidence", help="A file that `evaluate` or a record keeps; repeat.")
    ],
    baseline: Baseline = None,
    environment: Annotated[
        str,
        typer.Option("--environment", "-e", help="Whose rule for INCONCLUSIVE holds.", envvar="RELEASER_ENVIRONMENT"),
    ] = "",
    to_review: ToReview = None,
    output: ReportFormat = Report.text,
    root: Root = None,
) -> None:
    """Judge stored evidence under the thresholds of the manifests here. Calls nothing and nobody.

    The same evidence and thresholds give the same verdict. Exit 0: passes; 3: does not; 5: something is awaited.
    Examples: releaser gate --evidence quality.json | releaser gate --evidence new.json --baseline live.json
    """
    from releaser.pipeline import rejudging

    found = rejudging.rejudge(root, evidence, baseline or (), environment, to_review)
    typer.echo(rejudging.printed(found.judgement, output.value, found.texts), nl=False)
    raise typer.Exit(rejudging.exit_code(found.judgement))
