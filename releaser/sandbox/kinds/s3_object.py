"""S3 objects with their versions: put, get, head, lists. Strongly consistent, as S3 is.

Source: S3's service model and API reference. What an object can have besides (ACLs, tags, SSE-C and KMS
keys) is refused by name rather than dropped. No checksum is added when none is sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from releaser.sandbox import checksums, conditions, locks, objects
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.kind import Kind
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc

_PAGE = 1000
_WHERE = ("Bucket", "Key", "VersionId", "ExpectedBucketOwner", "RequestPayer")
_READ = (*_WHERE, "IfMatch", "IfNoneMatch", "Range", "ChecksumMode")
_LIST = ("Bucket", "Prefix", "Delimiter", "EncodingType", "MaxKeys", "ExpectedBucketOwner", "RequestPayer")

_WRITES, _READS = Rate(3500), Rate(5500)
KIND = Kind(
    "s3-object",
    rates={
        **dict.fromkeys(("s3.PutObject",), _WRITES),
        **dict.fromkeys(("s3.GetObject", "s3.HeadObject", "s3.ListObjectsV2", "s3.ListObjectVersions"), _READS),
    },
)


@KIND.operation("s3", "PutObject")
def put_object(call: Call) -> dict[str, Any]:
    """A new version; without versioning the only one."""
    known = ("IfMatch", "IfNoneMatch", "ServerSideEncryption", *locks.GIVEN)
    objects.require_played(call, *_WHERE, *objects.ABOUT, *known, *checksums.NAMES, "Body", "ContentLength")
    bucket, key = objects.owned(call), call.params["Key"]
    _check_lock(call, bucket)
    if call.params.get("ServerSideEncryption", "AES256") != "AES256":
        raise objects.unplayed(call, "ServerSideEncryption other than AES256")
    data = call.params.get("Body", b"")
    kept = checksums.verify(call.params, data)
    before = objects.versions(call.store, bucket, key)
    conditions.check_write(call, before)
    version = objects.add_version(
        call,
        bucket,
        key,
        {
            "etag": f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"',
            "size": len(data),
            "blob": call.store.blobs.put(data),
            "about": objects.about(call.params),
            "checksums": kept,
        },
    )
    shown = {"VersionId": version["versionId"] if bucket["versioning"] == "Enabled" else None}
    return {"ETag": version["etag"], "ServerSideEncryption": "AES256", **shown, **_shown_checksums(kept)}


@KIND.operation("s3", "GetObject")
def get_object(call: Call) -> dict[str, Any]:
    """The newest version or the one named; a range of it when asked."""
    objects.require_played(call, *_READ)
    bucket, version = _version(call)
    data = call.store.blobs.get(version["blob"])
    found = _describe(call, bucket, version)
    if "Range" in call.params:
        start, end = _range(call.params["Range"], len(data))
        data = data[start:end]
        found |= {"ContentRange": f"bytes {start}-{end - 1}/{version['size']}"}
    return {**found, "ContentLength": len(data), "Body": data}


@KIND.operation("s3", "HeadObject")
def head_object(call: Call) -> dict[str, Any]:
    """What GetObject says, without the object."""
    objects.require_played(call, *(name for name in _READ if name != "Range"))
    bucket, version = _version(call)
    return {**_describe(call, bucket, version), "ContentLength": version["size"]}


@KIND.operation("s3", "ListObjectsV2")
def list_objects(call: Call) -> dict[str, Any]:
    """The objects that are there, by key; common prefixes when a delimiter is given."""
    objects.require_played(call, *_LIST, "ContinuationToken", "StartAfter", "FetchOwner")
    bucket, after = objects.owned(call), call.params.get("StartAfter", "")
    rows = _grouped(call, ((key, [version]) for key, version in objects.current(call.store, bucket) if key > after))
    size, found, more = _page(call, rows, call.params.get("ContinuationToken"))
    contents = [_row(call, key, version) for key, version in found if version]
    groups = [{"Prefix": _encoded(call, key)} for key, version in found if not version]
    asked = {"ContinuationToken": call.params.get("ContinuationToken"), "StartAfter": _encoded(call, after) or None}
    answer = {"Contents": contents, "CommonPrefixes": groups, "KeyCount": len(found), "NextContinuationToken": more}
    return {**_echo(call, size), **asked, **answer, "IsTruncated": more is not None}


@KIND.operation("s3", "ListObjectVersions")
def list_object_versions(call: Call) -> dict[str, Any]:
    """All versions and delete markers, by key, newest first."""
    objects.require_played(call, *_LIST, "KeyMarker", "VersionIdMarker")
    bucket = objects.owned(call)
    rows = list(_grouped(call, objects.history(call.store, bucket)))
    key, id = call.params.get("KeyMarker", ""), call.params.get("VersionIdMarker", "")
    rows = rows[_after(rows, key, id) :]
    size = min(call.params.get("MaxKeys", _PAGE), _PAGE)
    found, more = rows[:size], len(rows) > size
    last = found[-1] if found and more else ("", {})
    answer = {
        "Versions": [_version_row(call, key, version) for key, version in found if "blob" in version],
        "DeleteMarkers": [_marker_row(call, key, v) for key, v in found if v and "blob" not in v],
        "CommonPrefixes": [{"Prefix": _encoded(call, key)} for key, version in found if not version],
        "KeyMarker": _encoded(call, key),
        "VersionIdMarker": id,
        "NextKeyMarker": _encoded(call, last[0]) if more else None,
        "NextVersionIdMarker": last[1].get("versionId") if more else None,
    }
    return {**_echo(call, size), **answer, "IsTruncated": more}


def _version(call: Call) -> tuple[Doc, dict[str, Any]]:
    bucket, id = objects.owned(call), call.params.get("VersionId")
    found = objects.versions(call.store, bucket, call.params["Key"])
    chosen = next((v for v in found if id in (None, v["versionId"])), None)
    if chosen is None and id is not None:
        raise AwsError("NoSuchVersion", "The specified version does not exist.", 404)
    if chosen is None or "blob" not in chosen:
        error = AwsError("NoSuchKey", "The specified key does not exist.", 404)
        if id is not None:
            error = AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
        if chosen is not None:
            error.headers = {"x-amz-delete-marker": "true", "x-amz-version-id": chosen["versionId"]}
        raise error
    conditions.check_read(call, chosen)
    return bucket, chosen


def _range(text: str, size: int) -> tuple[int, int]:
    """``bytes=a-b``, ``bytes=a-`` or ``bytes=-n`` as start and end."""
    first, dash, last = text.removeprefix("bytes=").partition("-")
    try:
        start = int(first) if first else max(size - int(last), 0)
        end = min(int(last) + 1, size) if first and last else size
    except ValueError:
        start, end, dash = 0, 0, ""
    if not dash or start >= end:
        raise AwsError("InvalidRange", "The requested range is not satisfiable", 416)
    return start, end


def _describe(call: Call, bucket: Doc, version: Mapping[str, Any]) -> dict[str, Any]:
    shown = {"VersionId": version["versionId"] if bucket["versioning"] else None}
    kept = version["checksums"] if call.params.get("ChecksumMode") == "ENABLED" and "Range" not in call.params else {}
    found = {"ETag": version["etag"], "LastModified": version["lastModified"], "AcceptRanges": "bytes"}
    shown |= locks.shown(version)
    return {**version["about"], **found, "ServerSideEncryption": "AES256", **shown, **_shown_checksums(kept)}


def _check_lock(call: Call, bucket: Doc) -> None:
    """What Object Lock asks of an upload, before anything is written."""
    lock = locks.of_new_version(bucket, call.params, call.clock.now())
    summed = any(name.startswith("Checksum") or name == "ContentMD5" for name in call.params)
    if lock and not summed:
        what = (
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters"
        )
        raise AwsError("InvalidRequest", what, 400)


def _shown_checksums(kept: Mapping[str, str]) -> dict[str, str]:
    return {**kept, "ChecksumType": "FULL_OBJECT"} if kept else {}


def _grouped(call: Call, history: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Key and version of all that has the prefix; an empty version for a common prefix, once."""
    prefix, delimiter = call.params.get("Prefix", ""), call.params.get("Delimiter", "")
    last = ""
    for key, versions in history:
        if not key.startswith(prefix):
            continue
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        if cut < 0:
            newest = versions[0]
            yield from ((key, {**version, "latest": version is newest}) for version in versions)
        elif key[: cut + len(delimiter)] != last:
            last = key[: cut + len(delimiter)]
            yield last, {}


