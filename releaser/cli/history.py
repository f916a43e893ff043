"""``releaser history``: every release, newest first; what was live when; the notes of one. ``diff`` and ``serving``
are commands of their own below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from releaser.cli import history_diff, history_serving
from releaser.cli.options import Output, OutputFormat, Root
from releaser.pipeline.recorded import records_here, refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from releaser.core.record import Opened
    from releaser.core.timeline import Account
    from releaser.store.records import Records


class ListByDefault(TyperGroup):
    """``history USE_CASE`` is ``history list USE_CASE``: the first word is a command of ours, or it is not."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        return super().parse_args(ctx, args if args and args[0] in self.commands else ["list", *args])


app = typer.Typer(
    cls=ListByDefault,
    help="Every release record; what was live when; what two releases differ in; what callers get.",
    epilog="Example: releaser history claims-assistant -e prod --at 2026-03-03",
    rich_markup_mode=None,
)

_COLUMNS = ("WHEN (UTC)", "ENVIRONMENT", "USE CASE", "RELEASE", "OUTCOME", "BY", "COMMIT", "APPROVED BY")


@app.command("list")
def history(
    use_case: Annotated[str | None, typer.Argument(help="Use case; all when none is named.")] = None,
    environment: Annotated[str | None, typer.Option("--environment", "-e", help="Only this environment.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="DATE", help="What was live then: 2026-03-03 or 2026-03-03T14:00.")
    ] = None,
    show: Annotated[
        str | None, typer.Option("--show", metavar="REF", help="Print the notes of a release: r12, 0003-r12 or an id.")
    ] = None,
    output: OutputFormat = Output.text,
    root: Root = None,
) -> None:
    """List every release record, newest first: what, when, from which commit, by whom, approved by whom.

    What two releases differ in: `releaser history diff r11 r12`; what callers get: `releaser history serving`.
    A use case of the name diff, serving or list is meant by `releaser history list NAME`.
    Example: releaser history claims-assistant -e prod --at 2026-03-03
    """
    records = records_here(root)
    if at is not None and show is None:
        accounts = records.live(_moment(at), use_case, environment)
    else:
        found = records.history(use_case, environment, brief=output is not Output.json)
        accounts = sorted(found, key=_when, reverse=True)
    if not accounts and (use_case or environment):
        refuse_unknown(records, root, use_case, environment)
    if show is not None:
        typer.echo(_notes(records, accounts, show))
        return
    if output is Output.json:
        import json

        from releaser.core.timeline import account_json

        typer.echo(json.dumps([account_json(a) for a in accounts], indent=2, ensure_ascii=False))
    elif not accounts:
        of = "".join([f" of {use_case}" if use_case else "", f" in {environment}" if environment else ""])
        typer.echo("nothing was live" if at else f"no records yet{of}", err=True)
    else:
        typer.echo(_markdown(accounts) if output is Output.markdown else _table(accounts))


app.command()(history_diff.diff)
app.command()(history_serving.serving)


def _when(account: Account) -> datetime:
    """The time that is shown."""
    return account.closed.closed_at if account.closed else account.opened.opened_at


def _moment(at: str) -> datetime:
    from releaser.core.errors import WrongUsage
    from releaser.core.timeline import parse_moment

    try:
        return parse_moment(at)
    except ValueError:
        raise WrongUsage(
            f"not a date or time: {at}", code="G-date", hint="write 2026-03-03 or 2026-03-03T14:00+01:00"
        ) from None


def _notes(records: Records, accounts: Sequence[Account], ref: str) -> str:
    from releaser.core.errors import ReleaserError, WrongUsage

    meant = [account.opened for account in accounts if _is_meant(account.opened, ref)]
    use_cases = sorted({opened.use_case for opened in meant})
    if len(use_cases) > 1:
        raise WrongUsage(
            f"several use cases have {ref}: {', '.join(use_cases[:10])}",
            hint=f"name the one: releaser history {use_cases[0]} --show {ref}",
        )
    for opened in meant:
        notes = records.notes(opened)
        if notes is not None:
            return notes.rstrip("\n")
    raise ReleaserError(
        f"no record with notes is {ref}", code="G-no-notes", hint="`releaser history` lists what there is"
    )


def _is_meant(opened: Opened, ref: str) -> bool:
    known = (opened.release, opened.ref.folder, opened.ref.folder.rpartition("/")[2])
    return ref in known or (len(ref) >= 8 and opened.id.startswith(ref))


def _row(account: Account) -> tuple[str, ...]:
    opened, closed = account.opened, account.closed
    outcome = account.outcome
    if closed is None:
        outcome = f"open: {opened.holder.name}"
    elif outcome == "released" and not closed.verified:
        outcome = "released, not verified"
    if opened.emergency is not None:
        outcome += f", emergency {opened.emergency.kind}"
    commit = opened.commit[:9] + ("+dirty" if opened.dirty else "")
    return (
        f"{_when(account):%Y-%m-%d %H:%M}",
        opened.environment,
        opened.use_case,
        opened.release,
        outcome,
        opened.actor,
        commit,
        ", ".join(account.approvers) or "-",
    )


def _table(accounts: Sequence[Account]) -> str:
    from releaser.render.escape import safe

    rows = [_COLUMNS, *(tuple(safe(cell) for cell in _row(a)) for a in accounts)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _markdown(accounts: Sequence[Account]) -> str:
    from releaser.render.escape import prose

    rows = [_COLUMNS, tuple("---" for _ in _COLUMNS), *(tuple(prose(cell) for cell in _row(a)) for a in accounts)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
