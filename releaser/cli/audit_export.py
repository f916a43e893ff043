"""``releaser audit export``: records, notes, evidence, contents and a verifier in one file, for who was not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from releaser.cli.options import Root, UseCases

if TYPE_CHECKING:
    from datetime import datetime

    from releaser.core.audit_index import Scope
    from releaser.wiring import Repository


def export(
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="First day, as 2026-01-01.")],
    until: Annotated[str, typer.Option("--to", metavar="DATE", help="Last day, as 2026-03-31.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The zip file to write.")],
    use_cases: UseCases = None,
    environment: Annotated[str | None, typer.Option("--environment", "-e", help="Only this environment.")] = None,
    with_content: Annotated[
        bool, typer.Option("--with-content", help="Also prompts, data and evidence of confidential use cases.")
    ] = False,
    mappings: Annotated[
        Path | None, typer.Option("--mappings", metavar="FILE", help="Your own mappings of record fields, as JSON.")
    ] = None,
    root: Root = None,
) -> None:
    """Write a bundle that proves itself offline: `python3 verify.py` inside it needs Python alone.

    The sequences of records are whole up to --to, since each entry proves the one before. The same input gives the
    same file; the digest that is printed names it, keep it elsewhere.
    Example: releaser audit export --from 2026-01-01 --to 2026-03-31 -e prod --out q1.zip
    """
    from releaser.pipeline.exporting import Gathering
    from releaser.pipeline.recorded import fetched
    from releaser.store.bundle import write_bundle
    from releaser.wiring import repository

    _refuse_folder(out)
    told = _mappings(mappings)
    repo = fetched(repository(root))
    scope = _scope(repo, _moment(since, begin=True), _moment(until, begin=False), environment, use_cases or [])
    gathering = Gathering(repo, scope, with_content, told)
    digest = write_bundle(out, gathering.members(), gathering.withheld, repo.git.prefix)
    for note in gathering.notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(f"wrote {out}: {len(gathering.rows)} records, {len(gathering.names)} files, head {scope.head}", err=True)
    typer.echo(f"sha256:{digest}")


def _refuse_folder(out: Path) -> None:
    from releaser.core.errors import WrongUsage

    if out.is_dir():
        raise WrongUsage(f"{out} is a folder", hint=f"name the file: --out {out / 'audit.zip'}")


def _moment(text: str, *, begin: bool) -> datetime:
    from releaser.core.errors import WrongUsage
    from releaser.core.timeline import parse_moment

    try:
        return parse_moment(text, begin=begin)
    except ValueError:
        hint = "write 2026-03-03 or 2026-03-03T14:00+01:00"
        raise WrongUsage(f"not a date or time: {text}", code="G-date", hint=hint) from None


def _scope(repo: Repository, since: datetime, until: datetime, environment: str | None, use_cases: list[str]) -> Scope:
    """What is asked for. Raises WrongUsage where there is nothing of that name, or nothing yet."""
    from releaser.core.audit_index import Scope
    from releaser.core.errors import WrongUsage
    from releaser.core.suggest import did_you_mean
    from releaser.store.branch import ReleasesBranch
    from releaser.store.branch_line import newest_until
    from releaser.store.ledger import Ledger

    if since > until:
        raise WrongUsage("the period ends before it begins", code="P346", hint="--from is the earlier day")
    tip = ReleasesBranch(repo.git, repo.remote, repo.clock.now).tip()
    head = newest_until(repo.git, tip, until) if tip else None
    if head is None:
        raise WrongUsage("there were no records by then", code="P347", hint="choose a later --to")
    ledger = Ledger(repo.git, head)
    places = {(e, name) for e in ledger.environments() for name in ledger.folders(e)}
    for what, names, known in (
        ("environment", [environment] if environment else [], {e for e, _ in places}),
        ("use case", use_cases, {name for _, name in places}),
    ):
        for name in names:
            if name not in known:
                hint = did_you_mean(name, known) or f"there are: {', '.join(sorted(known))}"
                raise WrongUsage(f"there were no records of the {what} {name} by then", code="P347", hint=hint)
    return Scope(since, until, environment or "", tuple(sorted(set(use_cases))), head)


def _mappings(path: Path | None) -> dict[str, Any]:
    from releaser.core.errors import WrongUsage
    from releaser.render.audit_index import shipped_mappings

    if path is None:
        return shipped_mappings()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WrongUsage(
            f"{path} is no JSON: {error}", code="P348", hint="start from the mappings in an index.json"
        ) from None
    if not isinstance(found, dict) or found.get("format") != "releaser.mappings/v1":
        raise WrongUsage(
            f"{path} holds no mappings", code="P348", hint="its format must say releaser.mappings/v1; see an index.json"
        )
    return found
