"""Release notes for a run: the content that is live against the content that replaces it, both from git."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from releaser.core.address import Address
from releaser.core.allowance import allowances, needed
from releaser.core.deployed import verbs_of
from releaser.core.environment import duration
from releaser.core.model_ids import uses
from releaser.core.model_life import Catalog
from releaser.core.notes import Happened, release_notes
from releaser.core.plan import UseCasePlan
from releaser.core.record import Binding, Closed, Opened
from releaser.core.release_content import ReleaseContent, content_of
from releaser.core.run_facts import run_facts
from releaser.core.turns import as_declared
from releaser.core.way_back import Lifecycle, WayBack, way_back
from releaser.core.workspace import UseCaseFiles
from releaser.engine.compile import Compiled, ReleaseName, compile_all
from releaser.kinds import registry
from releaser.kinds.models import model
from releaser.pipeline.desk import Desk
from releaser.render.notes import notes_markdown
from releaser.render.retirement import retirement_markdown
from releaser.store.folders import FolderReader, read_folders
from releaser.store.workspace import load_use_case

if TYPE_CHECKING:
    from releaser.engine.planning import Planned


def notes_of(desk: Desk, planned: Planned) -> Callable[[Opened, Mapping[Address, Binding]], str]:
    """Writes the notes of a use case once its bindings are known, with what its record says of the run.

    What was live is read here, before anything is written: raises ReleaserError when this clone lacks its commit.
    """
    parts = {u.use_case: u for u in planned.plan.use_cases if u.steps and not u.retires}
    before = _released(desk, parts)
    tags = desk.repo.tags.known(parts)
    lives = _lives(desk.look.catalog)

    def notes(opened: Opened, bindings: Mapping[Address, Binding]) -> str:
        name = opened.use_case
        part = planned.plan.of(name)
        if part is None:
            return ""
        if part.retires:
            return retirement_markdown(part, desk.environment.name)
        witness = desk.witnesses().get(name)
        live = witness.released if witness else None
        happened = Happened(
            environment=desk.environment.name,
            bindings=bindings,
            before=live.bindings if live else None,
            verbs=verbs_of(part.steps),
            lives=lives,
            processed_in=part.processed_in,
            risk=part.risk,
            allowed=needed(part, allowances(planned.compiled.files[name].spec), desk.repo.clock.now().date()),
            run=run_facts(opened),
            back=_back(desk, opened, live, lives),
        )
        made = release_notes(
            before.get(name),
            _content(desk, planned.compiled, part),
            kinds=registry(),
            history={t.release: t.digest for t in tags.get(name, ()) if t.release != part.release},
            happened=happened,
        )
        return notes_markdown(made)

    return notes


def _back(desk: Desk, opened: Opened, replaced: Closed | None, lives: Mapping[str, Lifecycle]) -> WayBack | None:
    """Back to what this run replaces: nothing of it is deleted while the rollback window is open, and that opens now.
    None to what was just taken back."""
    digest = replaced.record.release_digest if replaced else ""
    if replaced is None or digest in (opened.release_digest, opened.holds.release_digest if opened.holds else None):
        return None
    window = duration(desk.environment.spec.rollbackWindow)
    return way_back(replaced, replaced, desk.repo.clock.now(), window, lives)


def _content(desk: Desk, compiled: Compiled, part: UseCasePlan) -> ReleaseContent:
    return _named(desk, compiled, part.use_case, ReleaseName(part.release, part.release_digest))


def _named(desk: Desk, compiled: Compiled, name: str, release: ReleaseName) -> ReleaseContent:
    files, nodes = compiled.files[name], as_declared(compiled.graph.of(name))
    view = compiled.views.get(name)
    found = uses(nodes, view.section("models"), desk.target.region, registry(), model) if view else ()
    return content_of(name, release.name, release.digest, files.spec, nodes, files.digests, found)


def _released(desk: Desk, names: Iterable[str]) -> dict[str, ReleaseContent]:
    """The content that the last records say is live, as their commits have it; all by few git calls."""
    live = {n: w.released.record for n in names if (w := desk.witnesses().get(n)) and w.released}
    readers = read_folders(desk.repo.git, [(r.commit, f"manifests/{n}") for n, r in live.items()])
    found = {}
    for (name, record), reader in zip(live.items(), readers, strict=True):
        if not isinstance(reader, FolderReader):
            raise reader
        files = load_use_case(reader, name)
        if isinstance(files, UseCaseFiles):
            release = ReleaseName(record.release, record.release_digest)
            compiled = compile_all({name: files}, desk.environment, desk.target, registry(), {name: release})
            found[name] = _named(desk, compiled, name, release)
    return found


def _lives(catalog: Catalog) -> dict[str, Lifecycle]:
    cycles = {model: found.get("modelLifecycle", {}) for model, found in catalog.models.items()}
    return {m: Lifecycle(str(c.get("status", "")), c.get("endOfLifeTime")) for m, c in cycles.items()}