def _page(
    call: Call, rows: Iterator[tuple[str, dict[str, Any]]], token: str | None
) -> tuple[int, list[tuple[str, dict[str, Any]]], str | None]:
    size = min(call.params.get("MaxKeys", _PAGE), _PAGE)
    ordered = [((key.encode().hex(),), (key, version)) for key, version in rows]
    bad = AwsError("InvalidArgument", "The continuation token provided is incorrect", 400)
    question = [call.params[name] for name in ("Bucket",)] + [call.params.get(n) for n in ("Prefix", "Delimiter")]
    if size == 0:
        return 0, [], None
    found, more = page(call, ordered, size=size, token=token, question=question, bad_token=bad)
    return size, found, more


def _after(rows: list[tuple[str, dict[str, Any]]], key: str, id: str) -> int:
    """Where to go on: after this version of this key, or after all of them."""
    if id:
        at = [n for n, (name, version) in enumerate(rows) if name == key and version.get("versionId") == id]
        if at:
            return at[0] + 1
    return sum(name.encode() <= key.encode() for name, _ in rows)


def _echo(call: Call, size: int) -> dict[str, Any]:
    delimiter = call.params.get("Delimiter")
    return {
        "Name": call.params["Bucket"],
        "Prefix": _encoded(call, call.params.get("Prefix", "")),
        "Delimiter": _encoded(call, delimiter) if delimiter else None,
        "MaxKeys": size,
        "EncodingType": call.params.get("EncodingType"),
    }


def _encoded(call: Call, text: str) -> str:
    return quote(text, safe="/-_.~*") if call.params.get("EncodingType") == "url" else text


def _row(call: Call, key: str, version: Mapping[str, Any]) -> dict[str, Any]:
    algorithms = [name.removeprefix("Checksum") for name in version["checksums"]]
    about = {"ETag": version["etag"], "Size": version["size"], "LastModified": version["lastModified"]}
    summed = {"ChecksumAlgorithm": algorithms, "ChecksumType": "FULL_OBJECT"} if algorithms else {}
    return {"Key": _encoded(call, key), **about, "StorageClass": "STANDARD", **summed}


def _version_row(call: Call, key: str, version: Mapping[str, Any]) -> dict[str, Any]:
    return {**_row(call, key, version), "VersionId": version["versionId"], "IsLatest": version["latest"]}


def _marker_row(call: Call, key: str, version: Mapping[str, Any]) -> dict[str, Any]:
    about = {"VersionId": version["versionId"], "IsLatest": version["latest"]}
    return {"Key": _encoded(call, key), **about, "LastModified": version["lastModified"]}
