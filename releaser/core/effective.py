"""The effective manifest: what a use case is in one target, and where each value came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.address import Bound, Ref
from releaser.core.bodies import declare
from releaser.core.environment import Environment, Target
from releaser.core.included import named_files
from releaser.core.kind import Kind, Problem, Site, View
from releaser.core.resolve import bindings_used, resolve
from releaser.core.values import Path, leaves, thaw
from releaser.core.workspace import EnvironmentFile, UseCaseFiles


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value stands: the manifest, or the environment for a binding (``template`` says how it was
    asked for)."""

    file: str
    line: int
    column: int
    template: str = ""


@dataclass(frozen=True, slots=True)
class Effective:
    """Plain data with bindings filled in and references as texts; an origin for every leaf; the bodies AWS
    gets."""

    manifest: Mapping[str, Any]
    origins: Mapping[Path, Origin]
    resources: tuple[Mapping[str, Any], ...]
    problems: tuple[Problem, ...]


def effective(
    files: UseCaseFiles, environment: EnvironmentFile, target: Target, kinds: Mapping[str, Kind]
) -> Effective:
    """The manifest as one target sees it. Resources only when everything could be resolved."""
    declared = environment.environment
    bindings = declared.bindings(target) if declared else {}
    resolution = resolve(files.spec, bindings, use_case=files.name, environment=environment.name)
    manifest = {**files.data, "spec": _in_order(files.spec, resolution.value)}
    bound = {("spec", *path): value for path, value in resolution.bound.items()}
    origins = {path: _origin(files, environment, target, path, bound.get(path)) for path, _ in leaves(files.data)}
    resources: tuple[Mapping[str, Any], ...] = ()
    if not resolution.problems and not files.problems:
        site = Site(environment.name, target.account, target.region)
        view = View(files.name, resolution.value, files.texts, site, digest=f"sha256:{files.digest}")
        resources = tuple(_resources(view, kinds))
    return Effective(manifest, origins, resources, resolution.problems)


def plain(value: Any) -> Any:
    """Thawed, with bindings as their values and references as they are written."""
    return _texts(thaw(value))


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _texts(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_texts(v) for v in value]
    return str(value) if isinstance(value, Ref | Bound) else value


def _in_order(written: Any, resolved: Any) -> Any:
    """The resolved data in the order in which the manifest says it."""
    if isinstance(written, Mapping):
        return {key: _in_order(item, resolved[key]) for key, item in written.items()}
    if isinstance(written, list):
        return [_in_order(item, found) for item, found in zip(written, resolved, strict=True)]
    return plain(resolved)


def _resources(view: View, kinds: Mapping[str, Kind]) -> Iterator[Mapping[str, Any]]:
    for kind, draft in declare(view, kinds).drafts:
        yield {"address": str(view.address(kind.name, draft.name)), "body": plain(draft.body)}


def _origin(
    files: UseCaseFiles, environment: EnvironmentFile, target: Target, path: Path, bound: Bound | None
) -> Origin:
    if bound is None:
        span = files.document.locate(path)
        return Origin(files.document.path, span.line, span.column)
    name = min(bindings_used(bound.template))
    span = environment.document.locate(_binding(environment.environment, target, name))
    return Origin(environment.document.path, span.line, span.column, bound.template)


def _binding(environment: Environment | None, target: Target, name: str) -> Path:
    """Where an environment gives a binding: in the target, or for all."""
    if environment and name in target.bindings:
        return ("spec", "targets", environment.spec.targets.index(target), "bindings", name)
    return ("spec", "bindings", name)


def file_notes(files: UseCaseFiles, kinds: Mapping[str, Kind]) -> dict[Path, str]:
    """What is worth saying of each named file: its digest."""
    return {
        named.at: f"sha256 {files.digests[named.path][:12]}"
        for named in named_files(files.data, kinds.values())
        if named.path in files.digests
    }
