"""Freezes: days on which nothing changes in an environment, and times at which GitLab says so of the whole project."""

from __future__ import annotations

from datetime import UTC, date, datetime

from releaser.core.environment import Environment
from releaser.core.gate import Result, Verdict


def judge(environment: Environment, today: date) -> Verdict:
    """FAIL on a day inside a freeze window, both ends included."""
    for window in environment.spec.freeze:
        if window.from_ <= today <= window.to:
            return Verdict(
                "freeze",
                Result.FAIL,
                f"{environment.name} is frozen until {window.to.isoformat()}: {window.reason}",
                "wait, or shorten the window in the environment by a merge request",
                code="P150",
            )
    return Verdict("freeze", Result.PASS)


def judge_project(environment: str, until: datetime | None, *, is_frozen: bool) -> Verdict:
    """FAIL in a freeze period of the project. ``until``: its end, if it is known; ``is_frozen``: the job was told."""
    if until is None and not is_frozen:
        return Verdict("freeze", Result.PASS)
    end = f"until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if until else "until an end that this token may not read"
    return Verdict(
        "freeze",
        Result.FAIL,
        f"the project is frozen {end}, so is {environment}: a freeze period in GitLab",
        "wait, or change the freeze period in the project's settings (CI/CD, deploy freezes)",
        code="P150",
    )
