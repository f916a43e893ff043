"""Hands in what was recorded while the git server was away: whatever command reaches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releaser import wiring
from releaser.core.errors import ReleaserError
from releaser.pipeline.telling import say

if TYPE_CHECKING:
    from releaser.core.record import Conclusion, Witness
    from releaser.store.queued import HandedIn


def try_to(repo: wiring.Repository) -> None:
    """Hand in what waits, and say so. What stands in the way stops no command."""
    if not repo.queue.waiting():
        return
    try:
        tell(hand_in(repo))
    except ReleaserError as error:
        say(f"warning: records that wait could not be handed in: {error}")


def hand_in(repo: wiring.Repository) -> HandedIn:
    """Append what waits to the branch of records. Raises what the push raises."""
    from releaser.store.holder import holder_here
    from releaser.store.queued import hand_in as append
    from releaser.store.records import Records

    me, clock = holder_here(repo.environ), repo.clock
    records = Records(repo.git, holder=me, clock=clock, remote=repo.remote, sleep=clock.sleep)
    return append(records, repo.queue, _stale, clock.now)


def _stale(witness: Witness) -> Conclusion:
    from releaser.engine.conclude import superseded
    from releaser.engine.planning import known_of
    from releaser.kinds import registry

    return superseded(known_of(witness, registry()))


def tell(found: HandedIn) -> None:
    """What was handed in, what waits, and what is to be merged after it; on stderr."""
    from releaser.store.queue import listed

    if found.done:
        say(f"handed in: {listed(list(found.done))}")
    for queued in found.done:
        opened = queued.opened
        if opened.holds is not None:
            way = f"releaser rollback {opened.use_case} -e {opened.environment} --to {opened.release}"
            say(f"  git has to say so too: {way}; a revert where a branch is followed")
    for queued, why in found.left:
        opened = queued.opened
        say(f"warning: {opened.use_case} {opened.release} in {opened.environment} waits: {why}")
