"""The comment of a merge request: from the files of its jobs to one note an environment, kept up to date."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from releaser.core.errors import Interrupted, ReleaserError
from releaser.core.reviewed import marker
from releaser.gitlab.context import Context, read_context
from releaser.kinds import registry
from releaser.pipeline.affected import content_of_both
from releaser.pipeline.reporting import Reports, environments_in, write_files
from releaser.pipeline.telling import say
from releaser.render.escape import safe
from releaser.render.merge_request.comment import comment
from releaser.render.merge_request.facts import Asked, PlanFacts, Situation, judgements_of, plan_facts, samples_of
from releaser.render.merge_request.view import is_quiet
from releaser.render.reports.annotations import job_artifacts
from releaser.store.workspace import load_environments

if TYPE_CHECKING:
    from releaser.core.environment import ApprovalRule
    from releaser.core.notes import Notes
    from releaser.gitlab.api import Api
    from releaser.wiring import Repository

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one environment's comment: ``made``, ``updated``, ``as before``, ``none``, ``written`` or
    ``failed``."""

    environment: str
    state: str
    said: str


def tell(repo: Repository, root: Path) -> Iterator[Told]:
    """One comment for each environment that has reports, in its file and, with a token, in the merge request.

    One environment's failure stops no other.
    """
    context = read_context(repo.environ)
    api, author, why = _connected(repo, context)
    for environment in environments_in(root):
        here = Reports.of(root, environment)
        if not _NAME.fullmatch(environment) or not (here.affected.exists() or here.plan.exists()):
            continue
        try:
            found = situation(repo, context, here, environment)
            text = comment(found)
            write_files({here.comment: text})
            if api is None or context.merge_request is None:
                yield Told(environment, "written", f"{here.comment}; {why}")
                continue
            yield _put(api, context.merge_request.number, text, author, found)
        except Interrupted:
            raise
        except ReleaserError as error:
            yield Told(environment, "failed", f"{error.code}: {error} ({error.hint})")


def _put(api: Api, request: int, text: str, author: int, found: Situation) -> Told:
    """Nothing to say makes no comment; one that is there says so."""
    from releaser.gitlab.notes import put_note

    state = put_note(api, request, text, marker(found.environment), author, makes=not is_quiet(found))
    return Told(found.environment, state, "nothing changes" if state == "none" else f"!{request}")


def _connected(repo: Repository, context: Context) -> tuple[Api | None, int, str]:
    """The API and whose token it is; or why there is none, in words."""
    from releaser.gitlab.connecting import connect
    from releaser.gitlab.users import who_am_i

    if context.merge_request is None:
        return None, 0, "no comment is made: this is no pipeline of a merge request (CI_MERGE_REQUEST_IID)"
    api = connect(context, repo.clock)
    if api is None or not api.can_write:
        why = "no comment is made: set RELEASER_GITLAB_TOKEN to a token with `api`; a job's own may only read"
        return None, 0, why
    return api, who_am_i(api).id, ""


def situation(repo: Repository, context: Context, here: Reports, environment: str) -> Situation:
    """Everything that the jobs left of one environment. Raises ReleaserError for a file that is damaged."""
    touched = _affected(here)
    raw = {path: _read(path) for path in (here.plan, here.gate, here.samples)}
    # Where nothing is touched, a plan is that of an earlier job.
    is_planned = raw[here.plan] and (touched["useCases"] or not here.affected.exists())
    plan = plan_facts(raw[here.plan]) if is_planned else None
    request = context.merge_request
    head = (request.source_commit if request else "") or context.commit or touched["head"]
    names = touched["useCases"] or {u.name: "it was planned" for u in (plan.use_cases if plan else ())}
    return Situation(
        environment=environment,
        head=head or (plan.saved.commit if plan else ""),
        touched=names,
        gone=touched["gone"],
        plan=plan,
        judgements=judgements_of(raw[here.gate]) if raw[here.gate] else (),
        samples=samples_of(raw[here.samples]) if raw[here.samples] else {},
        notes=tuple(_notes(repo, environment, touched["base"], names)) if repo.has_git and touched["base"] else (),
        approvals=tuple(_approvals(repo, environment, plan)) if plan else (),
        artifacts=next((link.url for link in job_artifacts(context.job_url, here.folder.as_posix())), ""),
        folder=here.folder.as_posix(),
    )


def _approvals(repo: Repository, environment: str, plan: PlanFacts) -> Iterator[Asked]:
    """Who the environment wants to agree to a change of each class that the plan has."""
    file = load_environments(repo.on_disk(), []).get(environment)
    if file is None or file.environment is None:
        return
    rules: dict[str, ApprovalRule] = {str(k): rule for k, rule in file.environment.spec.policy.approvals.items()}
    for risk in sorted({part.risk for part in plan.use_cases if part.risk in rules}):
        rule = rules[risk]
        named = [*(f"@{n}" for n in rule.users), *rule.groups, *(f"owners of {n}" for n in rule.codeowners)]
        names = ", ".join(p.name for p in plan.use_cases if p.risk is risk)
        who = f" of {', '.join(named)}" if named else " of anybody who did not make it"
        yield Asked(f"a {risk} change of {names}", f"{rule.count}{who}")


def _affected(here: Reports) -> Mapping[str, Any]:
    try:
        data = json.loads(_read(here.affected) or b"{}")
        return {
            "base": str(data.get("base", "")),
            "head": str(data.get("head", "")),
            "useCases": {str(name): str(why) for name, why in data.get("useCases", {}).items()},
            "gone": tuple(str(name) for name in data.get("gone", ())),
        }
    except (ValueError, AttributeError, TypeError, RecursionError):
        hint = "run the job that wrote it again: releaser plan --affected --reports FOLDER"
        raise ReleaserError(f"{here.affected} cannot be read", code="R001", hint=hint) from None


def _notes(repo: Repository, environment: str, base: str, names: Mapping[str, str]) -> Iterator[Notes]:
    """What the content of each touched use case changes. What cannot be said is left out, and told on stderr."""
    from releaser.core.notes import release_notes
    from releaser.engine.contents import content_as_written

    try:
        before, after = content_of_both(repo, environment, base, set(names))
    except ReleaserError as error:
        say(f"{environment}: what changes for users is left out: {safe(str(error))} ({error.hint})")
        return
    for name, files in sorted(after.items()):
        try:
            was = content_as_written(before[name], "base") if name in before else None
            found = release_notes(was, content_as_written(files, "head"), kinds=registry())
        except ReleaserError as error:
            say(f"{name}: what changes for users is left out: {safe(str(error))}")
            continue
        if found.sections:
            yield found


def _read(path: Path) -> bytes:
    """Empty where there is no file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise ReleaserError(
            f"{path}: {error.strerror}", code="R001", hint="see that the jobs before passed it"
        ) from None
