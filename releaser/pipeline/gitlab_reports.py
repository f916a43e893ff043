"""What GitLab reads from a job, written to the folder of reports: one function a command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from releaser.core.errors import ReleaserError
from releaser.gitlab.context import read_context
from releaser.pipeline.reporting import Reports, write_files
from releaser.pipeline.telling import say

if TYPE_CHECKING:
    from releaser import wiring
    from releaser.core.evaluation.judgement import Judgement
    from releaser.core.gate import Verdict
    from releaser.core.plan import Plan
    from releaser.pipeline.running import Finished


def of_plan(repo: wiring.Repository, root: Path, plan: Plan, verdicts: Sequence[Verdict]) -> None:
    """Counts, gates, room in the account, links, digests. Raises ReleaserError."""
    from releaser.render.reports import checks, metrics
    from releaser.render.reports.dotenv import dotenv
    from releaser.render.reports.junit import junit
    from releaser.render.reports.terraform import terraform

    here = Reports.of(root, plan.environment)
    write_files(
        {
            here.terraform: terraform(plan),
            here.junit: junit(f"plan of {plan.environment}", checks.of_gates(plan, verdicts)),
            here.metrics: metrics.openmetrics(metrics.of_room(plan)),
            here.annotations: _links(repo, root, plan),
            here.dotenv: dotenv(plan),
        }
    )


def of_nothing(root: Path, environment: str) -> None:
    """A merge request that touches nothing here: no change is a report too. Raises ReleaserError."""
    from releaser.render.reports.terraform import counted

    here = Reports.of(root, environment)
    write_files({here.terraform: counted()})


def of_judgements(root: Path, environment: str, judgements: Iterable[Judgement]) -> None:
    """What was measured, and what was asked. Raises ReleaserError."""
    from releaser.render.reports import checks, metrics
    from releaser.render.reports.junit import junit

    here, found = Reports.of(root, environment), tuple(judgements)
    write_files(
        {
            here.junit: junit(f"evaluation for {environment}", checks.of_judgements(found)),
            here.metrics: metrics.openmetrics(metrics.of_judgements(found)),
        }
    )


def of_run(repo: wiring.Repository, root: Path, finished: Finished) -> None:
    """What became of each use case, by which gates, at what scores. The run is over: what cannot be written is said."""
    from releaser.render.reports import checks, metrics
    from releaser.render.reports.dotenv import dotenv
    from releaser.render.reports.junit import junit
    from releaser.render.reports.terraform import terraform

    plan, report = finished.planned.plan, finished.report
    here = Reports.of(root, plan.environment)
    suites = [
        *checks.of_gates(plan, finished.verdicts),
        *checks.of_judgements(finished.judgements),
        *checks.of_run(report.results, report.refused),
    ]
    samples = [*metrics.of_judgements(finished.judgements), *metrics.of_room(plan)]
    released = {p.use_case: p.release for p in plan.use_cases if _was_released(finished, p.use_case)}
    try:
        write_files(
            {
                here.terraform: terraform(plan),
                here.junit: junit(f"release to {plan.environment}", checks.joined(suites)),
                here.metrics: metrics.openmetrics(samples),
                here.annotations: _links(repo, root, plan),
                here.dotenv: dotenv(plan, released),
            }
        )
    except ReleaserError as error:
        say(f"the reports could not be written: {error} ({error.hint})")


def of_drift(root: Path, plan: Plan) -> None:
    """Every resource, and how many drifted. Raises ReleaserError."""
    from releaser.render.reports import checks, metrics
    from releaser.render.reports.junit import junit

    here = Reports.of(root, plan.environment)
    write_files(
        {
            here.junit: junit(f"drift in {plan.environment}", checks.of_drift(plan)),
            here.metrics: metrics.openmetrics(metrics.of_drift(plan)),
        }
    )


def _was_released(finished: Finished, use_case: str) -> bool:
    found = finished.report.results.get(use_case)
    return found is not None and found.succeeded and not found.retires


def _links(repo: wiring.Repository, root: Path, plan: Plan) -> str:
    from releaser.render.reports.annotations import job_artifacts, links

    return links(plan, job_artifacts(read_context(repo.environ).job_url, str(root / plan.environment)))
