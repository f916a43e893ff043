"""Results for stdout, in the format that was asked for. Texts of prompts and guardrails only ever on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from releaser.core.plan import Plan
from releaser.core.record import Witness
from releaser.engine.run import Report
from releaser.kinds import registry
from releaser.render import data, markdown, standing, summary, text
from releaser.render.terminal import colour, is_terminal
from releaser.render.view import PlanView, plan_view

__all__ = ["Format", "colour", "drift", "is_terminal", "plan", "report", "status"]

Format = Literal["text", "json", "markdown"]


def plan(plan: Plan, output: str, *, show_values: bool = False, saved: str = "", named: Sequence[str] = ()) -> str:
    """A plan. ``show_values`` counts for text alone; ``saved`` is the file it was written to; ``named``: the use cases
    that were asked for, none for all."""
    view = _view(plan, show_values=show_values and output == "text")
    match output:
        case "json":
            return data.plan_json(view)
        case "markdown":
            return markdown.plan_markdown(view)
        case _:
            return text.plan_text(view, colour=colour(), saved=saved, named=named)


def drift(plan: Plan, output: str, named: Sequence[str] = ()) -> str:
    """What changed behind git's back."""
    view = _view(plan)
    match output:
        case "json":
            return data.to_json(standing.drift_report(view))
        case "markdown":
            return markdown.fenced(standing.drift_text(view, named=named))
        case _:
            return standing.drift_text(view, colour=colour(), named=named)


def status(plan: Plan, witnesses: Mapping[str, Witness], held: Mapping[str, str], output: str) -> str:
    """How each use case stands. ``held``: why what git asks for is kept out."""
    view = _view(plan)
    rows = standing.status_rows(view, witnesses, held)
    match output:
        case "json":
            return data.to_json(standing.status_data(view, rows))
        case "markdown":
            return markdown.fenced(standing.status_text(view, rows))
        case _:
            return standing.status_text(view, rows, colour=colour())


def report(plan: Plan, report: Report, output: str, *, duration_ms: int = 0) -> str:
    """How a run ended."""
    view = summary.run_view(
        plan,
        report.results.values(),
        refused=report.refused,
        unrecorded=report.unrecorded,
        duration_ms=duration_ms,
    )
    match output:
        case "json":
            return data.to_json(summary.run_data(view))
        case "markdown":
            return markdown.fenced(summary.run_text(view))
        case _:
            return summary.run_text(view, colour=colour())


def _view(plan: Plan, *, show_values: bool = False) -> PlanView:
    return plan_view(plan, registry(), show_values=show_values)
