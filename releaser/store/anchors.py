"""Anchors in AWS: objects under Object Lock in S3, or signatures of a KMS key that are kept on the branch."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from releaser.core.anchor import anchor_name
from releaser.core.errors import AwsError
from releaser.core.proof.anchors import ANCHOR, ANCHORS_FOLDER, SIGNED_ANCHOR
from releaser.core.proof.files import parsed, pretty
from releaser.engine.ports import Aws
from releaser.store.branch import ReleasesBranch
from releaser.store.evidence import split_uri

_NEWEST = 50
"""So many anchors are read whatever they are called. Of the others the name says enough, if it is true."""
_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z-([0-9a-f]{12})\.json")
_PREFERRED = ("ECDSA_SHA_256", "RSASSA_PSS_SHA_256", "RSASSA_PKCS1_V1_5_SHA_256")
_PAGES = 1000


@dataclass(frozen=True, slots=True)
class Anchored:
    """An anchor that was read back: where it is, its bytes, and why it may be worth less than it seems."""

    place: str
    raw: bytes
    doubt: str = ""


@dataclass(frozen=True)
class S3Anchors:
    """Objects ``<prefix>/<environment>/<time>-<commit>.json``. How long they are kept is the bucket's own rule."""

    aws: Aws
    place: str
    environment: str

    def write(self, raw: bytes) -> str:
        """Returns where it stands. A name is written once: another writer's anchor is never replaced."""
        bucket, key = self._key(anchor_name(raw))
        checksum = base64.b64encode(hashlib.sha256(raw).digest()).decode()
        self.aws.call("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": raw, "ChecksumSHA256": checksum})
        return f"s3://{bucket}/{key}"

    def read(self, ancestry: Collection[str], now: datetime) -> list[Anchored]:
        """The newest anchors, newest first, every version of each: a lock keeps versions, not names, so a later
        version, or a delete marker, hides nothing from here. And every older one whose name is not that of a commit in
        ``ancestry``: anchors that were written after a history was rewritten agree with it, however many there are.
        """
        rows = sorted(self._versions(), key=lambda row: (row["LastModified"], row["Key"]), reverse=True)
        known = {commit[:12] for commit in ancestry}
        return [self._read(r, now) for i, r in enumerate(rows) if i < _NEWEST or _commit_in(r["Key"]) not in known]

    def _read(self, row: Mapping[str, Any], now: datetime) -> Anchored:
        bucket, _ = split_uri(self.place)
        which = {"Bucket": bucket, "Key": row["Key"], "VersionId": row["VersionId"]}
        reply = self.aws.call("s3", "GetObject", which)
        return Anchored(f"s3://{bucket}/{row['Key']}", reply["Body"].read(), _doubt(reply, now))

    def _versions(self) -> Iterator[Mapping[str, Any]]:
        bucket, prefix = self._key("")
        request: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix}
        for _ in range(_PAGES):
            reply = self.aws.call("s3", "ListObjectVersions", request)
            yield from reply.get("Versions", ())
            if not reply.get("IsTruncated"):
                return
            request["KeyMarker"] = reply["NextKeyMarker"]
            if reply.get("NextVersionIdMarker"):
                request["VersionIdMarker"] = reply["NextVersionIdMarker"]

    def _key(self, name: str) -> tuple[str, str]:
        bucket, prefix = split_uri(self.place)
        return bucket, "/".join(part for part in (prefix, self.environment) if part) + f"/{name}"


def _commit_in(key: str) -> str:
    found = _NAME.fullmatch(key.rpartition("/")[2])
    return found[1] if found else ""


def _signed_commit(raw: bytes) -> str:
    anchor = parsed(raw, SIGNED_ANCHOR).get("anchor")
    return str(anchor.get("commit")) if isinstance(anchor, dict) else ""


def _doubt(reply: Mapping[str, Any], now: datetime) -> str:
    """What an anchor's lock does not keep anybody from. S3 user guide, "Locking objects with Object Lock": nobody ends
    the mode COMPLIANCE early; GOVERNANCE yields to ``s3:BypassGovernanceRetention``."""
    until = reply.get("ObjectLockRetainUntilDate")
    if not reply.get("ObjectLockMode") or until is None:
        return "it is not locked: who may write the bucket may have replaced it"
    if until <= now:
        return "its lock has ended: who may write the bucket may have deleted others of its time"
    if reply["ObjectLockMode"] != "COMPLIANCE":
        return "its lock is GOVERNANCE: who may bypass that may have deleted others"
    return ""


@dataclass(frozen=True)
class KmsAnchors:
    """Anchors that a KMS key signed, as files of the branch. Whoever rewrites it cannot sign what he makes; what he
    cuts off with its anchors is only told by CloudTrail, which names every ``Sign``."""

    aws: Aws
    key: str
    environment: str
    branch: ReleasesBranch

    def write(self, raw: bytes) -> str:
        algorithms = self.aws.call("kms", "GetPublicKey", {"KeyId": self.key})["SigningAlgorithms"]
        algorithm = next((a for a in _PREFERRED if a in algorithms), algorithms[0])
        reply = self.aws.call("kms", "Sign", {**self._what(raw, algorithm)})
        signature = base64.b64encode(reply["Signature"]).decode()
        said = {"format": SIGNED_ANCHOR, "anchor": parsed(raw, ANCHOR), "algorithm": algorithm, "signature": signature}
        path = f"{ANCHORS_FOLDER}/{self.environment}/{anchor_name(raw)}"
        self.branch.append(self._once(path, pretty(said)), f"{self.environment}: anchor")
        return path

    def read(self, files: Mapping[str, bytes], ancestry: Collection[str]) -> list[Anchored]:
        """The newest signed anchors among the files of the branch, newest first, and every older one of a commit that
        is not in ``ancestry``; each asked of KMS."""
        mine = sorted((p for p in files if p.startswith(f"{ANCHORS_FOLDER}/{self.environment}/")), reverse=True)
        wanted = (p for i, p in enumerate(mine) if i < _NEWEST or _signed_commit(files[p]) not in ancestry)
        return [self._read(path, files[path]) for path in wanted]

    def _read(self, path: str, raw: bytes) -> Anchored:
        data = parsed(raw, SIGNED_ANCHOR)
        anchor, algorithm = data.get("anchor"), data.get("algorithm")
        if not isinstance(anchor, dict) or not str(algorithm).endswith("_SHA_256") or pretty(data) != raw:
            return Anchored(path, b"")
        try:
            signature = base64.b64decode(str(data.get("signature")), validate=True)
        except ValueError:
            return Anchored(path, b"")
        signed = pretty(json.loads(json.dumps(anchor)))
        try:
            self.aws.call("kms", "Verify", {**self._what(signed, str(algorithm)), "Signature": signature})
        except AwsError as error:
            if error.aws_code != "KMSInvalidSignatureException":
                raise
            return Anchored(path, b"")
        return Anchored(path, signed)

    def _what(self, raw: bytes, algorithm: str) -> dict[str, Any]:
        digest = hashlib.sha256(raw).digest()
        return {"KeyId": self.key, "Message": digest, "MessageType": "DIGEST", "SigningAlgorithm": algorithm}

    def _once(self, path: str, raw: bytes) -> Callable[[str | None], Mapping[str, bytes]]:
        def compose(tip: str | None) -> Mapping[str, bytes]:
            there = self.branch.git.objects([f"{tip}:{path}"])[0] if tip else None
            return {} if there is not None else {path: raw}

        return compose
