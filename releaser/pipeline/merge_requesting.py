"""The merge request of a proposal by GitLab's API, where a token is at hand; without one, push options make it."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Requester:
    """Makes merge requests and keeps them as they should read. ``person``: who started the job; 0: nobody knows."""

    api: Api
    person: int

    def put(self, moves: Moves, request: Request, branch: str, target: str) -> str:
        """The address of the open merge request of a branch that is pushed, made or brought up to date.

        What goes wrong is said, and repaired by the same command: then the address is empty.
        """
        from releaser.gitlab.requesting import Wanted, put_merge_request

        try:
            wanted = Wanted(
                source_branch=branch,
                target_branch=target,
                title=request.title,
                description=request.text,
                labels=("releaser", f"releaser-{moves.verb}"),
                assignees=(self.person,) if self.person else (),
                reviewers=self._reviewers(moves),
            )
            return put_merge_request(self.api, wanted).url
        except Interrupted:
            raise
        except ReleaserError as error:
            say(f"warning: {branch} is pushed, its merge request is not made: {error.code}: {safe(str(error))}")
            say(f"hint: {error.hint}; the same command again makes it")
            return ""

    def _reviewers(self, moves: Moves) -> tuple[int, ...]:
        """Who should look, where that is somebody's name in GitLab: ``@name``."""
        from releaser.gitlab.users import find_user

        names = {look.who for move in moves.moves for look in move.looks if look.who.startswith("@")}
        found = (find_user(self.api, name.removeprefix("@")) for name in sorted(names))
        return tuple(user.id for user in found if user is not None and user.is_active)


def requester_of(repo: Repository) -> Requester | None:
    """None without a token that may write merge requests; a job's own may not."""
    if repo.remote is None or not repo.environ.get(TOKEN):
        return None
    from releaser.gitlab.connecting import connect

    context = read_context(repo.environ)
    api = connect(context, repo.clock)
    return Requester(api, context.user) if api is not None and api.can_write else None
