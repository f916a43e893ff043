"""Deleting S3 objects: a version for good, or a delete marker on top. What is locked stays.

Source: S3's service model and API reference.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import checksums, conditions, locks, objects
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.iam.authorise import require
from releaser.sandbox.iam.rules.s3 import deletion
from releaser.sandbox.kind import Kind
from releaser.sandbox.store import Doc

_WHERE = ("Bucket", "Key", "VersionId", "ExpectedBucketOwner", "RequestPayer")
KIND = Kind("s3-delete", rates=dict.fromkeys(("s3.DeleteObject", "s3.DeleteObjects"), Rate(3500)))


@KIND.operation("s3", "DeleteObject")
def delete_object(call: Call) -> dict[str, Any]:
    """A version for good when it is named; otherwise a delete marker goes on top, if the bucket is versioned."""
    objects.require_played(call, *_WHERE, "IfMatch", "BypassGovernanceRetention")
    bucket = objects.owned(call)
    conditions.check_write(call, objects.versions(call.store, bucket, call.params["Key"]))
    return _delete(call, bucket, call.params["Key"], call.params.get("VersionId"))


@KIND.operation("s3", "DeleteObjects")
def delete_objects(call: Call) -> dict[str, Any]:
    """Up to 1,000 at once; what is not there counts as deleted, what may not be deleted is an error of its own."""
    known = ("Bucket", "Delete", "ExpectedBucketOwner", "RequestPayer", "BypassGovernanceRetention", *checksums.NAMES)
    objects.require_played(call, *known)
    bucket, wanted = objects.owned(call), call.params["Delete"]
    if not 1 <= len(wanted["Objects"]) <= 1000:
        raise AwsError("MalformedXML", "Give between 1 and 1,000 objects", 400)
    deleted, errors = [], []
    for one in wanted["Objects"]:
        objects.require_played(call, "Key", "VersionId", among=one)
        try:
            require(call, deletion(call, one))
            done = _delete(call, bucket, one["Key"], one.get("VersionId"))
        except AwsError as error:
            row = {"Key": one["Key"], "VersionId": one.get("VersionId")}
            errors.append({**row, "Code": error.code, "Message": error.message})
            continue
        marker = done.get("DeleteMarker")
        row = {"Key": one["Key"], "VersionId": one.get("VersionId"), "DeleteMarker": marker}
        deleted.append({**row, "DeleteMarkerVersionId": done.get("VersionId") if marker else None})
    return {"Deleted": [] if wanted.get("Quiet") else deleted, "Errors": errors}


def _delete(call: Call, bucket: Doc, key: str, id: str | None) -> dict[str, Any]:
    before = objects.versions(call.store, bucket, key)
    if id is not None:
        gone = next((version for version in before if version["versionId"] == id), None)
        if gone is not None:
            locks.check_delete(gone, call.clock.now(), bypass=bool(call.params.get("BypassGovernanceRetention")))
            objects.put_versions(call.store, bucket, key, [version for version in before if version is not gone])
        was_marker = gone is not None and "blob" not in gone
        return {"VersionId": id, "DeleteMarker": True if was_marker else None}
    if not bucket["versioning"]:
        objects.put_versions(call.store, bucket, key, [])
        return {}
    marker = objects.add_version(call, bucket, key, {})
    return {"VersionId": marker["versionId"], "DeleteMarker": True}
