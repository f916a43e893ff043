"""Everything that can be known of one use case without AWS: all problems at once, root causes first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from releaser.core.address import Bound
from releaser.core.bodies import (
    Models,
    check_bound,
    check_declared,
    check_entries,
    check_references,
    declare,
)
from releaser.core.checks import (
    check_datasets,
    check_governance,
    check_name,
    check_names,
    check_pinned_files,
    check_secrets,
    check_suites,
    check_waivers,
    waivers,
)
from releaser.core.codes import catalogue
from releaser.core.conform import AT_KEY, conform
from releaser.core.delivery import check_bound_delivery, check_delivery
from releaser.core.diagnostic import Code, Diagnostic, in_order
from releaser.core.environment import Environment, Target
from releaser.core.kind import Kind, Problem, Site, View
from releaser.core.lifecycle import check_lifecycles, set_apart
from releaser.core.manifest import use_case_model
from releaser.core.moved import check_moved
from releaser.core.policy import Facts, check_guarded, check_keys, check_policy, facts
from releaser.core.resolve import resolve
from releaser.core.values import EMPTY, Path, show_path
from releaser.core.workspace import UseCaseFiles

Place = tuple[str, str]
"""Environment and target."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict on one use case, and how many resources of each kind it puts where."""

    diagnostics: tuple[Diagnostic, ...]
    skipped: int = 0
    footprint: Mapping[Place, Mapping[str, int]] | None = None
    digest: str = ""
    """The release digest of what was judged."""


def validate_use_case(
    files: UseCaseFiles, kinds: Mapping[str, Kind], models: Models, environments: Mapping[str, Environment]
) -> Checked:
    """All problems of one use case."""
    codes = catalogue(kinds.values())
    problems = list(_of_document(files, kinds, codes))
    sound = not any(p.code[:2] in ("E2", "E3") for p in problems)
    places = _Places(files, kinds, models)
    counts: Mapping[str, int] | None = None
    everywhere: dict[Problem, list[str]] = {}
    runs = list(_runs(files, environments))
    for run in runs:
        first = run is runs[0]
        found = list(places.check(run, first=first))
        if first and sound and not any(p.severity == "error" and p.code[:2] in _ROOTS for p in found):
            declared = declare(places.view, kinds)
            counts = declared.count()
            problems += (p for p in check_declared(declared, models) if run.environment or "${env." not in p.message)
            if _REFERENCE.search(files.document.text):
                problems += check_references(declared)
        for problem in found:
            if problem.code[:2] in ("E6", "E3") or problem.path[1:] in places.bound:
                everywhere.setdefault(problem, []).append(run.place[0])
            else:
                problems.append(problem)
    problems += _merged(everywhere, len({run.place[0] for run in runs}))
    skipped = 0 if counts is not None else len(kinds)
    kept = _waived(files.spec, list(dict.fromkeys(problems)), codes, complete=not skipped)
    footprint = {run.place: counts or {} for run in runs}
    return Checked(in_order(_diagnostic(files, p) for p in kept), skipped, footprint, files.digest)


_ROOTS = ("E2", "E3", "E4")
_REFERENCE = re.compile(r"\$\{[a-z-]+/")


def _of_document(files: UseCaseFiles, kinds: Mapping[str, Kind], codes: Mapping[str, Code]) -> Iterator[Problem]:
    """What needs no environment."""
    data, spec = files.data, files.spec
    yield from conform(use_case_model(kinds.values()), data)
    yield from check_name(files.name, data)
    yield from check_secrets(files)
    yield from files.problems
    yield from check_governance(spec)
    yield from check_names(spec, kinds.values())
    yield from check_lifecycles(spec, kinds.values())
    yield from check_suites(files, kinds.values())
    yield from check_datasets(files)
    yield from check_pinned_files(files, kinds.values())
    yield from check_waivers(spec, codes)
    yield from check_moved(spec, kinds.values())
    yield from check_delivery(spec)


@dataclass(frozen=True, slots=True)
class _Run:
    place: Place
    environment: Environment | None
    target: Target | None

    @property
    def bindings(self) -> Mapping[str, str] | None:
        return self.environment.bindings(self.target) if self.environment and self.target else None


def _runs(files: UseCaseFiles, environments: Mapping[str, Environment]) -> Iterator[_Run]:
    """Each target that the use case is placed in; one without an environment when there is none."""
    found = [
        _Run((name, target.name), environment, target)
        for name, environment in environments.items()
        for target in environment.spec.targets
        if target.takes(files.labels)
    ]
    yield from found or [_Run(("", ""), None, None)]


_RELEASE = ("r99999", f"sha256:{'0' * 64}")
"""A release as long as they get: the size of the runtime document is judged with it."""


