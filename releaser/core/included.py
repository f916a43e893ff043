"""Which files a manifest names, and where: known from markers on the short forms of kinds, never from a
list here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from releaser.core.kind import IncludedFile, Kind, marked
from releaser.core.values import Path

Use = Literal["text", "document", "cases", "lines", "reviews"]
"""``reviews`` are about a release and no part of it: their digest is not in the release's."""


@dataclass(frozen=True, slots=True)
class Named:
    """One mention of a file: its path relative to the use case's folder, and the place that names it."""

    path: str
    at: Path
    use: Use
    sha256: str | None = None
    """The digest that the manifest pins it by, and where it does."""
    pinned_at: Path = ()


def named_files(data: Mapping[str, Any], kinds: Iterable[Kind]) -> Iterator[Named]:
    """Every file that the manifest names. Tolerates any data; what is no text is somebody else's error."""
    spec = data.get("spec")
    for kind in kinds:
        for member in marked(kind, IncludedFile):
            for name, entry in _entries(spec, kind.section):
                yield from _mention(entry, member, ("spec", kind.section or "", name, member), "text")
        for name, entry in _entries(spec, kind.section):
            for found in kind.includes(entry):
                if isinstance(found.path, str):
                    here = ("spec", kind.section or "", name)
                    pinned = found.sha256 if isinstance(found.sha256, str) else None
                    yield Named(found.path, (*here, *found.at), "lines", pinned, (*here, *found.pinned_at))
    governance = spec.get("governance") if isinstance(spec, Mapping) else None
    for name, path in _entries(governance, "documents", leaves=True):
        if isinstance(path, str):
            yield Named(path, ("spec", "governance", "documents", name), "document")
    for name, entry in _entries(spec, "datasets"):
        yield from _mention(entry, "path", ("spec", "datasets", name, "path"), "cases")
    evaluation = spec.get("evaluation") if isinstance(spec, Mapping) else None
    for name, entry in _entries(evaluation, "humanReviews"):
        yield from _mention(entry, "path", ("spec", "evaluation", "humanReviews", name, "path"), "reviews")


def _entries(holder: Any, section: str | None, *, leaves: bool = False) -> Iterator[tuple[str, Any]]:
    found = holder.get(section) if isinstance(holder, Mapping) else None
    if isinstance(found, Mapping):
        yield from ((k, v) for k, v in found.items() if leaves or isinstance(v, Mapping))


def _mention(entry: Mapping[str, Any], member: str, at: Path, use: Use) -> Iterator[Named]:
    path = entry.get(member)
    if isinstance(path, str):
        yield Named(path, at, use)
