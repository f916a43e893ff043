"""Hands in what was recorded while the git server was away: whatever command reaches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releaser import wiring
from releaser.core.errors import ReleaserError
from releaser.pipeline.telling import say

if TYPE_CHECKING:
    from releaser.core.record import Conclusion, Opened, Witness
    from releaser.store.queued import HandedIn


def try_to(repo: wiring.Repository) -> None:
    """Hand in what waits, and say so. What stands in the way stops no command."""
    if not repo.queue.waiting():
        return
    try:
        tell(repo, hand_in(repo))
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


def tell(repo: wiring.Repository, found: HandedIn) -> None:
    """What was handed in, what waits, and what is to be merged after it; on stderr."""
    from releaser.store.queue import listed

    if found.done:
        say(f"handed in: {listed(list(found.done))}")
    for queued in found.done:
        opened = queued.opened
        if opened.holds is not None:
            say(f"  git has to say so too: {_way(repo, opened)}")
    for queued, why in found.left:
        opened = queued.opened
        say(f"warning: {opened.use_case} {opened.release} in {opened.environment} waits: {why}")


def _way(repo: wiring.Repository, opened: Opened) -> str:
    """How the environment follows: a branch, or pins whose proposal may stand in this clone already."""
    file = wiring.environments(repo.on_disk()).get(opened.environment)
    track = file.environment.spec.track if file is not None and file.environment is not None else None
    if track is not None:
        return f"revert the change, or merge a fix, on {track}"
    branch = f"releaser/rollback-{opened.environment}-{opened.use_case}"
    if repo.git.run("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", ok=(0, 1)).text.strip():
        return f"{branch} stands in this clone: git push origin {branch}; then merge it"
    return f"releaser rollback {opened.use_case} -e {opened.environment} --to {opened.release}"
