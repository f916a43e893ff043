"""The folder of reports: what each file in it is called, in one place. ``reports/ENV/...``, passed between jobs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from releaser.core.affected import Affected
from releaser.core.errors import ReleaserError
from releaser.core.shape import plain
from releaser.pipeline.work import write_whole


@dataclass(frozen=True, slots=True)
class Reports:
    """The files of one environment."""

    folder: Path

    @classmethod
    def of(cls, root: Path, environment: str) -> Reports:
        return cls(root / environment)

    @property
    def affected(self) -> Path:
        """Which use cases the merge request touches, and why."""
        return self.folder / "affected.json"

    @property
    def plan(self) -> Path:
        """The saved plan, values hidden."""
        return self.folder / "plan.json"

    @property
    def gate(self) -> Path:
        """The judgements."""
        return self.folder / "gate.json"

    @property
    def evidence(self) -> Path:
        """Folder of the evidence."""
        return self.folder / "evidence"

    @property
    def samples(self) -> Path:
        """Digest of a response -> its text, of the samples that are worth looking at."""
        return self.folder / "samples.json"

    @property
    def comment(self) -> Path:
        """What the merge request is told."""
        return self.folder / "comment.md"

    @property
    def terraform(self) -> Path:
        """GitLab's report of a plan."""
        return self.folder / "terraform.json"

    @property
    def junit(self) -> Path:
        """GitLab's report of tests: gates, drift."""
        return self.folder / "junit.xml"

    @property
    def metrics(self) -> Path:
        """GitLab's report of metrics."""
        return self.folder / "metrics.txt"

    @property
    def annotations(self) -> Path:
        """GitLab's report of links."""
        return self.folder / "annotations.json"

    @property
    def dotenv(self) -> Path:
        """GitLab's report of variables."""
        return self.folder / "dotenv.env"


def write_files(files: Mapping[Path, str]) -> None:
    """Each whole or not at all, with the folders that it needs. Raises ReleaserError."""
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ReleaserError(f"{path.parent}: {error.strerror}", code="R001", hint="name another folder") from None
        write_whole(path, text)


def affected_text(found: Affected) -> str:
    """As it is kept."""
    return json.dumps(plain(found), indent=2) + "\n"


def environments_in(root: Path) -> tuple[str, ...]:
    """The environments that have reports."""
    return tuple(sorted(p.name for p in root.iterdir() if p.is_dir())) if root.is_dir() else ()
