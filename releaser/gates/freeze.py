"""Freeze windows: days on which nothing changes."""

from __future__ import annotations

from datetime import date

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
