"""A job of a commit that its branch has left does nothing, and says whose pipeline does it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from world.desk import Desk
from world.manifest import use_case
from world.repository import LETTER


@pytest.fixture
def job(new_desk: Callable[..., Desk]) -> Desk:
    """A clone at the first of two commits of main, neither of which is released, in a job."""
    found = new_desk(server=True)
    found.repo.declare(use_case())
    found.repo.commit("first")
    found.repo.git("checkout", "-q", "--detach")
    found.env = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main", "CI_JOB_ID": "7"}
    return found


def push(job: Desk, message: str) -> str:
    """Somebody else merges."""
    first = job.repo.git("rev-parse", "HEAD")
    job.repo.declare(use_case(), {"answer": LETTER.replace("three", "two")})
    found = job.repo.commit(message)
    job.repo.git("checkout", "-q", "--detach", first)
    return found


@pytest.mark.parametrize("command", [("release",), ("reconcile", "-e", "dev")])
def test_an_overtaken_job_ends_well_and_does_nothing(job: Desk, command: tuple[str, ...]) -> None:
    newer = push(job, "second")
    said = job.run(*command, ok=0)
    assert f"superseded: main is at {newer[:12]}" in said.err
    assert job.writes() == [] and job.repo.tags() == [] and job.repo.records() == {}
    job.repo.git("checkout", "-q", "--detach", newer)
    assert "superseded" not in job.run("reconcile", "-e", "dev", ok=0).said
    job.repo.git("checkout", "-q", "--detach", f"{newer}^")
    mark = job.mark()
    assert "superseded" in job.run(*command, ok=0).err, "a job that somebody starts again later"
    assert job.writes(mark) == [] and job.repo.tags() == ["mail/r1"]


def test_a_commit_that_has_no_pipeline_overtakes_nobody(job: Desk) -> None:
    push(job, "words only [Skip CI]")
    assert "superseded" not in job.run("reconcile", "-e", "dev", ok=0).said
    assert job.repo.tags() == ["mail/r1"]


def test_a_person_is_never_overtaken(job: Desk) -> None:
    push(job, "second")
    del job.env["CI_JOB_ID"]
    job.run("reconcile", "-e", "dev", ok=0)
    assert job.repo.tags() == ["mail/r1"]
