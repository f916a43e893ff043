"""How the project in GitLab is set: the tokens, who may push what, the order of jobs, freezes. Nothing is written.

What a token may not read is said, and is no problem: most settings are for maintainers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from releaser.core.checkup import Check
from releaser.core.errors import ReleaserError
from releaser.core.frozen import frozen_until
from releaser.core.protection import Actor
from releaser.gitlab import deployments, protections
from releaser.gitlab.api import Api
from releaser.gitlab.connecting import connect
from releaser.gitlab.context import TOKEN, Context, read_context
from releaser.gitlab.errors import GitlabError
from releaser.gitlab.project import Project, process_mode, project
from releaser.gitlab.users import TokenFacts, own_token, role_in
from releaser.pipeline.examining_protection import branches, tags
from releaser.pipeline.freezing import period_of
from releaser.pipeline.permitting import Place
from releaser.render.words import counted

_SOON = timedelta(days=14)
PUSH_TOKEN = "RELEASER_PUSH_TOKEN"
_LOOK = f"let a maintainer run doctor once, with {TOKEN} of the scope `read_api`"


def checks(at: Place) -> Iterator[Check]:
    """Nothing where no server and project are named: then it is no project of GitLab, or nobody said of which."""
    try:
        context = read_context(at.repo.environ)
        api = connect(context, at.repo.clock)
    except ReleaserError as error:
        yield Check("gitlab", "problem", str(error), error.hint)
        return
    if api is None:
        if context.api:
            yield Check("gitlab", "unknown", "the project's settings cannot be asked for without a token", _LOOK)
        return
    if not api.can_write:
        yield Check("gitlab", "unknown", "the job's own token may read none of the project's settings", _LOOK)
        yield _own_pushes(at) or _pushes(context, None, None)
        return
    try:
        facts, found = own_token(api), project(api)
    except GitlabError as error:
        yield Check("gitlab", "problem" if error.code in ("L101", "L110") else "unknown", str(error), error.hint)
        return
    yield _token(facts, at.repo.clock.now())
    yield _own_pushes(at) or _pushes(context, facts, found)
    name, now = at.environment.name, at.repo.clock.now()
    pusher = _pusher(api, context, facts)
    yield from _asked("branches", lambda: branches(api, found.default_branch, pusher))
    yield from _asked("tags", lambda: tags(api, sorted(at.repo.tags.known()), pusher))
    yield from _asked("order", lambda: _order(api, name))
    yield from _asked("deployments", lambda: _deployments(api, name))
    yield from _asked("freezes", lambda: _freezes(api, now))


def _pusher(api: Api, context: Context, facts: TokenFacts) -> Actor | None:
    """Only in a job it is sure that the token here is the one that pushes."""
    try:
        return Actor(facts.user, role_in(api, facts.user), facts.name) if context.is_in_ci else None
    except GitlabError:
        return None


def _asked(area: str, ask: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from ask()
    except GitlabError as error:
        is_denied = error.status in (401, 403, 404)
        said = f"this token may not read it (GitLab answered {error.status})" if is_denied else str(error)
        yield Check(area, "unknown", said, _LOOK if is_denied else error.hint)


# -- tokens


def _token(facts: TokenFacts, now: datetime) -> Check:
    told = {"scopes": " ".join(facts.scopes), **({"until": f"{facts.expires:%Y-%m-%d}"} if facts.expires else {})}
    renew = "make a new one before, with the scope `api`, and set it as the masked variable"
    if not facts.is_active or (facts.expires and facts.expires <= now):
        return Check("gitlab", "problem", f"{TOKEN} counts no more", renew, told)
    if facts.expires and facts.expires - now < _SOON:
        return Check("gitlab", "problem", f"{TOKEN} ends on {facts.expires:%Y-%m-%d}", renew, told)
    if "api" not in facts.scopes:
        said = f"{TOKEN} reads only ({' '.join(facts.scopes)}): no comments, no merge requests"
        return Check("gitlab", "ok", said, "for those it needs the scope `api`", told)
    end = f"until {facts.expires:%Y-%m-%d}" if facts.expires else "without an end"
    return Check("gitlab", "ok", f"{TOKEN} may write by the API, {end}", facts=told)


def _own_pushes(at: Place) -> Check | None:
    """A token for pushes alone may read nothing of itself: what it may is seen when it pushes."""
    if not at.repo.environ.get(PUSH_TOKEN):
        return None
    return Check("pushes", "ok", f"tags and the branch `releases` are pushed under {PUSH_TOKEN}")


def _pushes(context: Context, facts: TokenFacts | None, found: Project | None) -> Check:
    """Tags and records go under the token of the variable where a job has it, else under the job's own."""
    allow = "allow Git push requests in the project's settings (CI/CD, job token permissions), as a maintainer"
    if context.is_in_ci and facts is not None:
        may = sorted({"api", "write_repository"} & set(facts.scopes))
        if may:
            return Check(
                "pushes", "ok", f"tags and the branch `releases` are pushed under {TOKEN}, by its scope {may[0]}"
            )
        said = f"tags and the branch `releases` are pushed under {TOKEN}, which may only {' '.join(facts.scopes)}"
        return Check("pushes", "problem", said, "give it the scope `write_repository` or `api`")
    if found is None:
        said = "tags and the branch `releases` are pushed under the job's own token, if the project allows that"
        return Check("pushes", "unknown", said, f"{allow}; or set {TOKEN}")
    if found.job_tokens_push:
        return Check("pushes", "ok", "a job's own token may push: as the person who started the job")
    said = f"a job pushes tags and the branch `releases` with {TOKEN} only: its own token may not push"
    return Check("pushes", "ok", said, f"or {allow}")


# -- how jobs run


def _order(api: Api, environment: str) -> Iterator[Check]:
    group = f"releaser-{environment}"
    mode = process_mode(api, group)
    how = f"glab api -X PUT projects/{api.project}/resource_groups/{group} -f process_mode=oldest_first"
    if not mode:
        yield Check("order", "unknown", f"there is no resource group {group} before its first job", f"then: {how}")
    elif mode != "oldest_first":
        yield Check("order", "problem", f"jobs of the resource group {group} run {mode}", how)
    else:
        yield Check("order", "ok", f"jobs of the resource group {group} run oldest first")


def _deployments(api: Api, environment: str) -> Iterator[Check]:
    found = next((e for e in deployments.environments(api) if e.name == environment), None)
    if found is None:
        yield Check("deployments", "ok", f"GitLab makes the environment {environment} with the first deployment")
        return
    rules = protections.protected_environments(api)
    own = next((r for r in rules or () if r.name == environment), None)
    guard = (
        f"protected, with {counted(own.approvals, 'approval')}" if own else "not protected" if rules is not None else ""
    )
    todo = "" if own or found.tier != "production" or rules is None else "protect it, and ask for approvals"
    tier = f"GitLab takes {environment} for {found.tier or 'other'}"
    yield Check("deployments", "ok", f"{tier}; it is {guard}" if guard else tier, todo)


def _freezes(api: Api, now: datetime) -> Iterator[Check]:
    periods = []
    for row in protections.freeze_periods(api):
        try:
            periods.append(period_of(row))
        except ValueError as error:
            said = f"a freeze period is not understood: {error}"
            yield Check("freezes", "unknown", said, "jobs go by CI_DEPLOY_FREEZE then, which tells no end")
    until = frozen_until(periods, now)
    state = f"frozen until {until:%Y-%m-%d %H:%M} UTC" if until else "not frozen"
    yield Check("freezes", "ok", f"the project is {state}; {counted(len(periods), 'freeze period')}")
