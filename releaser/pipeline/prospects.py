"""Whether a release could be applied in an environment: it is valid there, its models live on in the region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from releaser import wiring
from releaser.core.environment import Environment, Target
from releaser.core.errors import ReleaserError
from releaser.core.gate import Verdict
from releaser.core.way_back import Lifecycle
from releaser.core.workspace import UseCaseFiles
from releaser.engine.compile import ReleaseName, compile_all
from releaser.kinds import registry

if TYPE_CHECKING:
    from releaser.core.model_life import Catalog
    from releaser.engine.ports import Aws


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is known of a release in an environment."""

    verdicts: tuple[Verdict, ...] = ()
    lives: Mapping[str, Lifecycle] | None = None
    """Model id -> its life; None where AWS was not asked, or gave no answer."""
    unasked: str = ""
    """Why AWS could not be asked."""
    models: tuple[str, ...] = ()

    @property
    def against(self) -> tuple[Verdict, ...]:
        return tuple(v for v in self.verdicts if v.result.value != "PASS")

    @property
    def said(self) -> tuple[str, ...]:
        """For people: what is to be known of its models."""
        if self.unasked:
            return (f"AWS could not be asked from here ({self.unasked}); the pipeline asks before it applies anything",)
        warned = tuple(v.reason for v in self.verdicts if v.result.value == "PASS" and v.code)
        return warned or ((f"all live on in the region: {', '.join(self.models)}",) if self.models else ())


@dataclass
class Prospects:
    """Asks AWS of releases in one environment."""

    repo: wiring.Repository
    environment: Environment
    _catalogs: dict[str, tuple[Aws, Catalog]] = field(default_factory=dict, repr=False)

    def of(self, files: UseCaseFiles, release: ReleaseName, live: frozenset[str], *, known: bool) -> Prospect:
        """``live``: the models of what is live there. ``known``: it was released there before, by the rules of then.
        Raises ReleaserError for content that is not valid there."""
        target = self._target(files)
        if not known:
            self._refuse_invalid(files)
        compiled = compile_all({files.name: files}, self.environment, target, registry(), {files.name: release})
        if compiled.diagnostics:
            first = compiled.diagnostics[0]
            raise ReleaserError(f"{first.path}: {first.message}", code=first.code, hint=first.hint)
        from releaser.core.model_ids import uses
        from releaser.gates import lifecycle
        from releaser.kinds.models import model

        view = compiled.views[files.name]
        found = uses(compiled.graph.nodes, view.section("models"), target.region, registry(), model)
        named = lifecycle.Named(files.name, found, live, True)
        models = tuple(sorted({u.value for u in named.models}))
        try:
            aws, catalog = self._asked(target)
            if catalog.failure:
                return Prospect(unasked=catalog.failure, models=models)
            survey = lifecycle.survey({files.name: named}, aws, catalog, target.region, self.environment.spec.policy)
        except ReleaserError as error:
            return Prospect(unasked=str(error), models=models)
        classification = view.section("governance").get("dataClassification")
        verdicts = survey.judge(files.name, self.environment.spec.policy, classification, self.repo.clock.now())
        cycles = {m: row.get("modelLifecycle", {}) for m, row in catalog.models.items()}
        lives = {m: Lifecycle(str(c.get("status", "")), c.get("endOfLifeTime")) for m, c in cycles.items()}
        return Prospect(tuple(verdicts), lives, models=models)

    def _asked(self, target: Target) -> tuple[Aws, Catalog]:
        """A connection and the models there, asked for once."""
        from releaser.gates.lifecycle import read_catalog

        if target.name not in self._catalogs:
            aws = wiring.connection(self.environment, target, self.repo.environ, read_only=True).aws
            self._catalogs[target.name] = (aws, read_catalog(aws))
        return self._catalogs[target.name]

    def _target(self, files: UseCaseFiles) -> Target:
        for target in self.environment.spec.targets:
            if target.takes(files.labels):
                return target
        raise ReleaserError(
            f"{self.environment.name} has no target for {files.name}",
            code="P105",
            hint="the manifest's labels decide: give one of the targets `useCases: {matchLabels: ...}` that match them",
        )

    def _refuse_invalid(self, files: UseCaseFiles) -> None:
        from releaser.core.validate import validate_use_case
        from releaser.kinds.models import model

        checked = validate_use_case(files, registry(), model, {self.environment.name: self.environment})
        for found in checked.diagnostics:
            if found.severity == "error":
                raise ReleaserError(
                    f"{found.path}:{found.line}: {found.message}",
                    code=found.code,
                    hint=f"so it is at that release: {found.hint or 'cut another that is valid here'}",
                )
