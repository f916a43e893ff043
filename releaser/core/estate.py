"""Checks of environments, and across files: accounts, promotion, quotas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from releaser.core.checks import check_name, part
from releaser.core.conform import AT_KEY, conform
from releaser.core.diagnostic import Diagnostic, in_order
from releaser.core.environment import UNRUNNABLE_GATES, Environment
from releaser.core.kind import Kind, Problem
from releaser.core.secrets import secrets_in
from releaser.core.suggest import did_you_mean
from releaser.core.validate import Place, _line
from releaser.core.workspace import EnvironmentFile


def validate_environments(files: Mapping[str, EnvironmentFile]) -> tuple[Diagnostic, ...]:
    """All problems of the environments, each alone and all together."""
    found: list[Diagnostic] = []
    owners: dict[tuple[str, str], str] = {}
    for name, file in files.items():
        problems = [*_alone(name, file), *_together(name, files), *_owned(name, file, owners)]
        found += (_diagnostic(file, problem) for problem in problems)
    return in_order(found)


def _alone(name: str, file: EnvironmentFile) -> Iterator[Problem]:
    data = file.document.data
    yield from conform(Environment, data)
    yield from check_name(name, data)
    yield from secrets_in(data, file.document.text)
    for index, gate in _listed(data, "gates", "required"):
        if gate in UNRUNNABLE_GATES:
            message = f"this version cannot run the gate {gate}"
            yield Problem("E608", message, ("spec", "gates", "required", index), "remove it for now")


def _listed(data: Mapping[str, Any], *path: str) -> list[tuple[int, Any]]:
    found = part(data, "spec", *path[:-1]).get(path[-1])
    return list(enumerate(found)) if isinstance(found, list) else []


def _source(file: EnvironmentFile | None) -> str | None:
    """Where an environment's releases come from, as its document says."""
    found = part(file.document.data, "spec").get("promotesFrom") if file else None
    return found if isinstance(found, str) else None


def _together(name: str, files: Mapping[str, EnvironmentFile]) -> Iterator[Problem]:
    source = _source(files[name])
    if source is not None and source not in files:
        at = ("spec", "promotesFrom")
        yield Problem("E311", f"there is no environment {source[:60]!r}", at, did_you_mean(source, files))
    for gate, other in part(files[name].document.data, "spec", "gates", "accept").items():
        if isinstance(other, str) and other not in files:
            here = ("spec", "gates", "accept", gate)
            yield Problem("E311", f"there is no environment {other[:60]!r}", here, did_you_mean(other, files))
    seen = [name]
    while source is not None and source not in seen:
        seen.append(source)
        source = _source(files.get(source))
    if source == name:
        circle = " <- ".join([*seen, name])
        yield Problem("E311", f"promotion goes in a circle: {circle}", ("spec", "promotesFrom"))


def _owned(name: str, file: EnvironmentFile, owners: dict[tuple[str, str], str]) -> Iterator[Problem]:
    for index, target in _listed(file.document.data, "targets"):
        account, region = (target.get(k) if isinstance(target, Mapping) else None for k in ("account", "region"))
        if not isinstance(account, str) or not isinstance(region, str):
            continue
        owner = owners.setdefault((account, region), name)
        if owner != name:
            message = f"account {account[:12]} in {region[:20]} already belongs to environment {owner}"
            yield Problem("E609", message, ("spec", "targets", index, "account"))


def validate_quotas(
    files: Mapping[str, EnvironmentFile],
    kinds: Mapping[str, Kind],
    footprints: Iterable[Mapping[Place, Mapping[str, int]]],
) -> tuple[Diagnostic, ...]:
    """Targets into which more resources are placed than AWS allows in an account and region."""
    totals: dict[tuple[Place, str], int] = {}
    for footprint in footprints:
        for place, counts in footprint.items():
            for kind, count in counts.items():
                totals[place, kind] = totals.get((place, kind), 0) + count
    found = []
    for ((environment, target), kind), count in sorted(totals.items()):
        quota = kinds[kind].account_quota
        file = files.get(environment)
        if quota is None or count <= quota.limit or file is None or file.environment is None:
            continue
        names = [t.name for t in file.environment.spec.targets]
        message = f"{count} resources of kind {kind} are placed here; AWS allows {quota.limit} in an account and region"
        hint = "add a target in another account and place use cases by label"
        problem = Problem("E521", message, ("spec", "targets", names.index(target)), hint)
        found.append(_diagnostic(file, problem))
    return in_order(found)


def _diagnostic(file: EnvironmentFile, problem: Problem) -> Diagnostic:
    found = file.document.problem(
        problem.code, problem.message, problem.path, hint=problem.hint, key=problem.code in AT_KEY
    )
    return found if problem.code == "E601" else found.with_source(_line(file.document.text, found.line))
