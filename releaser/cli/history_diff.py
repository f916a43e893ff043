"""``releaser history diff``: two releases of a use case, from the trees of their tags."""

from __future__ import annotations

from typing import Annotated

import typer

from releaser.cli.options import Output, OutputFormat, Root

_Release = typer.Argument(metavar="RELEASE", help="A release, as r11.", show_default=False)


def diff(
    before: Annotated[str, _Release],
    after: Annotated[str, _Release],
    use_case: Annotated[
        str | None, typer.Argument(help="Use case; not needed when only one has both.", show_default=False)
    ] = None,
    output: OutputFormat = Output.text,
    root: Root = None,
) -> None:
    """Say what changed between two releases: models, prompts word by word, guardrails, thresholds, governance.

    Both are read from git at their tags, never from the working tree.
    Example: releaser history diff r11 r12 claims-assistant
    """
    from releaser.core.notes import release_notes
    from releaser.kinds import registry
    from releaser.pipeline.recorded import fetched
    from releaser.pipeline.tag_content import choose, content_at
    from releaser.wiring import repository

    repo = fetched(repository(root))
    old, new = choose(repo.tags.known(), (before, after), use_case)
    contents = content_at(repo, old), content_at(repo, new)
    notes = release_notes(*contents, kinds=registry())
    if output is Output.json:
        from releaser.render.data import to_json
        from releaser.render.release_diff import diff_data

        typer.echo(to_json(diff_data(notes, *contents, (old.commit, new.commit))), nl=False)
    elif output is Output.markdown:
        from releaser.render.notes import notes_markdown

        typer.echo(notes_markdown(notes), nl=False)
    else:
        from releaser.render.line import coloured_text, plain_text
        from releaser.render.release_diff import diff_lines_of
        from releaser.render.terminal import colour

        typer.echo((coloured_text if colour() else plain_text)(diff_lines_of(notes)), nl=False)
