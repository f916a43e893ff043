"""``releaser evaluate``: runs the suites of a use case on content that is published nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from releaser.cli.gate import Report, ReportFormat, ToReview
from releaser.cli.options import Base, Environment, ReportsFolder, Root, TargetName, Touched


def evaluate(
    environment: Environment,
    use_case: Annotated[str | None, typer.Argument(help="The use case.", show_default=False)] = None,
    suite: Annotated[list[str] | None, typer.Option("--suite", help="Only this suite; repeat.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the evidence files.")] = None,
    cases: Annotated[int | None, typer.Option("--max-cases", min=1, help="Ask no more than so many cases.")] = None,
    sample: Annotated[int, typer.Option("--sample", min=0, help="Only so many cases, drawn by a fixed seed.")] = 0,
    compare: Annotated[
        tuple[str, str] | None, typer.Option("--compare", help="Two releases by the records, as r11 r12; asks nothing.")
    ] = None,
    to_review: ToReview = None,
    affected: Touched = False,
    base: Base = "",
    reports: ReportsFolder = None,
    output: ReportFormat = Report.text,
    target: TargetName = None,
    root: Root = None,
) -> None:
    """Evaluate the content of the files here: prompts are rendered inline, nothing is published, nothing is changed.

    Compares with the evidence of what is live. What was answered before is not asked again, so the same command after
    an interruption goes on where it stopped.
    With --affected: what the environment asks of every use case that the files here touch.
    Exit 0: passes; 3: does not; 5: something is awaited.
    Examples: releaser evaluate claims-assistant -e dev | releaser evaluate --affected -e dev --reports reports
    """
    from releaser import wiring
    from releaser.core.errors import WrongUsage
    from releaser.pipeline import comparing, inline, rejudging

    repo = wiring.repository(root)
    if (use_case is None) is not affected:
        raise WrongUsage("name one use case, or say --affected", hint="releaser evaluate USE_CASE -e ENV")
    if to_review is not None and (use_case is None or compare is not None):
        raise WrongUsage("--to-review is of one use case that is evaluated", hint="leave out --affected and --compare")
    if use_case is None:
        several = inline.evaluate_affected(repo, environment, target, base, reports or Path("reports"))
        for one in several:
            typer.echo(rejudging.printed(one, output.value, rejudging.texts_of(repo)), nl=False)
        raise typer.Exit(rejudging.worst_code(several))
    if compare is not None:
        typer.echo(comparing.compared(repo, environment, use_case, *compare, output.value), nl=False)
        return
    found = inline.evaluate(
        repo, environment, target, use_case, suite or (), out, cases=cases, sample=sample, to_review=to_review
    )
    typer.echo(rejudging.printed(found, output.value, rejudging.texts_of(repo)), nl=False)
    raise typer.Exit(rejudging.exit_code(found))
