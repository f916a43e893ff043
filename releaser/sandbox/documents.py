"""What an ingestion job makes of the objects in a bucket: which are documents, which cannot be read, what changed.

Sources: user guide, "Supported document formats and limits": formats, 50 MB a file; JPEG and PNG up to 3.75 MB, and
only with a parser and a place for what it extracts (``supplementalDataStorageConfiguration``); ``NAME.metadata.json``
beside a document holds its metadata and is no document. Whether AWS counts failed documents as scanned is not written
down; published statistics do (7 scanned, 1 new, 1 failed).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

_TEXT = {".txt", ".md", ".html", ".doc", ".docx", ".csv", ".xls", ".xlsx", ".pdf"}
_IMAGES = {".jpg", ".jpeg", ".png"}
_METADATA = ".metadata.json"
_LARGEST, _LARGEST_IMAGE = 50 * 1024 * 1024, 3_932_160
_UNSUPPORTED, _TOO_LARGE = "their file format was not supported", "they exceed the maximum file size"
_LONGEST_REASON = 2048


@dataclass(frozen=True, slots=True)
class Found:
    """An object in the source. ``mark`` changes when the object does; ``blob`` names its bytes."""

    key: str
    size: int
    mark: str
    blob: str = ""


@dataclass(slots=True)
class Sync:
    """The outcome: what is indexed afterwards (documents and metadata: mark by key), counts, reasons."""

    documents: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    statistics: dict[str, int] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)


def synchronise(
    objects: Iterable[Found],
    documents: Mapping[str, str],
    metadata: Mapping[str, str],
    *,
    images: bool,
    bucket: str,
) -> Sync:
    """Compares the objects with what was indexed before. What cannot be read stays as it was, and fails again."""
    seen = [one for one in objects if not one.key.endswith("/")]
    sidecars = {one.key: one.mark for one in seen if one.key.endswith(_METADATA)}
    sources = [one for one in seen if one.key not in sidecars]
    problems = {one.key: problem for one in sources if (problem := _problem(one, images))}
    there = {one.key: one.mark for one in sources}
    after = {key: mark for key, mark in there.items() if key not in problems}
    kept = {key: mark for key, mark in documents.items() if key in problems}
    statistics = {
        "numberOfDocumentsScanned": len(sources),
        "numberOfMetadataDocumentsScanned": len(sidecars),
        "numberOfNewDocumentsIndexed": len(after.keys() - documents.keys()),
        "numberOfModifiedDocumentsIndexed": _changed(documents, after),
        "numberOfMetadataDocumentsModified": _changed(metadata, sidecars) + len(metadata.keys() - sidecars.keys()),
        "numberOfDocumentsDeleted": len(documents.keys() - there.keys()),
        "numberOfDocumentsFailed": len(problems),
        "numberOfDocumentsSkipped": 0,
    }
    return Sync({**after, **kept}, sidecars, statistics, _reasons(problems, bucket))


def nothing() -> dict[str, int]:
    """The statistics of a job that has not looked yet."""
    return dict.fromkeys(synchronise((), {}, {}, images=False, bucket="").statistics, 0)


def _problem(one: Found, images: bool) -> str:
    suffix = PurePosixPath(one.key).suffix.lower()
    if suffix in _IMAGES and images:
        return _TOO_LARGE if one.size > _LARGEST_IMAGE else ""
    if suffix not in _TEXT:
        return _UNSUPPORTED
    return _TOO_LARGE if one.size > _LARGEST else ""


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> int:
    return sum(key in before and before[key] != mark for key, mark in after.items())


def _reasons(problems: Mapping[str, str], bucket: str) -> list[str]:
    """One reason for each kind of problem, naming the files; no longer than the model allows."""
    reasons = []
    for problem in (_UNSUPPORTED, _TOO_LARGE):
        files = [f"s3://{bucket}/{key}" for key in sorted(problems) if problems[key] == problem]
        if files:
            reason = f"Encountered error: Ignored {len(files)} files as {problem}. [Files: {', '.join(files)}]."
            reasons.append(reason[:_LONGEST_REASON])
    return reasons
