"""What the commands that look at AWS have in common: load, check, connect, plan.

Looking at AWS begins in a thread as soon as the environment is known, while manifests are read and compiled.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from releaser import wiring
from releaser.core.diagnostic import Diagnostic, Severity
from releaser.core.environment import Environment, Target, duration
from releaser.core.errors import ReleaserError, WrongUsage
from releaser.core.gate import Verdict
from releaser.core.plan import Plan
from releaser.core.workspace import UseCaseFiles
from releaser.engine.compile import ReleaseName, placed, site_of
from releaser.kinds import registry
from releaser.pipeline import handing_in
from releaser.pipeline.checking import refuse_invalid, refuse_unreadable
from releaser.pipeline.chosen import ContentFrom
from releaser.pipeline.content import of_files, of_pins
from releaser.pipeline.desk import Desk, Look, witnesses_of
from releaser.pipeline.telling import say
from releaser.pipeline.unfollowed import with_unfollowed

if TYPE_CHECKING:
    from releaser.engine.planning import Planned
    from releaser.gates.lifecycle import ModelSurvey


def desk(
    repo: wiring.Repository,
    environment: str,
    target: str | None,
    use_cases: Sequence[str] | None,
    *,
    commit: str | None = None,
    read_only: bool = True,
    offline: bool = False,
    origin: ContentFrom = ContentFrom.declared,
) -> Desk:
    """Bring tags and records here, load, check.

    With ``commit`` the environment, and without pins all content, comes from git, never from the working tree. Pinned
    content always comes from its tags. ``offline``: without the remote go by what was fetched before, and say so.
    """
    gc.set_threshold(200_000, 50, 50)  # many small immutable values: collecting them early only costs
    reader = repo.at(commit) if commit else repo.on_disk()
    chosen = wiring.choose_environment(wiring.environments(reader), environment)
    place = wiring.choose_target(chosen, target)
    looking = look_in_background(repo, chosen, place, read_only=read_only)
    sync(repo, offline=offline, branch=chosen.spec.track or repo.environ.get("CI_DEFAULT_BRANCH", ""))
    witnesses = witnesses_of(repo, chosen)
    if chosen.spec.track is None and origin is ContentFrom.declared:
        content = of_pins(repo, reader, chosen, use_cases or (), witnesses, repo.clock.now())
        wanted: Sequence[str] = ()
    else:
        content, wanted = of_files(reader), use_cases or ()
        refuse_unreadable(content, wanted)
    files = placed(content.files, place, wanted)
    _refuse_overlap(content.files, chosen, place, files)
    head = commit or (repo.git.head() if repo.has_git else "")
    found = Desk(repo, chosen, place, content, files, head, looking, commit is not None, everything=not use_cases)
    found._witnesses = witnesses
    refuse_invalid(found)
    return found


def sync(repo: wiring.Repository, *, offline: bool, branch: str = "") -> None:
    """Bring tags and records here from the remote, when there is one. Raises when it cannot be reached, unless
    ``offline`` is good enough: then it is said. ``branch``: what will be asked about it too."""
    try:
        if repo.has_git and repo.remote is not None:
            if branch:
                repo.remote.watch(branch)
            repo.remote.sync()
            handing_in.try_to(repo)
    except ReleaserError as error:
        if not offline:
            raise
        say(f"warning: {error}; going by the records and tags that were fetched before")


def _refuse_overlap(
    every: Mapping[str, UseCaseFiles], environment: Environment, target: Target, files: Mapping[str, UseCaseFiles]
) -> None:
    """A use case has one place in an environment: its records are one sequence."""
    for other in environment.spec.targets:
        both = sorted(set(files) & set(placed(every, other))) if other.name != target.name else []
        if both:
            raise ReleaserError(
                f"{', '.join(both[:5])}: placed in target {target.name} and in target {other.name}",
                code="P107",
                hint="give the targets `useCases: {matchLabels: ...}` that do not overlap",
            )


def look_in_background(
    repo: wiring.Repository, environment: Environment, target: Target, *, read_only: bool
) -> Future[Look]:
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="look")
    try:
        return pool.submit(_look, repo, environment, target, read_only)
    finally:
        pool.shutdown(wait=False)


def _look(repo: wiring.Repository, environment: Environment, target: Target, read_only: bool) -> Look:
    from releaser.engine.driver import Driver
    from releaser.engine.observe import Observer
    from releaser.gates import lifecycle

    connection = wiring.connection(environment, target, repo.environ, read_only=read_only)
    observer = Observer(
        Driver(
            connection.aws,
            repo.clock,
            data=wiring.data_account(environment, target, repo.environ, connection.aws),
            site=site_of(environment, target),
        ),
        registry(),
        environment.name,
        target.account,
        target.region,
        workers=max(48, environment.spec.workers),
    )
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="catalog") as pool:
        catalog = pool.submit(lifecycle.read_catalog, connection.aws)
        return Look(connection, observer, observer.list_all(), catalog.result())


def tell(diagnostics: Iterable[Diagnostic]) -> None:
    """What people should know besides the result, on stderr."""
    from releaser.render.escape import safe

    for found in diagnostics:
        say(f"{found.severity}[{found.code}]: {safe(found.path)}: {safe(found.message)}")
        if found.hint:
            say(f"  hint: {safe(found.hint)}")


def make_plan(
    desk: Desk,
    *,
    deep: bool,
    full: bool = False,
    releases: Mapping[str, ReleaseName] | None = None,
) -> tuple[Planned, tuple[Verdict, ...]]:
    """The plan and the verdicts of the gates that need no evidence."""
    from releaser.engine.planning import Planning
    from releaser.gates import alarms, static

    named = releases if releases is not None else desk.predicted()
    compiled = desk.compile(named)
    witnesses = desk.witnesses()
    look, now = desk.look, desk.repo.clock.now()
    window = duration(desk.environment.spec.rollbackWindow)
    planning = Planning(look.observer, registry(), now, window, desk.commit)
    planned = planning.plan(
        compiled,
        witnesses,
        named,
        deep=deep,
        full=full,
        declared=desk.content.declared if desk.content.pins is None else witnesses,
        diagnostics=desk.told,
        rows=look.rows,
        editable=desk.content.pins is None,
    )
    surveyed = survey(desk, planned, now - window)
    planned = replace(planned, plan=surveyed.shown_in(planned.plan))
    pins, passages, spent = desk.pinned(), desk.passages(), desk.spent()
    verdicts = static.judge(planned, desk.environment, surveyed, now, pins, passages, spent)
    verdicts = (*verdicts, *alarms.judge(planned, look.connection.aws))
    return replace(planned, plan=with_unfollowed(planned.plan, desk)), verdicts


def survey(desk: Desk, planned: Planned, since: datetime) -> ModelSurvey:
    """The models that the plan's use cases and the releases before them name. ``since``: rollbacks go no further."""
    from releaser.core.model_ids import uses
    from releaser.gates import lifecycle
    from releaser.kinds.models import model

    region, records = desk.target.region, desk.repo.records(desk.environment) if desk.repo.has_git else None
    parts = {u.use_case: u for u in planned.plan.use_cases}
    live = {n: w.released for n, w in planned.witnesses.items() if n in parts and w.released is not None}
    targets = {n: c for n, c in live.items() if parts[n].steps and c.record.release_digest != parts[n].release_digest}
    recent = {n: c for n, c in live.items() if n not in targets and c.closed_at > since}
    if records is not None and recent:
        targets |= records.released_before(desk.environment.name, recent)
    named = {}
    for name, view in planned.compiled.views.items():
        part, target, now = parts.get(name), targets.get(name), live.get(name)
        named[name] = lifecycle.Named(
            name,
            uses(planned.compiled.graph.of(name), view.section("models"), region, registry(), model),
            now.facts.model_ids if now else frozenset(),
            bool(part and part.steps),
            target.record.release if target else "",
            target.facts.model_ids if target else frozenset(),
        )
    look = desk.look
    return lifecycle.survey(named, look.connection.aws, look.catalog, region, desk.environment.spec.policy)


