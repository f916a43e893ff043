"""After a roll-out was taken back git says one release and callers have another: the way to make them agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from releaser.core.errors import ReleaserError
from releaser.core.outcome import ROLLED_BACK
from releaser.core.record import Closed
from releaser.pipeline.telling import say

if TYPE_CHECKING:
    from releaser.pipeline.desk import Desk
    from releaser.pipeline.running import Finished


def prepare(desk: Desk, finished: Finished, root: Path | None) -> None:
    """For each use case whose roll-out was taken back: a merge request that pins what is live; where a branch is
    followed, what to revert. Said on stderr; that it could not be prepared changes no result."""
    report = finished.report
    names = {n for n, r in report.results.items() if r.code == ROLLED_BACK}
    names |= {n for n, e in report.refused.items() if e.code == ROLLED_BACK}
    for name in sorted(names):
        live = finished.planned.witnesses[name].released if name in finished.planned.witnesses else None
        if live is None:
            continue
        try:
            said = _revert(desk, name, live) if desk.content.pins is None else _proposed(desk, name, root)
        except ReleaserError as error:
            said = f"{name}: a revert could not be prepared: {error}"
        say(said)


def _revert(desk: Desk, name: str, live: Closed) -> str:
    changed = desk.repo.git.run(
        *("log", "--format=%h", "--max-count=6", f"{live.record.commit}..{desk.commit}", "--"),
        f"{desk.repo.git.prefix}manifests/{name}",
        ok=(0, 128),
    ).text.split()
    which = " ".join(changed) if 0 < len(changed) < 6 else f"what changed manifests/{name} since {live.record.release}"
    return f"{name}: to have git say what is live again: git revert {which}, and merge that"


def _proposed(desk: Desk, name: str, root: Path | None) -> str:
    from releaser.core.going_back import live_in
    from releaser.core.move import Moves
    from releaser.pipeline import pin_moves, proposing
    from releaser.pipeline.prospects import Prospects
    from releaser.pipeline.weighing import weigh

    site = pin_moves.open_site(root, desk.environment.name, push=True)
    live = live_in(site.accounts(name), site.name, name)
    if live is None:
        return f"{name}: nothing else is live in {site.name}"
    release, digest = site.way_back(name, live.opened.release)
    move = weigh(site, Prospects(site.repo, site.environment), name, release, digest)
    moves = Moves(verb="rollback", environment=site.name, moves=(move,))
    done = proposing.propose(site, moves, push=True)
    return f"{name}: a merge request that pins {release}, which is live, is prepared on {done.branch} ({done.state})"
