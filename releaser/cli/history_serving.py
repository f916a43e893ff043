"""``releaser history serving``: what callers get now, and the way back from there to the review and its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from releaser.cli.options import Output, OutputFormat, Root

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from releaser.core.record import OpenRecord
    from releaser.core.serving import Serving
    from releaser.core.timeline import Account
    from releaser.render.serving import Standings
    from releaser.store.records import Records


def serving(
    use_case: Annotated[str | None, typer.Argument(help="Use case; all when none is named.")] = None,
    environment: Annotated[str | None, typer.Option("--environment", "-e", help="Only this environment.")] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Also read the pointers in the account, and say whether they agree.")
    ] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="With --live: exit 2 when a pointer is not as recorded.")
    ] = False,
    output: OutputFormat = Output.text,
    root: Root = None,
) -> None:
    """Follow each pointer that callers use: to versions, digest, commit, merge request and evidence.

    Told from the records, without a call of AWS; with --live the pointers are read too.
    Example: releaser history serving claims-assistant -e prod
    """
    from datetime import UTC, datetime

    from releaser.core.errors import WrongUsage
    from releaser.core.serving import serving as followed
    from releaser.kinds import registry
    from releaser.pipeline.recorded import records_here, refuse_unknown

    if live and environment is None:
        raise WrongUsage("--live needs to know which account", hint="name the environment: -e prod")
    records = records_here(root)
    accounts = records.live(datetime.max.replace(tzinfo=UTC), use_case, environment)
    if not accounts and (use_case or environment):
        refuse_unknown(records, root, use_case, environment)
    kinds = registry()
    pointers = {name for name, kind in kinds.items() if kind.is_followed}
    underway = _underway(records, accounts)
    found = [followed(a, pointers, underway.get((a.opened.environment, a.opened.use_case))) for a in accounts]
    standings = [_standings(root, one) for one in found] if live else [{}] * len(found)
    _print(found, standings, output)
    if detailed_exitcode and any(word != "as recorded" for one in standings for word, _ in one.values()):
        raise typer.Exit(2)


def _underway(records: Records, accounts: Sequence[Account]) -> dict[tuple[str, str], OpenRecord]:
    """The open records of some environments, by environment and use case."""
    environments = sorted({a.opened.environment for a in accounts})
    known = {(e, n): w.open for e in environments for n, w in records.witnesses(e).items()}
    return {place: record for place, record in known.items() if record is not None}


def _standings(root: Path | None, found: Serving) -> Standings:
    """How the pointers of one use case stand in its account."""
    from releaser import wiring
    from releaser.core.errors import ReleaserError
    from releaser.engine.driver import Driver
    from releaser.engine.pointers import standing
    from releaser.kinds import registry

    opened, closed = found.account.opened, found.account.closed
    repo = wiring.repository(root)
    chosen = wiring.choose_environment(wiring.environments(repo.on_disk()), opened.environment)
    places = [t for t in chosen.spec.targets if (t.account, t.region) == (opened.account, opened.region)]
    if not places:
        raise ReleaserError(
            f"{opened.use_case} was released into {opened.account} in {opened.region}, which is no target of "
            f"{opened.environment} any more",
            code="P344",
            hint="the records are right about then; environments/ says where it would go now",
        )
    driver = Driver(wiring.connection(chosen, places[0], repo.environ, read_only=True).aws, repo.clock)
    bindings, run = closed.bindings if closed else {}, found.underway.opened if found.underway else None
    return {
        p.address: standing(driver, registry()[bindings[p.address].kind], bindings[p.address], run)
        for p in found.pointers
    }


def _print(found: Sequence[Serving], standings: Sequence[Standings], output: Output) -> None:
    from releaser.core.serving import serving_data

    if output is Output.json:
        from releaser.render.data import to_json

        rows = [_with_standings(serving_data(f), s) for f, s in zip(found, standings, strict=True)]
        typer.echo(to_json(rows), nl=False)
        return
    if not found:
        typer.echo("nothing is live", err=True)
    for one, stands in zip(found, standings, strict=True):
        if output is Output.markdown:
            from releaser.render.serving import serving_markdown

            typer.echo("\n".join(serving_markdown(one, stands)))
        else:
            from releaser.render.line import coloured_text, plain_text
            from releaser.render.serving import serving_lines
            from releaser.render.terminal import colour

            typer.echo((coloured_text if colour() else plain_text)(serving_lines(one, stands)))


def _with_standings(row: dict[str, object], standings: Standings) -> dict[str, object]:
    told = {str(address): {"standing": word, "why": why} for address, (word, why) in standings.items()}
    return {**row, "live": told} if told else row
