"""Where evidence is kept: beside its record on the branch, or in S3. Found again by digest, erased with a tombstone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from releaser.core.errors import ReleaserError
from releaser.core.evidence_ref import EvidenceRef
from releaser.core.proof.evidence import (
    TOMBSTONE,
    NamedEvidence,
    evidence_path,
    named_evidence,
    names_evidence,
    tombstone_of,
)
from releaser.core.proof.files import parsed, pretty, sha256
from releaser.core.record import RecordRef
from releaser.core.shape import moment
from releaser.engine.ports import Aws
from releaser.store.branch import ReleasesBranch
from releaser.store.git import Git
from releaser.store.ledger import Folder, Ledger

_S3 = "s3://"


class EvidenceStore(Protocol):
    """Keeps bytes for a record."""

    def put(self, record: RecordRef, name: str, raw: bytes) -> EvidenceRef: ...


@dataclass
class OnBranch:
    """Files beside the record, added by the commit that names them. Nothing personal: git forgets nothing."""

    waiting: dict[str, bytes] = field(default_factory=dict)
    """By path; ``Records`` takes them along."""

    def put(self, record: RecordRef, name: str, raw: bytes) -> EvidenceRef:
        path = evidence_path(record.folder, sha256(raw), name)
        self.waiting[path] = raw
        return EvidenceRef(uri=path, sha256=sha256(raw), size=len(raw))


@dataclass(frozen=True)
class InS3:
    """Objects below ``s3://bucket/prefix``: versions, Object Lock and keys are the bucket's own settings."""

    aws: Aws
    place: str

    def put(self, record: RecordRef, name: str, raw: bytes) -> EvidenceRef:
        bucket, prefix = split_uri(self.place)
        key = "/".join(part for part in (prefix, evidence_path(record.folder, sha256(raw), name)) if part)
        checksum = base64.b64encode(hashlib.sha256(raw).digest()).decode()
        request = {"Bucket": bucket, "Key": key, "Body": raw, "ChecksumSHA256": checksum}
        reply = self.aws.call("s3", "PutObject", request)
        version = str(reply.get("VersionId") or "")
        return EvidenceRef(uri=f"{_S3}{bucket}/{key}", sha256=sha256(raw), size=len(raw), version_id=version)


def split_uri(uri: str) -> tuple[str, str]:
    """``s3://bucket/a/b`` -> bucket and key, without slashes at the ends."""
    bucket, _, key = uri.removeprefix(_S3).partition("/")
    return bucket, key.strip("/")


def fetched(aws: Aws, one: NamedEvidence, version: str) -> bytes:
    """The bytes of a piece of evidence in S3: that version. Raises AwsError."""
    bucket, key = split_uri(one.uri)
    which = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
    content: bytes = aws.call("s3", "GetObject", which)["Body"].read()
    return content


def read(git: Git, tip: str | None, aws: Aws, ref: EvidenceRef) -> bytes:
    """The bytes that a record names, from the branch or from S3; whether they are the right ones is not looked at.
    Raises ReleaserError when they are not there."""
    if ref.uri.startswith(_S3):
        bucket, key = split_uri(ref.uri)
        which = {"Bucket": bucket, "Key": key} | ({"VersionId": ref.version_id} if ref.version_id else {})
        content: bytes = aws.call("s3", "GetObject", which)["Body"].read()
        return content
    found = git.objects([f"{tip}:{ref.uri}"])[0] if tip else None
    if found is None:
        raise ReleaserError(
            f"the evidence {ref.uri} is not on the branch",
            code="G-evidence",
            hint="was it erased? see `audit verify`",
        )
    return found[1]


def evidence_of(files: Mapping[str, bytes]) -> list[tuple[NamedEvidence, str]]:
    """Everything that the records among these files name, each once, and its version in S3."""
    found: dict[str, tuple[NamedEvidence, str]] = {}
    for path, raw in sorted(files.items()):
        if names_evidence(path):
            data = parsed(raw)
            try:
                for one in named_evidence(path, data):
                    found.setdefault(one.path, (one, _version(data, one.name)))
            except ValueError:
                continue  # told by the proof of the sequence
    return list(found.values())


def _version(closed: Mapping[str, object], name: str) -> str:
    refs = closed.get("evidence")
    ref = refs.get(name) if isinstance(refs, dict) else None
    return str(ref.get("versionId", "")) if isinstance(ref, dict) else ""


def find(ledger: Ledger, wanted: str) -> tuple[NamedEvidence, str]:
    """The piece of evidence that a path, an ``s3://`` address or a sha256 names, and its version. Raises
    ReleaserError when there is none, or more than one."""
    folders: list[Folder] = [f for e in ledger.environments() for fs in ledger.folders(e).values() for f in fs]
    meant = [(o, v) for o, v in evidence_of(ledger.files(folders)) if wanted in (o.uri, o.path, o.sha256)]
    if len(meant) == 1:
        return meant[0]
    what = f"{len(meant)} records name" if meant else "no record names"
    hint = (
        "name one by its path: " + ", ".join(o.path for o, _ in meant[:3]) if meant else "see closed.json of the record"
    )
    raise ReleaserError(f"{what} the evidence {wanted[:200]}", code="G-evidence", hint=hint)


def erase(branch: ReleasesBranch, one: NamedEvidence, *, by: str, why: str, at: datetime) -> str:
    """Put the tombstone on the branch, and take the file away when it is there; returns the tombstone's path.

    Whether it was erased before is looked at anew on every try: of two at once one finds the other's tombstone.
    """
    stone = tombstone_of(one.path)
    said = {"format": TOMBSTONE, "uri": one.uri, "sha256": one.sha256, "by": by, "why": why, "at": moment(at)}

    def compose(tip: str | None) -> Mapping[str, bytes]:
        there = branch.git.objects([f"{tip}:{stone}"])[0] if tip else None
        return {} if there is not None else {stone: pretty(said)}

    branch.append(compose, f"{one.entry.split('/', 1)[0]}: erase evidence", removed=(one.path,) if one.is_here else ())
    return stone
