"""What a repository holds: use cases and environments as they were read, judged by ``validate``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from releaser.core.diagnostic import Diagnostic
from releaser.core.digest import release_digest
from releaser.core.document import Document
from releaser.core.environment import Environment
from releaser.core.kind import Problem


@dataclass(frozen=True)
class UseCaseFiles:
    """A manifest and the files it names. ``texts`` and ``digests`` are keyed relative to the use case's
    folder."""

    name: str
    folder: str
    document: Document
    texts: Mapping[str, str] = field(default_factory=dict)
    """Files that kinds include: LF, one final newline stripped."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """sha256 of the bytes of every named file that was found."""
    cases: Mapping[str, bytes] = field(default_factory=dict)
    """Data sets that live in the folder."""
    problems: tuple[Problem, ...] = ()
    """What was wrong with the named files."""

    @property
    def data(self) -> dict[str, Any]:
        return self.document.data

    @property
    def spec(self) -> Mapping[str, Any]:
        found = self.data.get("spec")
        return found if isinstance(found, Mapping) else {}

    @property
    def labels(self) -> Mapping[str, Any]:
        metadata = self.data.get("metadata")
        labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
        return labels if isinstance(labels, Mapping) else {}

    @cached_property
    def digest(self) -> str:
        """The release digest."""
        return release_digest(self.data, self.digests)


@dataclass(frozen=True)
class EnvironmentFile:
    """An environment as declared; ``environment`` is None when the document is not valid."""

    name: str
    document: Document
    environment: Environment | None = None


@dataclass(frozen=True)
class Workspace:
    """Everything that was read. ``diagnostics`` are about files that could not become a document at all."""

    use_cases: Mapping[str, UseCaseFiles]
    environments: Mapping[str, EnvironmentFile]
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def declared(self) -> Mapping[str, Environment]:
        """The valid environments by name."""
        return {name: f.environment for name, f in self.environments.items() if f.environment}
