"""What an environment's roles have to be allowed, from the content here and from what is pinned. Asks nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from releaser import wiring
from releaser.core.diagnostic import Diagnostic
from releaser.core.environment import Environment, Target
from releaser.core.errors import ReleaserError
from releaser.core.iam.named import named
from releaser.core.iam.scene import Scene
from releaser.core.record import Witness
from releaser.core.workspace import EnvironmentFile, UseCaseFiles
from releaser.engine.compile import Compiled, compile_all, placed, site_of
from releaser.kinds import registry
from releaser.kinds.models import model
from releaser.pipeline.desk import witnesses_of
from releaser.store.pins import load_pins, read_content, tags_named
from releaser.store.workspace import load_workspace


@dataclass(frozen=True, slots=True)
class Place:
    """One environment's target."""

    repo: wiring.Repository
    environments: Mapping[str, EnvironmentFile]
    environment: Environment
    target: Target


def place(root: Path | None, environment: str, target: str | None) -> Place:
    """By name. Raises ReleaserError when there is no such place."""
    repo = wiring.repository(root)
    found = wiring.environments(repo.on_disk())
    chosen = wiring.choose_environment(found, environment)
    return Place(repo, found, chosen, wiring.choose_target(chosen, target))


def scene_of(at: Place) -> Scene:
    """What policies are made from: the files here, that are released next, what is pinned, and what records say is
    live: it is compared with, and taken away.

    Raises ReleaserError for content that does not compile: what it names would be missing from the policies.
    """
    site = site_of(at.environment, at.target)
    compiled = [_compiled(at, files) for files in (_here(at), _pinned(at)) if files]
    nodes = [node for one in compiled for node in one.graph.nodes]
    views = [view for one in compiled for view in one.views.values()]
    witnesses = witnesses_of(at.repo, at.environment)
    live = [w.released for w in witnesses.values() if w.released is not None]
    found = named(nodes, views, [one.facts.models for one in live], site.region, registry(), model)
    there = found.kinds | _recorded(witnesses.values())
    kinds = {n: k for n, k in registry().items() if not k.on_demand or n in there}
    return Scene(site, at.environment, at.target, found, kinds, _evidence(at))


def _recorded(witnesses: Iterable[Witness]) -> frozenset[str]:
    """Kinds of what any run left, also of one that did not end well."""
    closed = [one for w in witnesses for one in (w.released, w.latest) if one is not None]
    return frozenset(address.kind for one in closed for address in (*one.bindings, *one.retired))


def _compiled(at: Place, every: Mapping[str, UseCaseFiles]) -> Compiled:
    files = placed(every, at.target)
    compiled = compile_all(files, at.environment, at.target, registry(), wiring.unreleased(files))
    _refuse(compiled.diagnostics)
    return compiled


def _here(at: Place) -> Mapping[str, UseCaseFiles]:
    loaded = load_workspace(at.repo.on_disk())
    _refuse(d for d in loaded.diagnostics if d.path.startswith("manifests/"))
    return loaded.use_cases


def _pinned(at: Place) -> Mapping[str, UseCaseFiles]:
    if at.environment.spec.track is not None or not at.repo.has_git:
        return {}
    pins = load_pins(at.repo.on_disk(), at.environment.name)
    content, wrong = read_content(at.repo.git, pins.files.values(), tags_named(at.repo.git, pins.files.values()))
    _refuse((*pins.diagnostics, *wrong))
    return {name: one.files for name, one in content.items()}


def _refuse(diagnostics: Iterable[Diagnostic]) -> None:
    for wrong in diagnostics:
        if wrong.severity == "error":
            hint = wrong.hint or "`releaser validate` shows all problems with their lines"
            raise ReleaserError(f"{wrong.path}:{wrong.line}: {wrong.message}", code=wrong.code, hint=hint)


def _evidence(at: Place) -> tuple[str, ...]:
    """Where evidence of this environment, and of those whose evidence it accepts, is kept."""
    names = [at.environment.name, *sorted(set(at.environment.spec.gates.accept.values()))]
    found = []
    for name in names:
        file = at.environments.get(name)
        kept = file.environment.spec.evidenceStore if file is not None and file.environment is not None else None
        if kept is not None:
            found.append(f"{kept.rstrip('/')}/{name}")
    return tuple(dict.fromkeys(found))
