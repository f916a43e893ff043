"""Marks what is proven as ours: tags, under ordinary records. Then the manifest need not observe any more."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from releaser.core.errors import ReleaserError
from releaser.core.values import Path
from releaser.pipeline import adopting
from releaser.pipeline.adopting import Account, Adopted

if TYPE_CHECKING:
    from releaser import wiring

_MODE: Path = ("spec", "mode")


def can_be_asked(repo: wiring.Repository, places: Sequence[Account], results: Sequence[Adopted]) -> bool:
    """Whether there is somebody to ask, something to mark, and the environments take what is not committed."""
    able = sys.stdin.isatty() and sys.stderr.isatty() and any(r.is_proven for r in results)
    return able and repo.has_git and all(p.environment.spec.allowDirty or not repo.dirty() for p in places)


def mark(repo: wiring.Repository, environments: Sequence[str], results: Sequence[Adopted]) -> None:
    """Marks every proven use case in every environment; what is done stands in ``marked``."""
    names = [r.use_case for r in results if r.is_proven]
    by_name = {r.use_case: r for r in results}
    if not names:
        return
    for environment in environments:
        try:
            _mark_in(repo, environment, names, by_name)
        except ReleaserError as error:
            for name in names:
                by_name[name].marked.setdefault(environment, f"{error}" + (f" ({error.hint})" if error.hint else ""))
    for name in names:
        _stop_observing(repo, by_name[name], environments)


def _mark_in(repo: wiring.Repository, environment: str, names: list[str], results: dict[str, Adopted]) -> None:
    from releaser import wiring
    from releaser.pipeline import cutting, running, work
    from releaser.pipeline.chosen import ContentFrom

    dirty = wiring.refuse_dirty(repo, environment, by_pins=False)
    commit = None if dirty else repo.git.head()
    desk = work.desk(repo, environment, None, names, commit=commit, read_only=False, origin=ContentFrom.files)
    desk.dirty = dirty
    releases, objects = (wiring.unreleased(desk.files), {}) if dirty else cutting.named(desk)
    planned, verdicts = work.make_plan(desk, deep=True, releases=releases)
    parts = tuple(adopting.released_only(p, names) for p in planned.plan.use_cases)
    for part in parts:
        wrong = adopting.against(part)
        results[part.use_case].marked[environment] = wrong[0] if wrong else "ours"
    planned = replace(planned, plan=replace(planned.plan, use_cases=parts))
    finished = running.execute(desk, planned, verdicts, objects, running.Options())
    for name, outcome in finished.report.results.items():
        results[name].marked[environment] = "marked" if outcome.succeeded else outcome.message
        if desk.environment.spec.track is None and outcome.succeeded and not dirty:
            pin = f"`releaser promote {name} --to {environment} --release {releases[name].name}`"
            results[name].notes.append(f"{environment} follows pins: {pin} writes the one for what is live")
    for name, refused in finished.report.refused.items():
        results[name].marked[environment] = str(refused)


def _stop_observing(repo: wiring.Repository, result: Adopted, environments: Sequence[str]) -> None:
    """Takes the line out of the manifest when everything that it could be placed in is ours."""
    from releaser import wiring
    from releaser.pipeline.work import write_whole
    from releaser.store.yaml_write import drop

    every = set(wiring.environments(repo.on_disk()))
    if set(result.marked.values()) - {"marked", "ours"}:
        return
    path = repo.root / "manifests" / result.use_case / "manifest.yaml"
    if every - set(environments):
        left = ", ".join(sorted(every - set(environments)))
        result.notes.append(f"`mode: observe` stays until {left} is marked too, or remove the line yourself")
        return
    try:
        write_whole(path, drop(path.read_text(encoding="utf-8"), _MODE))
        result.notes.append("`mode: observe` is gone from the manifest: commit that")
    except ValueError:
        result.notes.append("remove `mode: observe` from the manifest, and commit that")
