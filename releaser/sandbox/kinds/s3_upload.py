"""Objects put together: multipart uploads, which SDKs use for large files, and copies.

Source: S3's service model and API reference: parts 1 to 10,000, each but the last of 5 MB or more; the ETag of what
was put together is the MD5 of its parts' MD5s and their number. Checksums of parts are verified; the whole has none.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qs, unquote

from releaser.sandbox import checksums, objects
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.kind import Kind
from releaser.sandbox.store import GLOBAL, Doc

_SMALLEST_PART = 5 * 1024 * 1024
_WHERE = ("Bucket", "Key", "UploadId", "ExpectedBucketOwner", "RequestPayer")
_OPERATIONS = ("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload", "CopyObject")
KIND = Kind("s3-upload", rates=dict.fromkeys((f"s3.{name}" for name in _OPERATIONS), Rate(3500)))


@KIND.operation("s3", "CreateMultipartUpload")
def create_multipart_upload(call: Call) -> dict[str, Any]:
    """An upload: parts can be sent to it, nothing can be seen of it."""
    objects.require_played(call, *_WHERE, *objects.ABOUT, "ChecksumAlgorithm", "ChecksumType")
    bucket, id = objects.owned(call), secrets.token_urlsafe(24)
    doc = {"key": call.params["Key"], "about": objects.about(call.params), "parts": {}}
    call.store.put(*_place(bucket, id), doc)
    return {"Bucket": bucket["name"], "Key": call.params["Key"], "UploadId": id}


@KIND.operation("s3", "UploadPart")
def upload_part(call: Call) -> dict[str, Any]:
    """A part under its number; the same number again replaces it."""
    objects.require_played(call, *_WHERE, *checksums.NAMES, "PartNumber", "Body", "ContentLength")
    bucket = objects.owned(call)
    upload, number, data = _upload(call, bucket), call.params["PartNumber"], call.params.get("Body", b"")
    if not 1 <= number <= 10_000:
        raise AwsError("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive", 400)
    kept = checksums.verify(call.params, data)
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    part = {"etag": f'"{digest}"', "size": len(data), "blob": call.store.blobs.put(data)}
    parts = {**upload["parts"], str(number): part}
    call.store.put(*_place(bucket, call.params["UploadId"]), {**upload, "parts": parts})
    return {"ETag": part["etag"], "ServerSideEncryption": "AES256", **kept}


@KIND.operation("s3", "CompleteMultipartUpload")
def complete_multipart_upload(call: Call) -> dict[str, Any]:
    """The parts named, in order, become the object."""
    objects.require_played(call, *_WHERE, "MultipartUpload", "ChecksumType", "MpuObjectSize")
    bucket = objects.owned(call)
    upload = _upload(call, bucket)
    parts = _chosen(upload, call.params.get("MultipartUpload", {}).get("Parts", []))
    data = b"".join(call.store.blobs.get(part["blob"]) for part in parts)
    digests = b"".join(bytes.fromhex(part["etag"].strip('"')) for part in parts)
    etag = f'"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"'
    content = {"etag": etag, "size": len(data), "blob": call.store.blobs.put(data), "about": upload["about"]}
    version = objects.add_version(call, bucket, upload["key"], {**content, "checksums": {}})
    call.store.delete(*_place(bucket, call.params["UploadId"]))
    shown = {"VersionId": version["versionId"] if bucket["versioning"] == "Enabled" else None}
    where = {"Bucket": bucket["name"], "Key": upload["key"], "Location": f"/{bucket['name']}/{upload['key']}"}
    return {**where, "ETag": etag, **shown}


@KIND.operation("s3", "AbortMultipartUpload")
def abort_multipart_upload(call: Call) -> dict[str, Any]:
    """The upload is gone, and its parts."""
    objects.require_played(call, *_WHERE)
    bucket = objects.owned(call)
    _upload(call, bucket)
    call.store.delete(*_place(bucket, call.params["UploadId"]))
    return {}


@KIND.operation("s3", "CopyObject")
def copy_object(call: Call) -> dict[str, Any]:
    """A new version with what another object's version has, within what the caller owns."""
    known = ("CopySource", "MetadataDirective", "ChecksumAlgorithm", "ExpectedSourceBucketOwner")
    objects.require_played(call, *_WHERE, *objects.ABOUT, *known)
    bucket, version = objects.owned(call), _source(call)
    about = objects.about(call.params) if call.params.get("MetadataDirective") == "REPLACE" else version["about"]
    content = {name: version[name] for name in ("etag", "size", "blob", "checksums")}
    new = objects.add_version(call, bucket, call.params["Key"], {**content, "about": about})
    result = {"ETag": new["etag"], "LastModified": new["lastModified"]}
    shown = {"VersionId": new["versionId"] if bucket["versioning"] == "Enabled" else None}
    return {"CopyObjectResult": result, **shown}


def _place(bucket: Doc, id: str) -> tuple[str, str, str, str]:
    return bucket["account"], GLOBAL, f"s3-upload/{bucket['name']}", id


def _upload(call: Call, bucket: Doc) -> Doc:
    doc = call.store.get(*_place(bucket, call.params["UploadId"]))
    if doc is None or doc["key"] != call.params["Key"]:
        text = "The specified upload does not exist. The upload ID may be invalid, or it was aborted or completed."
        raise AwsError("NoSuchUpload", text, 404)
    return doc


def _chosen(upload: Doc, named: list[dict[str, Any]]) -> list[Doc]:
    numbers = [one.get("PartNumber", 0) for one in named]
    if not named:
        raise AwsError("MalformedXML", "Name the parts to complete the upload with", 400)
    if numbers != sorted(set(numbers)):
        raise AwsError("InvalidPartOrder", "The list of parts was not in ascending order.", 400)
    found = [upload["parts"].get(str(number)) for number in numbers]
    pairs = zip(named, found, strict=True)
    if any(part is None or part["etag"].strip('"') != one.get("ETag", "").strip('"') for one, part in pairs):
        raise AwsError("InvalidPart", "One or more of the specified parts could not be found.", 400)
    if any(part["size"] < _SMALLEST_PART for part in found[:-1]):
        raise AwsError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400)
    return found


def _source(call: Call) -> dict[str, Any]:
    path, _, query = call.params["CopySource"].lstrip("/").partition("?")
    name, _, key = unquote(path).partition("/")
    asked = {"Bucket": name, "ExpectedBucketOwner": call.params.get("ExpectedSourceBucketOwner", call.account)}
    bucket = objects.owned(call, asked)
    id = parse_qs(query).get("versionId", [None])[0]
    found = objects.versions(call.store, bucket, key)
    version = next((v for v in found if id in (None, v["versionId"])), None)
    if version is None or "blob" not in version:
        raise AwsError("NoSuchVersion" if id else "NoSuchKey", "The specified key does not exist.", 404)
    return version
