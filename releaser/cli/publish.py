"""``releaser publish``: a page in GitLab for each release that is live."""

from __future__ import annotations

from collections import Counter

import typer

from releaser.cli.options import Environment, ReportsFolder, Root


def publish(environment: Environment, reports: ReportsFolder = None, root: Root = None) -> None:
    """Give every release that is live in an environment its page among GitLab's releases: what it changes, with links
    to its record, the notes of its run, and its bill of materials.

    A job's own token is enough. What is there already is left alone, and the same command again goes on where another
    one stopped. Without a token nothing is made: with --reports the files of the pages are written there.
    Examples: releaser publish -e prod | releaser publish -e prod --reports reports
    """
    from releaser import wiring
    from releaser.gitlab.context import TOKEN
    from releaser.pipeline.publishing import publish as pages
    from releaser.pipeline.recorded import fetched
    from releaser.pipeline.telling import say
    from releaser.render.escape import safe
    from releaser.render.words import counted

    repo = fetched(wiring.repository(root))
    wiring.choose_environment(wiring.environments(repo.on_disk()), environment)
    states: Counter[str] = Counter()
    for page in pages(repo, environment, reports):
        states[page.state] += 1
        if page.state != "there":
            typer.echo(f"{page.use_case} {page.release}: {page.state}: {safe(page.said)}")
    if states["there"] or not states:
        typer.echo(f"{counted(states['there'], 'page')} of what is live in {environment}: as before")
    if states["not made"]:
        say(f"no page was made: set {TOKEN}, CI_SERVER_URL and CI_PROJECT_ID, or run in a job of GitLab")
    raise typer.Exit(1 if states["failed"] else 0)
