"""The results of runs and proposals on stdout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from releaser.core.move import ProposalReport
    from releaser.pipeline.running import Finished


def show_run(finished: Finished, output: str) -> int:
    """The report of a run; the worst outcome decides the exit code."""
    from releaser.pipeline import running, work
    from releaser.render import printing

    plan = finished.planned.plan
    work.tell([*plan.diagnostics, *work.warnings(plan, finished.verdicts)])
    typer.echo(printing.report(plan, finished.report, output), nl=False)
    return running.exit_code(plan, finished.report)


def show_proposal(report: ProposalReport, output: str) -> None:
    """What was proposed, and where."""
    import json

    from releaser.core.move import report_json
    from releaser.render import move as printed

    match output:
        case "json":
            typer.echo(json.dumps(report_json(report), indent=2, ensure_ascii=False))
        case "markdown":
            typer.echo(printed.proposal_markdown(report), nl=False)
        case _:
            typer.echo(printed.proposal_text(report), nl=False)
