"""Which commit may be reconciled: one that was merged, and no older than what is live."""

from __future__ import annotations

from releaser.cli.desk import Desk
from releaser.core.errors import Refused


def refuse_unmerged(desk: Desk) -> None:
    """reconcile follows one branch: the environment's, or the default branch, where pins are merged."""
    track = desk.environment.spec.track or default_branch(desk)
    if track is not None:
        branch = desk.repo.environ.get("CI_COMMIT_BRANCH") or desk.repo.git.branch()
        _refuse_other(desk, track, branch)
        _refuse_unpushed(desk, track, branch)
    _refuse_older(desk)


def default_branch(desk: Desk) -> str | None:
    """The branch that pins are merged into; None in a repository without a remote, which has one engineer."""
    remote = desk.repo.remote
    if remote is None:
        return None
    return desk.repo.environ.get("CI_DEFAULT_BRANCH") or remote.heads("HEAD")[0] or None


def _refuse_other(desk: Desk, track: str, branch: str | None) -> None:
    if branch is not None and branch != track:
        name = desk.environment.name
        raise Refused(
            f"{name} follows {track if desk.environment.spec.track else f'the pins on {track}'}, and this is {branch}",
            code="P171",
            hint=f"merge into {track} first; `releaser plan -e {name}` shows what that would do",
        )


def _refuse_unpushed(desk: Desk, track: str, branch: str | None) -> None:
    """With a remote, HEAD must be on the remote's branch: what is released is what was merged."""
    remote = desk.repo.remote
    if remote is None:
        if branch is None:
            raise Refused(
                f"HEAD is on no branch, so nothing says that it is on {track}",
                code="P172",
                hint=f"check out {track}, or set CI_COMMIT_BRANCH as GitLab does",
            )
        return
    tip = remote.tip_of(track)
    if tip is None or not desk.repo.git.is_ancestor(desk.commit, tip):
        raise Refused(
            f"{desk.commit[:12]} is not on {remote.name}/{track}: only what was merged is released",
            code="P173",
            hint=f"merge it, or push {track}, and run again",
        )


def _refuse_older(desk: Desk) -> None:
    """A clone that fell behind would roll everybody back without a word."""
    git = desk.repo.git
    pinned = desk.content.pins is not None
    live = {w.released.record for w in desk.witnesses().values() if w.released is not None}
    for commit in sorted({r.judged_at if pinned else r.commit for r in live} - {desk.commit}):
        if git.resolve(commit) is not None and git.is_ancestor(desk.commit, commit):
            back = "`releaser rollback`" if pinned else "`git revert` the merge: that is a release of its own"
            raise Refused(
                f"{desk.commit[:12]} is older than {commit[:12]}, {'whose pins are' if pinned else 'which is'} live",
                code="P174",
                hint=f"pull first; to go back on purpose, {back}",
            )
