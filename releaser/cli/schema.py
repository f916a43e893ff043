"""``releaser schema``: write the schemas for editors, and in our own repository the tables of AWS's
limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from releaser.cli.options import Root

TABLES = "releaser/kinds/models"


def schema(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when something is stale.")] = False,
    root: Root = None,
) -> None:
    """Write schemas/ for editors and auditors. With --check, only compare.

    In the repository of releaser itself this also writes the rule tables from the installed botocore.
    Examples: releaser schema | releaser schema --check
    """
    from releaser.store.generated import stale, write
    from releaser.store.workspace import find_root

    top = root or find_root()
    wanted = dict(_tables(top))
    if not check:
        # Schemas are made from the tables: these come first.
        _written(write(top, wanted))
        _forget()
    wanted |= _schemas()
    if not check:
        _written(write(top, wanted))
        return
    old = stale(top, wanted)
    for path in old:
        typer.echo(f"stale: {path}")
    if old:
        typer.echo("run: releaser schema", err=True)
    raise typer.Exit(1 if old else 0)


def _schemas() -> dict[str, str]:
    from releaser.cli.schemas import schemas

    return {path: json.dumps(made, indent=2, ensure_ascii=False) + "\n" for path, made in schemas().items()}


def _written(paths: list[str]) -> None:
    for path in paths:
        typer.echo(f"wrote {path}")


def _tables(top: Path) -> Iterator[tuple[str, str]]:
    """The tables of a checkout of ours, from botocore at the locked version; another version is said, not
    compared."""
    if not (top / TABLES).is_dir():
        return
    from releaser.aws.limits import SERVICES, botocore_version, table_text

    locked, installed = _locked(top), botocore_version()
    if locked and installed != locked:
        made_with = _version(top / TABLES / "bedrock.json")
        what = f"{TABLES} is of botocore {made_with}; {locked} is locked and {installed} installed: left alone"
        typer.echo(what, err=True)
        return
    for service in SERVICES:
        yield f"{TABLES}/{service}.json", table_text(service)


def _version(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["botocore"])
    except (OSError, ValueError, KeyError):
        return "unknown version"


def _locked(top: Path) -> str:
    """The botocore of the lock file; empty when there is none."""
    try:
        lines = (top / "requirements.lock").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    found = [line.split("==")[1].split()[0] for line in lines if line.startswith("botocore==")]
    return found[0] if found else ""


def _forget() -> None:
    from releaser.kinds.models import model

    model.cache_clear()
