"""What a release is, beside what it changes: risk tier, data, models and where they run, data sets, documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from releaser.core.geography import plain_model
from releaser.core.parameters import reach
from releaser.core.release_content import ReleaseContent, mapping
from releaser.core.way_back import Lifecycle


@dataclass(frozen=True, slots=True)
class ModelFact:
    """A model that it names. ``name``: the manifest's, or the resource that names it."""

    name: str
    model_id: str
    processed: str
    """Where requests may be processed, in words."""
    life: str
    """Empty where nobody asked AWS."""

    def __str__(self) -> str:
        life = f"; {self.life}" if self.life else ""
        return f"{self.model_id}, processed in {self.processed}{life}"


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """A document of the governance section: responsible AI, data protection."""

    name: str
    path: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.path}, sha256 {self.sha256[:12]}" if self.sha256 else self.path


@dataclass(frozen=True, slots=True)
class NoteFacts:
    """The facts of one release."""

    governance: tuple[tuple[str, str], ...]
    """In pairs: risk tier, data, intended use."""
    models: tuple[ModelFact, ...]
    processed_in: tuple[str, ...]
    quality: str
    datasets: tuple[tuple[str, str], ...]
    """Name and sha256."""
    documents: tuple[DocumentFact, ...]


def note_facts(content: ReleaseContent, lives: Mapping[str, Lifecycle], processed_in: Iterable[str]) -> NoteFacts:
    """The facts of ``content``. ``lives``: model id -> its life; ``processed_in``: every Region that may see data."""
    return NoteFacts(
        tuple(_governance(content)),
        tuple(_models(content, lives)),
        tuple(sorted(set(processed_in))),
        _quality(content),
        tuple((n, str(mapping(d).get("sha256", ""))) for n, d in mapping(content.spec.get("datasets")).items()),
        tuple(
            DocumentFact(name, str(path), content.files.get(str(path), ""))
            for name, path in mapping(content.governance.get("documents")).items()
        ),
    )


def _governance(content: ReleaseContent) -> Iterator[tuple[str, str]]:
    found = content.governance
    titles = (("riskTier", "Risk tier"), ("dataClassification", "Most sensitive data"), ("intendedUse", "Intended use"))
    yield from ((title, str(found[member])) for member, title in titles if found.get(member))


def _models(content: ReleaseContent, lives: Mapping[str, Lifecycle]) -> Iterator[ModelFact]:
    """Those of the section ``models`` by their names there; every other one by what names it."""
    told: set[str] = set()
    for name, model in mapping(content.spec.get("models")).items():
        model_id = str(mapping(model).get("modelId", ""))
        told.add(model_id)
        yield _model(name, model_id, lives)
    for use in content.uses:
        if not use.is_guardrail and use.value not in told:
            yield _model(" ".join(use.at.split(".")[:2]), use.value, lives)


def _model(name: str, model_id: str, lives: Mapping[str, Lifecycle]) -> ModelFact:
    life = lives.get(model_id) or lives.get(plain_model(model_id))
    said = ""
    if life is not None:
        said = life.status.lower() + (f", ends on {life.ends:%Y-%m-%d}" if life.ends else "")
    return ModelFact(name, model_id, reach(model_id), said)


def _quality(content: ReleaseContent) -> str:
    suites = mapping(mapping(content.spec.get("evaluation")).get("suites"))
    metrics = sum(len(mapping(mapping(s).get("metrics"))) for s in suites.values())
    return f"{metrics} threshold{'' if metrics == 1 else 's'} in {', '.join(sorted(suites))}" if metrics else ""
