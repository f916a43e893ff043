"""``releaser rollback``: propose the release that was live before; or, with ``--now``, make it so at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from releaser.cli.options import Environment, Output, OutputFormat, Root, TakeOver
from releaser.cli.promote import NoPush
from releaser.cli.results import show_proposal, show_run

if TYPE_CHECKING:
    from pathlib import Path

    from releaser.pipeline.pin_moves import Site


def rollback(
    use_case: Annotated[str, typer.Argument(help="Use case.")],
    environment: Environment,
    to: Annotated[
        str | None, typer.Option("--to", metavar="rN", help="A release.", show_default="what was live before")
    ] = None,
    now: Annotated[
        bool, typer.Option("--now", help="Move what callers follow at once; the merge request comes after.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it cannot wait; with --now.")] = "",
    take_over: TakeOver = False,
    no_push: NoPush = False,
    output: OutputFormat = Output.text,
    root: Root = None,
) -> None:
    """Go back to a release: a merge request that moves the pin; with --now at once, recorded as an emergency.

    What --now takes back is held: nothing puts it there again until the pin names other content. It works while the
    git server is down. The same command again continues where a crash stopped.
    Examples: releaser rollback claims-assistant -e prod |
    releaser rollback claims-assistant -e prod --now --reason "It answers with claim numbers."
    """
    from releaser.core.errors import WrongUsage

    if now != bool(reason.strip()):
        raise WrongUsage("--now and --reason belong together", hint='--now --reason "It answers with claim numbers."')
    if now:
        from releaser.pipeline.taking_back import Wish, take_back

        wish = Wish(use_case, environment, to, reason.strip(), take_over, push=not no_push)
        raise typer.Exit(take_back(wish, root, lambda finished: show_run(finished, output.value)))
    _propose(use_case, environment, to, no_push, output, root)


def _propose(use_case: str, environment: str, to: str | None, no_push: bool, output: Output, root: Path | None) -> None:
    from releaser.core.move import Moves
    from releaser.core.pin import Pinned
    from releaser.pipeline import pin_moves, proposing
    from releaser.pipeline.prospects import Prospects
    from releaser.pipeline.telling import say
    from releaser.pipeline.weighing import weigh

    site = pin_moves.open_site(root, environment, push=not no_push)
    pin_moves.refuse_unknown(site, [use_case])
    pin_moves.refuse_tracking(site, "move back", _revert(site, use_case))
    release, digest = site.way_back(use_case, to)
    pin = site.pin(use_case)
    moves = []
    if not isinstance(pin, Pinned) or (pin.release, pin.digest) != (release, digest):
        moves = [weigh(site, Prospects(site.repo, site.environment), use_case, release, digest)]
    elif (way := site.going_back(use_case)) is not None and way.target is None and (gone := site.said_gone(way)):
        say(f"The pin says {release}. Every other release that was live there was taken back: {gone}.")
    found = Moves(verb="rollback", environment=site.name, moves=tuple(moves))
    show_proposal(proposing.propose(site, found, push=not no_push), output.value)


def _revert(site: Site, use_case: str) -> str:
    """How one goes back where a branch is followed."""
    from releaser.core.going_back import going_back

    way = going_back(site.accounts(use_case), site.name, use_case)
    now = f"at once: releaser rollback {use_case} -e {site.name} --now --reason TEXT"
    if way is None or way.target is None:
        return f"revert the merge: git revert <commit>, and merge that; {now}"
    commits = site.repo.git.run(
        *("log", "--format=%h", "--max-count=6", f"{way.target.opened.commit}..{way.taken.opened.commit}", "--"),
        f"{site.repo.git.prefix}manifests/{use_case}",
        ok=(0, 128),
    ).text.split()
    which = " ".join(commits) if 0 < len(commits) < 6 else f"what changed manifests/{use_case} since then"
    return f"to have {way.target.opened.release} again: git revert {which}, and merge that; {now}"
