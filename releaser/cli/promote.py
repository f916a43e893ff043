"""``releaser promote``: propose for an environment what the one before it has verified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from releaser.cli.options import Output, OutputFormat, Root
from releaser.cli.results import show_proposal

if TYPE_CHECKING:
    from releaser.core.move import EmergencyWaiver, Move
    from releaser.pipeline.pin_moves import Site
    from releaser.pipeline.prospects import Prospects

NoPush = Annotated[bool, typer.Option("--no-push", help="Leave the branch in this clone.")]


def promote(
    use_cases: Annotated[list[str] | None, typer.Argument(help="Use cases.", show_default=False)] = None,
    to: Annotated[str, typer.Option("--to", help="The environment that is to have it.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Everything that the environment before has newer.")
    ] = False,
    release: Annotated[
        str | None, typer.Option("--release", metavar="rN", help="Another release than the one before has.")
    ] = None,
    emergency: Annotated[
        bool, typer.Option("--emergency", help="Ahead of the environment before, with a waiver.")
    ] = False,
    waiver_owner: Annotated[str, typer.Option("--waiver-owner", metavar="WHO", help="Answers for the emergency.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Last day of the waiver: 2026-12-08.")] = "",
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it cannot wait.")] = "",
    no_push: NoPush = False,
    output: OutputFormat = Output.text,
    root: Root = None,
) -> None:
    """Propose a pin for what was released and verified in the environment before; a merge request, nothing more.

    Examples: releaser promote claims-assistant --to preprod |
    releaser promote --all --to prod
    """
    from releaser.core.errors import Interrupted, ReleaserError
    from releaser.core.move import Moves
    from releaser.pipeline import pin_moves, proposing
    from releaser.pipeline.prospects import Prospects

    _check_usage(use_cases or [], to, everything, release)
    waiver = _waiver(emergency, waiver_owner, until, reason)
    site = pin_moves.open_site(root, to, push=not no_push)
    pin_moves.refuse_tracking(
        site, "promote to", f"what is merged into {site.environment.spec.track} is released there"
    )
    _refuse_past(site, waiver)
    names = _candidates(site) if everything else list(dict.fromkeys(use_cases or []))
    pin_moves.refuse_unknown(site, names)
    _read_ahead(site, names, release, waiver)
    prospects = Prospects(site.repo, site.environment)
    moves, skipped = [], []
    for name in names:
        try:
            move = _move(site, prospects, name, release, waiver)
        except ReleaserError as error:
            if not everything or isinstance(error, Interrupted):
                raise
            skipped.append(proposing.skipped(name, error))
            continue
        if move is not None:
            moves.append(move)
    found = Moves(
        verb="promote", environment=site.name, moves=tuple(moves), skipped=tuple(skipped), everything=everything
    )
    show_proposal(proposing.propose(site, found, push=not no_push), output.value)


def _check_usage(use_cases: list[str], to: str, everything: bool, release: str | None) -> None:
    from releaser.core.errors import WrongUsage

    if not to:
        raise WrongUsage("say where it is promoted to", hint="releaser promote claims-assistant --to preprod")
    if everything and use_cases:
        said = "--all is every use case: use cases are named beside it"
        raise WrongUsage(said, hint=f"leave one out: releaser promote --all --to {to}; or the names without --all")
    if not everything and not use_cases:
        raise WrongUsage("name use cases, or give --all", hint=f"releaser promote --all --to {to}")
    if release and len(use_cases) != 1:
        raise WrongUsage("--release names a release of one use case", hint="name that use case alone")


def _waiver(emergency: bool, owner: str, until: str, reason: str) -> EmergencyWaiver | None:
    """The waiver; WrongUsage for half of one."""
    from datetime import date

    from releaser.core.errors import WrongUsage
    from releaser.core.move import EmergencyWaiver

    if not emergency:
        if owner or until or reason:
            raise WrongUsage("a waiver is for an emergency", hint="add --emergency, or leave the waiver out")
        return None
    told = {
        "somebody who answers for it (--waiver-owner)": bool(owner),
        "a last day (--until)": bool(until),
        f"a reason of ten characters or more (--reason has {len(reason.strip())})": len(reason.strip()) >= 10,
    }
    if missing := [what for what, is_there in told.items() if not is_there]:
        raise WrongUsage(
            f"an emergency needs {', and '.join(missing)}",
            hint="--emergency --waiver-owner claims@example.com --until 2026-12-08 --reason 'The prompt leaks.'",
        )
    try:
        until = date.fromisoformat(until).isoformat()
    except ValueError:
        raise WrongUsage(f"not a day: {until}", hint="write it as 2026-12-08") from None
    return EmergencyWaiver(owner=owner, until=until, reason=reason.strip())


def _refuse_past(site: Site, waiver: EmergencyWaiver | None) -> None:
    from releaser.core.errors import WrongUsage

    today = site.repo.clock.now().date().isoformat()
    if waiver is not None and waiver.until < today:
        raise WrongUsage(
            f"--until {waiver.until} is over: today is {today}", hint="the last day of a waiver is to come"
        )


def _candidates(site: Site) -> list[str]:
    """Every use case that the environment before has."""
    from releaser.core.errors import WrongUsage

    before = site.environment.spec.promotesFrom
    if before is None:
        raise WrongUsage(f"{site.name} names no environment before it", hint="set promotesFrom, or name use cases")
    there = site.repo.records(site.environment).witnesses(before)
    return sorted(name for name, witness in there.items() if witness.released is not None)


def _read_ahead(site: Site, names: list[str], release: str | None, waiver: EmergencyWaiver | None) -> None:
    """What all of them need, by few calls of git. What is wrong with one is said when it is its turn."""
    from contextlib import suppress

    from releaser.core.errors import ReleaserError
    from releaser.core.pin import written

    site.preload(names)
    site.read(site.pins.files[n] for n in names if n in site.pins.files)
    wanted = []
    for name in names:
        with suppress(ReleaserError):
            wanted.append(site.edit(name, written(*_wanted(site, name, release, forward=waiver is not None)), waiver))
    site.read(wanted)


def _move(
    site: Site, prospects: Prospects, use_case: str, release: str | None, waiver: EmergencyWaiver | None
) -> Move | None:
    """None when the pin says so already."""
    from releaser.core.pin import Pinned
    from releaser.pipeline.weighing import weigh

    name, digest = _wanted(site, use_case, release, forward=waiver is not None)
    now = site.pin(use_case)
    if isinstance(now, Pinned) and (now.release, now.digest) == (name, digest) and waiver is None:
        return None
    return weigh(site, prospects, use_case, name, digest, waiver)


def _wanted(site: Site, use_case: str, release: str | None, *, forward: bool) -> tuple[str, str]:
    """Release and digest: the named one; what the environment before has; the newest where there is none before, or
    where it is left out."""
    from releaser.core.errors import Refused
    from releaser.core.going_back import live_in

    if release is not None:
        tag = site.tag(use_case, release)
        return tag.release, tag.digest
    before = site.environment.spec.promotesFrom
    if before is None or forward:
        newest = next((t for t in site.tags.get(use_case, []) if t.digest), None)
        if newest is None:
            raise Refused(f"{use_case} has no release yet", code="P303", hint="`releaser release` cuts one")
        return newest.release, newest.digest
    there = live_in(site.accounts(use_case), before, use_case)
    if there is None:
        raise Refused(
            f"{use_case} has nothing in {before} that could be promoted",
            code="P300",
            hint=f"let `releaser reconcile -e {before}` release it first",
        )
    return there.opened.release, there.opened.release_digest
