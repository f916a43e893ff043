"""Are the objects in S3 those that a release pins? Reads only, and keeps no key: keys are somebody's content."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from releaser.core.diff import short_digest
from releaser.core.errors import AwsError, Failure, Refused
from releaser.core.kind import Pin
from releaser.core.sources import UNVERSIONED, Source, sources
from releaser.engine.ports import Aws

_TOLD = 3
_AT_A_TIME = 16


class Buckets:
    """S3 in the account that holds the data. ``aws`` is asked for when it is first needed."""

    def __init__(self, aws: Callable[[], Aws]) -> None:
        self._aws = aws

    def prove(self, pin: Pin) -> None:
        """The current objects under the prefixes are the pinned ones: nothing more, less or other. Raises Refused."""
        wanted = {s.key: s for s in sources(pin.objects)}
        there = self._there(pin)
        missing = sorted(wanted.keys() - there.keys())
        more = sorted(there.keys() - wanted.keys())
        both = sorted(wanted.keys() & there.keys())
        with ThreadPoolExecutor(max_workers=_AT_A_TIME, thread_name_prefix="prove") as pool:
            proven = list(pool.map(lambda k: self._is_pinned(pin, wanted[k], there[k]), both))
        other = [k for k, is_pinned in zip(both, proven, strict=True) if not is_pinned]
        if not (missing or more or other):
            return
        found = {"missing": missing, "other": other, "more": more}
        said = [f"{len(keys):,} {word}" for word, keys in found.items() if keys]
        first = ", ".join(f"#{short_digest(k)[:8]}" for k in [*missing, *other, *more][:_TOLD])
        raise Refused(
            f"{pin.item}: the bucket does not hold the {len(wanted):,} pinned objects ({', '.join(said)}; first by "
            f"digest of the key: {first})",
            code="P183",
            hint="write the source manifest anew with `releaser sources` and release that, or put the pinned versions "
            "back in the bucket",
        )

    def _there(self, pin: Pin) -> dict[str, str]:
        try:
            return self.current(pin.bucket, pin.prefixes, pin.owner)
        except AwsError as error:
            if error.failure is not Failure.NOT_FOUND:
                raise
            raise Refused(
                f"{pin.item}: the bucket {pin.bucket} is not there",
                code="P183",
                hint="make it and put the documents there, or look at its name and at `accounts.data`",
            ) from None

    def current(self, bucket: str, prefixes: Iterable[str], owner: str = "") -> dict[str, str]:
        """Key -> id of its current version, of all objects under the prefixes; folder marks are none."""
        found: dict[str, str] = {}
        for prefix in tuple(prefixes) or ("",):
            request: dict[str, Any] = {"Bucket": bucket, **_owned(owner)}
            if prefix:
                request["Prefix"] = prefix
            while True:
                reply = self._aws().call("s3", "ListObjectVersions", request)
                found |= {row["Key"]: row.get("VersionId", UNVERSIONED) for row in _rows(reply)}
                if not reply["IsTruncated"]:
                    break
                request["KeyMarker"] = reply.get("NextKeyMarker", "")
                request["VersionIdMarker"] = reply.get("NextVersionIdMarker", "")
        return found

    def sources(self, bucket: str, prefix: str, owner: str = "") -> list[Source]:
        """The current objects under a prefix with their digests; those that S3 keeps no digest of are downloaded."""
        there = self.current(bucket, [prefix] if prefix else [], owner)
        with ThreadPoolExecutor(max_workers=_AT_A_TIME, thread_name_prefix="sources") as pool:
            return list(pool.map(lambda k: self._source(bucket, k, there[k], owner), sorted(there)))

    def _source(self, bucket: str, key: str, version: str, owner: str) -> Source:
        which = {"Bucket": bucket, "Key": key, **_owned(owner)}
        if version != UNVERSIONED:
            which["VersionId"] = version
        head = self._aws().call("s3", "HeadObject", {**which, "ChecksumMode": "ENABLED"})
        digest = _whole(head)
        if digest is None:
            digest = hashlib.sha256(self._aws().call("s3", "GetObject", which)["Body"].read()).hexdigest()
        return Source(key, version, digest, int(head["ContentLength"]))

    def _is_pinned(self, pin: Pin, wanted: Source, version: str) -> bool:
        """By its version, or, when it was written anew or the bucket keeps no versions, by its bytes."""
        if version == wanted.version and version != UNVERSIONED:
            return True
        return self.sha256(pin.bucket, wanted.key, pin.owner) == wanted.sha256

    def sha256(self, bucket: str, key: str, owner: str = "") -> str:
        """The digest of the current object: as S3 keeps it, or of its bytes, where S3 keeps none of the whole."""
        which = {"Bucket": bucket, "Key": key, **_owned(owner)}
        held = _whole(self._aws().call("s3", "HeadObject", {**which, "ChecksumMode": "ENABLED"}))
        return held or hashlib.sha256(self._aws().call("s3", "GetObject", which)["Body"].read()).hexdigest()


def _whole(head: Mapping[str, Any]) -> str | None:
    """The SHA-256 of a whole object in hex; S3 also keeps digests of digests of parts, which tell nothing here."""
    held = head.get("ChecksumSHA256")
    if not held or head.get("ChecksumType", "FULL_OBJECT") != "FULL_OBJECT" or "-" in held:
        return None
    return base64.b64decode(held).hex()


def _owned(owner: str) -> dict[str, str]:
    return {"ExpectedBucketOwner": owner} if owner else {}


def _rows(reply: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    if "IsTruncated" not in reply:
        raise AwsError(
            "s3 ListObjectVersions: the reply lacks IsTruncated: it was cut off",
            failure=Failure.AMBIGUOUS,
            service="s3",
            operation="ListObjectVersions",
        )
    for row in reply.get("Versions", ()):
        if row.get("IsLatest") and not (row["Key"].endswith("/") and not row.get("Size")):
            yield row
