"""Freeze periods of the project stop what writes, in GitLab's jobs, and say until when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from stub import Fault, Gitlab
from world.desk import Desk
from world.manifest import use_case
from world.repository import LETTER

from releaser.gates.freeze import judge_project
from releaser.gitlab.protections import FreezePeriod
from releaser.pipeline.freezing import period_of


@pytest.fixture
def job(new_desk: Callable[..., Desk], gitlab: Gitlab) -> Desk:
    """One use case that waits for its first release, in a job with a token that may read the project's settings."""
    found = new_desk()
    found.repo.declare(use_case(), {"answer": LETTER})
    found.repo.commit("first")
    found.env |= {"CI_SERVER_URL": gitlab.url, "CI_PROJECT_ID": "12", "CI_JOB_ID": "9", "CI_JOB_TOKEN": "job-1"}
    found.env |= {"RELEASER_GITLAB_TOKEN": "glpat-reads"}
    return found


def freeze(gitlab: Gitlab, zone: str = "UTC") -> str:
    """A period that began an hour ago and ends in two days; its end."""
    now = datetime.now(UTC)
    start, end = now - timedelta(hours=1), now + timedelta(days=2)
    row = {"id": 3, "freeze_start": f"{start:%M %H %d %m} *", "freeze_end": f"{end:%M %H %d %m} *"}
    gitlab.state.freeze_periods.append({**row, "cron_timezone": zone})
    return f"{end:%Y-%m-%d %H:%M} UTC"


def test_a_period_refuses_the_run_and_says_until_when(job: Desk, gitlab: Gitlab) -> None:
    until = freeze(gitlab)
    for command in ("reconcile", "apply"):
        ended = job.run(command, "-e", "dev", ok=4)
        assert "P150" in ended.said + ended.out
        assert f"frozen until {until}" in ended.said + ended.out
    assert job.effects() == []
    gitlab.state.freeze_periods.clear()
    job.reconcile()
    assert job.effects() != []


def test_outside_of_a_job_nobody_is_asked(job: Desk, gitlab: Gitlab) -> None:
    freeze(gitlab)
    del job.env["CI_JOB_ID"]
    job.reconcile()
    assert gitlab.asked == []


def test_what_the_job_is_told_counts_where_periods_cannot_be_read(job: Desk, gitlab: Gitlab) -> None:
    del job.env["RELEASER_GITLAB_TOKEN"]
    job.env["CI_DEPLOY_FREEZE"] = "true"
    ended = job.reconcile(ok=4)
    assert "until an end that this token may not read" in ended.said + ended.out
    assert gitlab.count("GET", "freeze_periods") == 0
    del job.env["CI_DEPLOY_FREEZE"]
    job.reconcile()


def test_what_cannot_be_read_is_said_and_stops_nothing(job: Desk, gitlab: Gitlab) -> None:
    gitlab.faults = [Fault("GET", "freeze_periods", status=403)]
    assert "freeze periods were not read: L102" in job.reconcile().said
    freeze(gitlab, "Nowhere/At_all")
    assert "there is no time zone 'Nowhere/At_all'; going by CI_DEPLOY_FREEZE" in job.reconcile().said


@pytest.mark.parametrize(
    "row",
    [("@daily", "0 0 * * *", "UTC"), ("0 0 * * *", "never", "UTC"), ("0 0 * * *", "0 1 * * *", "../../etc/passwd")],
)
def test_what_is_no_period_is_no_guess(row: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError):
        period_of(FreezePeriod(*row))


def test_either_says_that_it_is_frozen() -> None:
    end = datetime(2026, 12, 1, tzinfo=UTC)
    results = [
        judge_project("dev", until, is_frozen=told).result.value for until in (None, end) for told in (False, True)
    ]
    assert results == ["PASS", "FAIL", "FAIL", "FAIL"]