def against(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts that stand in the way."""
    return [v for v in verdicts if v.result.value != "PASS"]


def with_verdicts(plan: Plan, verdicts: Iterable[Verdict], desk: Desk | None = None) -> Plan:
    """The plan with what the gates have against it among its diagnostics; with the desk at the lines they are about."""
    said = [v for v in verdicts if v.result.value != "PASS" or v.code]
    found = [_said(plan, v, "warning" if v.result.value == "PASS" else "error", desk) for v in said]
    return replace(plan, diagnostics=(*plan.diagnostics, *found))


def warnings(plan: Plan, verdicts: Iterable[Verdict], desk: Desk | None = None) -> list[Diagnostic]:
    """What gates say of a plan without standing in its way: a PASS with a code."""
    return [_said(plan, v, "warning", desk) for v in verdicts if v.result.value == "PASS" and v.code]


def _said(plan: Plan, verdict: Verdict, severity: Severity, desk: Desk | None) -> Diagnostic:
    found = desk.place_of(verdict, severity) if desk is not None else None
    if found is not None:
        return found
    environment = f"environments/{plan.environment}/environment.yaml"
    path = f"manifests/{verdict.use_case}/manifest.yaml" if verdict.use_case else environment
    return Diagnostic(verdict.code or "P200", verdict.reason, path, hint=verdict.hint, severity=severity)


def exit_code_of_plan(plan: Plan, verdicts: Iterable[Verdict], *, detailed: bool) -> int:
    """1 when something could not be planned; 4 when a gate refuses; 2 or 0 for changes or none.

    ``plan`` is the one without the verdicts among its diagnostics.
    """
    if any(u.blocked for u in plan.use_cases) or any(d.severity == "error" for d in plan.diagnostics):
        return 1
    if against(verdicts):
        return 4
    return 2 if detailed and not plan.is_empty else 0


def read_file(path: Path) -> bytes:
    """A file that the user named. Raises WrongUsage when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongUsage(f"{path}: {error.strerror}", code="P106", hint="name the file that `plan -o` wrote") from None


def write_whole(path: Path, text: str) -> None:
    """All of it or nothing: a full disk leaves the old file."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        message = f"{path}: {error.strerror}"
        raise ReleaserError(message, code="R001", hint="choose another place, or free the disk") from None
