"""Which commit may be released: one that was merged, and no older than what is live."""

from __future__ import annotations

from releaser import wiring
from releaser.core.errors import Refused
from releaser.pipeline.desk import Desk


def refuse_unmerged(desk: Desk) -> None:
    """reconcile follows one branch: the environment's, or the default branch, where pins are merged."""
    name, track = desk.environment.name, desk.environment.spec.track
    if track is not None:
        refuse_elsewhere(desk.repo, desk.commit, track, f"{name} follows {track}", plan=name)
    elif (default := default_branch(desk.repo)) is not None:
        refuse_elsewhere(desk.repo, desk.commit, default, f"{name} follows the pins on {default}", plan=name)
    _refuse_older(desk)


def default_branch(repo: wiring.Repository) -> str | None:
    """The branch that everything is merged into; None in a repository without a remote, which has one engineer."""
    if repo.remote is None:
        return None
    return repo.environ.get("CI_DEFAULT_BRANCH") or repo.remote.default() or None


def refuse_elsewhere(repo: wiring.Repository, commit: str, track: str, why: str, *, plan: str) -> None:
    """Refuses another branch than ``track``; with a remote, also what is not on the remote's: what is released is what
    was merged."""
    branch, remote = repo.environ.get("CI_COMMIT_BRANCH") or repo.git.branch(), repo.remote
    if branch is not None and branch != track:
        hint = f"merge into {track} first; `releaser plan -e {plan}` shows what that would do"
        raise Refused(f"{why}, and this is {branch}", code="P171", hint=hint)
    if remote is None:
        if branch is None:
            raise Refused(
                f"HEAD is on no branch, so nothing says that it is on {track}",
                code="P172",
                hint=f"check out {track}, or set CI_COMMIT_BRANCH as GitLab does",
            )
        return
    tip = remote.tip_of(track)
    if tip is None or not repo.git.is_ancestor(commit, tip):
        raise Refused(
            f"{commit[:12]} is not on {remote.name}/{track}: only what was merged is released",
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