class _Places:
    """One use case in one target after the other. What no binding can change is checked in the first
    alone."""

    def __init__(self, files: UseCaseFiles, kinds: Mapping[str, Kind], models: Models) -> None:
        self.files, self.kinds, self.models = files, kinds, models
        self.view = View(files.name, EMPTY, files.texts, Site("", "0" * 12, "eu-central-1"), *_RELEASE)
        self.facts = Facts((), (), ())
        self.bound: Mapping[Path, Bound] = {}

    def check(self, run: _Run, *, first: bool) -> Iterator[Problem]:
        """The problems in one target."""
        yield from self._first(run) if first else self._further(run)
        environment, target = run.environment, run.target
        if environment and target:
            policy, spec = environment.spec.policy, self.view.spec
            yield from check_policy(policy, spec, self.facts, target.region, self.kinds)
            if policy.requireGuardrail:
                yield from check_guarded(spec, self.kinds, self.models)
            if policy.requireKmsKey:
                yield from check_keys(spec, self.kinds, self.models)

    def _first(self, run: _Run) -> Iterator[Problem]:
        bindings, spec = run.bindings, self.files.spec
        resolution = resolve(spec, bindings, use_case=self.files.name, environment=run.place[0])
        yield from (replace(p, path=("spec", *p.path)) for p in resolution.problems)
        site = Site(run.place[0], run.target.account, run.target.region) if run.target else self.view.site
        seen, _ = set_apart(resolution.value, self.kinds.values())
        self.view = View(self.files.name, seen, self.files.texts, site, *_RELEASE)
        self.facts = facts(seen, self.kinds)
        self.bound = resolution.bound
        unknown = {problem.path for problem in resolution.problems}
        yield from check_bound_delivery(resolution.bound)
        for problem in check_entries(self.view, self.kinds, self.models):
            # A binding without a value cannot be judged.
            if problem.path[1:] not in unknown and (bindings is not None or "${env." not in problem.message):
                yield problem

    def _further(self, run: _Run) -> Iterator[Problem]:
        found: dict[Path, Bound] = {}
        for path, old in self.bound.items():
            again = resolve({"": old.template}, run.bindings, use_case=self.files.name, environment=run.place[0])
            yield from (replace(p, path=("spec", *path)) for p in again.problems)
            if not again.problems:
                found[path] = again.value[""]
        self.facts = self.facts.rebound({("spec", *path): new.value for path, new in found.items()})
        yield from check_bound(self.view, self.kinds, self.models, found)
        yield from check_bound_delivery(found)


def _merged(everywhere: Mapping[Problem, list[str]], environments: int) -> Iterator[Problem]:
    """A problem that is the same in every environment once; else with the names of those it stands in."""
    for problem, places in everywhere.items():
        names = sorted({name for name in places if name})
        general = problem.code[:2] != "E6" and len(names) == environments
        if not names or general or problem.code == "E301":
            yield problem
        else:
            yield replace(problem, message=f"{problem.message} (in {', '.join(names)})")


def _is_reason(reason: Any) -> bool:
    return isinstance(reason, str) and len(reason) >= 10


def _waived(
    spec: Mapping[str, Any], problems: list[Problem], codes: Mapping[str, Code], *, complete: bool
) -> Iterator[Problem]:
    """Without what a waiver silences; unused waivers are reported when every check was made."""
    silent = {(w.get("rule"), w.get("at")): index for index, w in waivers(spec) if _is_reason(w.get("reason"))}
    used: set[int] = set()
    for problem in problems:
        key = (problem.code, show_path(problem.path[1:]))
        if key in silent and problem.code in codes and codes[problem.code].waivable:
            used.add(silent[key])
        else:
            yield problem
    if complete:
        for index, waiver in waivers(spec):
            if index not in used and waiver.get("rule") in codes and codes[str(waiver["rule"])].waivable:
                message = f"{waiver.get('rule')} does not fail at {str(waiver.get('at'))[:100]}"
                yield Problem("E610", message, ("spec", "waivers", index), "remove it", severity="warning")


def _diagnostic(files: UseCaseFiles, problem: Problem) -> Diagnostic:
    if problem.file is None:
        document = files.document
        found = document.problem(
            problem.code,
            problem.message,
            problem.path,
            hint=problem.hint,
            key=problem.code in AT_KEY,
            severity=problem.severity,
        )
        return found if problem.code == "E601" else found.with_source(_line(document.text, found.line))
    at = Diagnostic(
        problem.code,
        problem.message,
        f"{files.folder}/{problem.file}",
        problem.line,
        problem.column,
        problem.line,
        problem.column + problem.length,
        problem.hint,
        problem.path,
        problem.severity,
    )
    text = files.texts.get(problem.file, "")
    return at if problem.code == "E601" else at.with_source(_line(text, at.line))


def _line(text: str, number: int) -> str:
    """One line of a text, when it is short enough to show."""
    lines = text.split("\n", number)
    line = lines[number - 1].rstrip("\r") if len(lines) >= number else ""
    return line if len(line) <= 400 else ""
