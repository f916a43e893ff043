"""What a data source holds, told from its latest job: AWS versions no content, so a job's description is its label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from releaser.core.diff import FieldChange, is_below
from releaser.core.graph import read_label, version_label
from releaser.core.kind import Ingestion, Kind, Pin, Remark
from releaser.core.sources import sources
from releaser.core.values import EMPTY, FrozenMap

STATISTICS: Mapping[str, str] = {
    "numberOfDocumentsScanned": "scanned",
    "numberOfNewDocumentsIndexed": "new",
    "numberOfModifiedDocumentsIndexed": "modified",
    "numberOfMetadataDocumentsModified": "with other metadata",
    "numberOfDocumentsDeleted": "deleted",
    "numberOfDocumentsSkipped": "skipped",
    "numberOfDocumentsFailed": "failed",
}

UNPROVEN = "releaser: the bucket was not as pinned after the job before this one"
"""The description of a job that takes the claim of the one before it away; no label of ours."""


def label(pin: Pin) -> str:
    """The description of the job that ingests this content."""
    return version_label(pin.digest)


def failed_documents(ingestion: Ingestion, job: Mapping[str, Any]) -> int:
    """How many documents of a job were not ingested. A job that is complete may hide some."""
    return int((job.get(ingestion.statistics) or {}).get(ingestion.failed, 0))


def held(ingestion: Ingestion, job: Mapping[str, Any]) -> str:
    """What an item holds after this, its latest job: a digest of ours, or a word that is none."""
    value = str(job.get(ingestion.status.member, ""))
    if value not in ingestion.status.ready:
        return value or "unknown"
    digest = read_label(job.get(ingestion.label_in))
    if digest is None:
        return "not-ours"
    failed = failed_documents(ingestion, job)
    return f"{digest}:{failed}-failed" if failed else digest


def told(statistics: Mapping[str, Any]) -> str:
    """A job's numbers in words."""
    said = [f"{statistics[member]:,} {word}" for member, word in STATISTICS.items() if member in statistics]
    return ", ".join(said) or "no statistics"


def judged(pins: Iterable[Pin], held_: Mapping[str, str]) -> FrozenMap:
    """What items hold as their pins judge it: what nothing pins is left out, failures within the limit are none."""
    return FrozenMap({pin.item: _judged(pin, held_[pin.item]) for pin in pins if pin.item in held_})


def _judged(pin: Pin, word: str) -> str:
    digest, _, failed = word.partition(":")
    count = failed.removesuffix("-failed")
    return digest if count.isdigit() and int(count) <= pin.max_failed else word


def draft_of(kind: Kind, body: FrozenMap) -> FrozenMap:
    """The body without what a step of its own brings in."""
    how = kind.delivery
    outside = {kind.ingestion.member} if kind.ingestion else how.members | {how.underway} if how else set()
    return FrozenMap({k: v for k, v in body.items() if k not in outside}) if outside & body.keys() else body


def delivered_of(kind: Kind, body: Mapping[str, Any]) -> FrozenMap:
    """What of a body a job delivers, or has delivered."""
    members = kind.delivery.members if kind.delivery else frozenset[str]()
    return FrozenMap({k: v for k, v in body.items() if k in members})


def is_delivered(kind: Kind, change: FieldChange) -> bool:
    """Whether a difference is one of what jobs deliver."""
    how = kind.delivery
    return how is not None and is_below(change.pattern, how.members | {how.underway})


def content_of(kind: Kind, body: Mapping[str, Any]) -> FrozenMap:
    """Item -> what it holds, or is to hold."""
    found = body.get(kind.ingestion.member) if kind.ingestion else None
    return found if isinstance(found, FrozenMap) else EMPTY


def is_ingested(kind: Kind, change: FieldChange) -> bool:
    """Whether a difference is one of content, not of the draft."""
    return kind.ingestion is not None and is_below(change.pattern, [kind.ingestion.member])


def needs_ingestion(kind: Kind, changes: Iterable[FieldChange]) -> bool:
    """Whether content is to be brought in: it differs, or an item is made anew and will be empty."""
    how = kind.ingestion
    if how is None:
        return False
    anew = [f"{p.member}[].{m}" for p in kind.parts if p.member == how.part for m in p.fixed]
    return any(is_below(c.pattern, [how.member, *anew]) for c in changes)


def content_remarks(before: Iterable[Pin], after: Iterable[Pin]) -> Iterator[Remark]:
    """What becomes of the documents, in numbers."""
    was, now = ({p.item: p for p in pins} for pins in (before, after))
    for item in sorted({*was, *now}):
        left, right = ({s.key: s.sha256 for s in sources(p[item].objects)} if item in p else {} for p in (was, now))
        if left == right:
            continue
        more, gone = len(right.keys() - left.keys()), len(left.keys() - right.keys())
        other = sum(left[k] != right[k] for k in left.keys() & right.keys())
        found = {"added": more, "removed": gone, "changed": other}
        said = ", ".join(f"{count:,} {word}" for word, count in found.items() if count)
        yield Remark(f"{item}: {len(right):,} documents instead of {len(left):,} ({said})", "changed")
