"""The merge request of a proposal by GitLab's API, where a token is at hand; without one, push options make it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releaser.core.errors import Interrupted, ReleaserError
from releaser.core.move import Moves
from releaser.gitlab.context import TOKEN, read_context
from releaser.pipeline.telling import say
from releaser.render.escape import safe
from releaser.store.proposal import Request
from releaser.wiring import Repository

if TYPE_CHECKING:
    from releaser.gitlab.api import Api


def api_of(repo: Repository) -> Api | None:
    """The API where the job has a token that may write merge requests; a job's own may not."""
    if not repo.environ.get(TOKEN):
        return None
    from releaser.gitlab.connecting import connect

    api = connect(read_context(repo.environ), repo.clock)
    return api if api is not None and api.can_write else None


def put(api: Api, repo: Repository, moves: Moves, request: Request, branch: str, target: str) -> str:
    """The address of the open merge request of a pushed branch, made or brought up to date.

    The branch is pushed by then, so what goes wrong is said, and repaired by the same command: then it is empty.
    """
    from releaser.gitlab.requesting import Wanted, put_merge_request

    person = read_context(repo.environ).user
    try:
        wanted = Wanted(
            source_branch=branch,
            target_branch=target,
            title=request.title,
            description=request.text,
            labels=("releaser", f"releaser-{moves.verb}"),
            assignees=(person,) if person else (),
            reviewers=_reviewers(api, moves),
        )
        return put_merge_request(api, wanted).url
    except Interrupted:
        raise
    except ReleaserError as error:
        say(f"warning: {branch} is pushed, its merge request is not made: {error.code}: {safe(str(error))}")
        say(f"hint: {error.hint}; the same command again makes it")
        return ""


def _reviewers(api: Api, moves: Moves) -> tuple[int, ...]:
    """Who should look, where that is somebody's name in GitLab: ``@name``."""
    from releaser.gitlab.users import find_user

    names = {look.who for move in moves.moves for look in move.looks if look.who.startswith("@")}
    found = (find_user(api, name.removeprefix("@")) for name in sorted(names))
    return tuple(user.id for user in found if user is not None and user.is_active)
