"""Workspace + environment -> desired graph: the pure stages in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.core.address import Address
from releaser.core.delivery import APPCONFIG, store
from releaser.core.diagnostic import Diagnostic
from releaser.core.environment import Environment, Target
from releaser.core.errors import ReleaserError, WrongUsage
from releaser.core.graph import DesiredGraph, compile_use_case, join
from releaser.core.kind import Kind, Site, View
from releaser.core.lifecycle import set_apart
from releaser.core.record import Binding
from releaser.core.resolve import bindings_used, resolve
from releaser.core.slots import NONE
from releaser.core.turns import choose, nobody
from releaser.core.values import EMPTY
from releaser.core.workspace import UseCaseFiles


@dataclass(frozen=True, slots=True)
class ReleaseName:
    """What a use case's content is called: ``r3`` and its digest."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """The desired graph of some use cases in one target, and what could not be compiled."""

    graph: DesiredGraph
    files: Mapping[str, UseCaseFiles]
    views: Mapping[str, View] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    retired: frozenset[str] = frozenset()
    """Use cases that are to have nothing: without files, views and nodes."""

    def spec(self, use_case: str) -> Mapping[str, Any]:
        """The manifest's, as written; empty for what is retired."""
        return self.files[use_case].spec if use_case in self.files else EMPTY


def placed(every: Mapping[str, UseCaseFiles], target: Target, only: Iterable[str] = ()) -> dict[str, UseCaseFiles]:
    """The use cases that belong to a target. Raises WrongUsage for a name that does not exist."""
    wanted = set(only)
    unknown = sorted(wanted - set(every))
    if unknown:
        known = ", ".join(sorted(every)) or "none"
        raise WrongUsage(f"no use case {', '.join(unknown)}", code="P102", hint=f"there are: {known}")
    return {
        name: files
        for name, files in sorted(every.items())
        if (not wanted or name in wanted) and target.takes(files.labels)
    }


def compile_all(
    files: Mapping[str, UseCaseFiles],
    environment: Environment,
    target: Target,
    kinds: Mapping[str, Kind],
    releases: Mapping[str, ReleaseName],
    live: Callable[[str], Mapping[Address, Binding]] = nobody,
) -> Compiled:
    """Every use case's graph. One that does not compile gives a diagnostic and stops no other.

    ``live``: what callers of a use case have; asked only where a roll-out needs two aliases.
    """
    site = site_of(environment, target)
    given = environment.bindings(target)
    return _compile(files, site, lambda _: given, kinds, releases, live)


def site_of(environment: Environment, target: Target) -> Site:
    """The place that a target is."""
    return Site(environment.name, target.account, target.region, _partition(target.region))


def compile_as_written(
    files: Mapping[str, UseCaseFiles], kinds: Mapping[str, Kind], releases: Mapping[str, ReleaseName]
) -> Compiled:
    """The graphs as no environment changes them, for comparing releases: every binding stands for itself."""
    site = Site("", "000000000000", "us-east-1", "aws")
    return _compile(files, site, _as_written, kinds, releases)


def _as_written(files: UseCaseFiles) -> dict[str, str]:
    return {name: f"${{env.{name}}}" for name in bindings_used(files.document.text)}


def _compile(
    files: Mapping[str, UseCaseFiles],
    site: Site,
    bindings: Callable[[UseCaseFiles], Mapping[str, str]],
    kinds: Mapping[str, Kind],
    releases: Mapping[str, ReleaseName],
    live: Callable[[str], Mapping[Address, Binding]] = nobody,
) -> Compiled:
    graphs, views, diagnostics = [], {}, []
    for name, found in files.items():
        resolution = resolve(found.spec, bindings(found), use_case=name, environment=site.environment)
        path = f"{found.folder}/manifest.yaml"
        diagnostics += [
            Diagnostic(p.code, p.message, path, hint=p.hint, pointer=("spec", *p.path)) for p in resolution.problems
        ]
        if resolution.problems:
            continue
        release = releases[name]
        spec, removal = set_apart(resolution.value, kinds.values())
        digest = f"sha256:{release.digest}"
        view = View(name, spec, found.texts, site, release.name, digest, on_remove=removal)
        try:
            graphs.append(_graph(view, kinds, _tags(found), live))
        except ReleaserError as error:
            diagnostics.append(Diagnostic(error.code, str(error), path, hint=error.hint))
            continue
        views[name] = view
    return Compiled(join(graphs), files, views, tuple(diagnostics))


def _graph(
    view: View, kinds: Mapping[str, Kind], tags: Mapping[str, str], live: Callable[[str], Mapping[Address, Binding]]
) -> DesiredGraph:
    """One use case's graph; where a document is rolled out, with the aliases whose turn it is."""
    graph = compile_use_case(view, kinds, tags)
    if store(view.spec) != APPCONFIG:
        return graph
    slots = choose(graph.nodes, kinds, live(view.use_case))
    return graph if slots == NONE else compile_use_case(view, kinds, tags, slots)


def _tags(files: UseCaseFiles) -> dict[str, str]:
    """The manifest's owner and labels, for cost and for people."""
    metadata = files.data.get("metadata")
    owner = str(metadata.get("owner", "")) if isinstance(metadata, Mapping) else ""
    labels = {str(k): str(v) for k, v in files.labels.items()}
    return {**labels, **({"owner": owner} if owner else {})}


def _partition(region: str) -> str:
    """AWS partition of a region (AWS General Reference, ARN format)."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
