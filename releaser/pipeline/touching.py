"""The use cases that a merge request touches, told to people and to the jobs that follow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from releaser import wiring
from releaser.pipeline.affected import affected_by
from releaser.pipeline.reporting import Reports, affected_text, write_files
from releaser.pipeline.telling import say


def use_cases(
    repo: wiring.Repository, environment: str, base: str, reports: Path | None, only: Sequence[str] | None = None
) -> list[str]:
    """Their names, of those in ``only`` when that is given; why is said, and written to the reports."""
    found = affected_by(repo, environment, base)
    for name, why in found.use_cases.items():
        say(f"{name}: touched: {why}")
    for name in found.gone:
        say(f"{name}: its content is gone; nothing is deleted for that (`releaser retire` takes it away)")
    if not found.use_cases:
        say(f"{environment}: nothing is touched, compared with {found.base[:12]}")
    if reports is not None:
        here = Reports.of(reports, environment)
        write_files({here.affected: affected_text(found)})
    return [name for name in found.use_cases if not only or name in only]


def report_plan(reports: Path, environment: str, saved: str) -> None:
    """The saved plan for the jobs that follow."""
    here = Reports.of(reports, environment)
    write_files({here.plan: saved})
