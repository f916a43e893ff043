"""``releaser validate``: everything that can be known without AWS."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from releaser.cli.options import Root

if TYPE_CHECKING:
    from releaser.store.git import Git


class Format(StrEnum):
    text = "text"
    json = "json"
    gitlab = "gitlab"
    sarif = "sarif"
    junit = "junit"


def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Manifests, environments or folders; everything when none is named.", show_default=False),
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="How problems are printed.")] = Format.text,
    out: Annotated[Path | None, typer.Option("--out", help="Write them to a file; text goes to the terminal.")] = None,
    root: Root = None,
) -> None:
    """Check manifests, environments and pins: schema, references, AWS's own limits, data sets, policy. No AWS
    needed.

    Exits 1 when there is an error. Examples: releaser validate | releaser validate manifests/claims-assistant
    """
    from releaser.cli.scope import scope
    from releaser.core.errors import WrongUsage
    from releaser.render.diagnostics import FORMATS, Findings, as_text
    from releaser.render.terminal import colour
    from releaser.store.reader import DiskReader
    from releaser.store.validation import validate as run
    from releaser.store.workspace import find_root

    top = root or find_root()
    wanted = scope(top, paths or ())
    report = run(DiskReader(top), use_cases=wanted.use_cases, environments=wanted.environments, git=lambda: _git(top))
    if not report.files and not report.diagnostics:
        raise WrongUsage(
            f"there is no manifest and no environment in {top}",
            hint="a use case is manifests/NAME/manifest.yaml; name another folder with --root",
        )
    findings = Findings(report.diagnostics, report.files, report.skipped)
    if out is not None:
        out.write_text(FORMATS[format.value](findings), encoding="utf-8")
    if out is not None or format is Format.text:
        typer.echo(as_text(findings, colour=colour()), nl=False)
    else:
        typer.echo(FORMATS[format.value](findings), nl=False)
    raise typer.Exit(1 if findings.errors else 0)


def _git(top: Path) -> Git | None:
    """The repository's git side; None in a folder that is in none."""
    from releaser.store.git import Git, NotARepository

    try:
        return Git.open(top)
    except NotARepository:
        return None
