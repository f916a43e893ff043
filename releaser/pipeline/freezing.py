"""Freeze periods that GitLab keeps for the project: asked in its jobs only, where something is about to be written."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from releaser.core.cron import cron
from releaser.core.frozen import Period, frozen_until
from releaser.core.gate import Verdict
from releaser.gates import freeze
from releaser.gitlab.connecting import connect
from releaser.gitlab.context import Context, read_context
from releaser.gitlab.errors import GitlabError
from releaser.gitlab.protections import FreezePeriod, freeze_periods
from releaser.pipeline.telling import say
from releaser.render.escape import safe
from releaser.wiring import Repository


def judge(repo: Repository, environment: str) -> tuple[Verdict, ...]:
    """The verdict against a run while the project is frozen: by its periods, where a token may read them, or by what
    the job was told; none where it is not.

    What cannot be read stops nothing by itself: GitLab tells every job whether a period is on, only not until when.
    """
    context = read_context(repo.environ)
    if not context.is_in_ci:
        return ()
    until = frozen_until(_periods(repo, context), repo.clock.now())
    verdict = freeze.judge_project(environment, until, is_frozen=context.is_frozen)
    return (verdict,) if verdict.code else ()


def _periods(repo: Repository, context: Context) -> tuple[Period, ...]:
    api = connect(context, repo.clock)
    if api is None or not api.can_write:  # a job's own token is not even looked at (lib/api/freeze_periods.rb)
        return ()
    try:
        rows = freeze_periods(api)
    except GitlabError as error:
        say(f"warning: freeze periods were not read: {error.code}: {safe(str(error))}; going by CI_DEPLOY_FREEZE")
        return ()
    return tuple(period for row in rows for period in _period(row))


def _period(row: FreezePeriod) -> Iterator[Period]:
    try:
        yield period_of(row)
    except ValueError as error:
        say(f"warning: a freeze period is not understood: {safe(str(error))}; going by CI_DEPLOY_FREEZE")


def period_of(row: FreezePeriod) -> Period:
    """Raises ValueError for a cron or a zone that is not known here."""
    try:
        zone = ZoneInfo(row.timezone)
    except (OSError, ValueError, LookupError):
        raise ValueError(f"there is no time zone {row.timezone!r}") from None
    return Period(cron(row.start), cron(row.end), zone)
