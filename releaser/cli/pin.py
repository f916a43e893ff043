"""``releaser pin``: the line that pins what another team owns. Reads only."""

from __future__ import annotations

from typing import Annotated

import typer

from releaser.cli.options import Environment, Root, TargetName


def pin(
    environment: Environment,
    kind: Annotated[str, typer.Argument(help="Its kind, as guardrail.")],
    id_: Annotated[str, typer.Argument(metavar="ID", help="Its id, ARN or name; `<parent>/<id>` for an alias.")],
    version: Annotated[
        str | None, typer.Option("--version", help="A published version.", show_default="the newest")
    ] = None,
    target: TargetName = None,
    root: Root = None,
) -> None:
    """Print the manifest line for a resource that another team owns: its id, version and content digest.

    Example: releaser pin -e dev guardrail a1b2c3d4e5 --version 3
    """
    from releaser import wiring
    from releaser.core.errors import AwsError, ReleaserError, WrongUsage
    from releaser.core.ours import versioned
    from releaser.core.snapshot import Seen
    from releaser.core.suggest import did_you_mean
    from releaser.engine.driver import Driver
    from releaser.engine.pinned import latest, look
    from releaser.kinds import registry
    from releaser.store.yaml_write import inline

    kinds = registry()
    if kind not in kinds or kinds[kind].section is None:
        known = [name for name, k in kinds.items() if k.section]
        hint = did_you_mean(kind, known) or f"there are: {', '.join(known)}"
        raise WrongUsage(f"there is no kind {kind}", hint=hint)
    repo = wiring.repository(root)
    chosen = wiring.choose_environment(wiring.environments(repo.on_disk()), environment)
    place = wiring.choose_target(chosen, target)
    driver = Driver(wiring.connection(chosen, place, repo.environ, read_only=True).aws, repo.clock)
    wanted = kinds[kind]
    try:
        found_id = id_ if "/" in id_ else next((r.id for r in driver.rows(wanted) if id_ == r.name), id_)
    except AwsError:
        found_id = id_  # who may read one need not be allowed to list all
    number = version or (latest(driver, wanted, found_id) if wanted.versioned else "")
    found = look(driver, kinds, wanted, found_id, number)
    if not isinstance(found, Seen):
        raise ReleaserError(
            f"{kind} {id_}{f' version {number}' if number else ''} is not there",
            code="P185",
            hint="it needs a published version; `--version` names one",
        )
    held = found.versions[0]
    line = {"external": found_id, "version": held.version, "sha256": held.body_digest or ""}
    typer.echo(inline({k: v for k, v in line.items() if k != "version" or versioned(wanted)}))
