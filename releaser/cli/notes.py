"""``releaser notes``: what a release changes, for people; with an environment also what its record has."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from releaser.cli.options import Root

if TYPE_CHECKING:
    from releaser.core.notes import Notes


class Format(StrEnum):
    markdown = "markdown"
    html = "html"
    json = "json"


def notes(
    use_case: Annotated[str, typer.Argument(help="Use case.", show_default=False)],
    release: Annotated[
        str | None,
        typer.Argument(metavar="[RELEASE]", help="A release, as r12; the newest when none is named."),
    ] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", help="Tell what this environment's record has of it.")
    ] = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="RELEASE", help="Compare with this one, not the one before.")
    ] = None,
    output: Annotated[Format, typer.Option("--output", help="How the notes are printed on stdout.")] = Format.markdown,
    root: Root = None,
) -> None:
    """Say what a release changes for users: models, prompts word by word, protection, scores, risk, the way back.

    Without an environment content is compared with content, both from their tags. With one, against what was live
    there before, with approvals, outcome and whether one can still go back.
    Examples: releaser notes claims-assistant r12 | releaser notes claims-assistant -e prod --output html
    """
    from releaser.pipeline.notes_of_release import at_tags, in_record
    from releaser.pipeline.recorded import fetched
    from releaser.wiring import repository

    repo = fetched(repository(root))
    if environment is None:
        found = at_tags(repo, use_case, release, against)
    else:
        found = in_record(repo, use_case, environment, release, against)
    typer.echo(_printed(found, output), nl=False)


def _printed(found: Notes, output: Format) -> str:
    match output:
        case Format.json:
            from releaser.render.data import to_json
            from releaser.render.notes_data import notes_data

            return to_json(notes_data(found))
        case Format.html:
            from releaser.render.notes import notes_html

            return notes_html(found)
        case Format.markdown:
            from releaser.render.notes import notes_markdown

            return notes_markdown(found)
