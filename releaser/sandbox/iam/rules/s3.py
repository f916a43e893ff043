"""S3: whose actions are called differently from its operations.

Source: S3 user guide, "Required permissions for Amazon S3 API operations": versions have actions of their own; without
s3:ListBucket an object that is not there is a denial, not an absence.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote

from releaser.sandbox import objects
from releaser.sandbox.call import Call
from releaser.sandbox.iam.demands import Rule, named
from releaser.sandbox.iam.evaluation import Demand
from releaser.sandbox.iam.matching import Context

_LISTING = {"Prefix": "s3:prefix", "Delimiter": "s3:delimiter", "MaxKeys": "s3:max-keys"}


def _bucket(action: str) -> Rule:
    """On the bucket, with what a list is narrowed to."""

    def rule(call: Call) -> list[Demand]:
        known = {key: (str(call.params[name]),) for name, key in _LISTING.items() if name in call.params}
        return [Demand(f"s3:{action}", f"arn:aws:s3:::{call.params['Bucket']}", known)]

    return rule


def _object(action: str, version_action: str = "") -> Rule:
    """On an object; its versions may have an action of their own."""
    return lambda call: [_of(call.params, action, version_action)]


def _of(params: Any, action: str, version_action: str = "") -> Demand:
    version = params.get("VersionId")
    of_version = bool(version and version_action)
    known: Context = {"s3:versionid": (version,)} if of_version else {}
    name = version_action if of_version else action
    return Demand(f"s3:{name}", f"arn:aws:s3:::{params['Bucket']}/{params['Key']}", known)


def _read(call: Call) -> list[Demand]:
    return _reading(call, call.params)


def _reading(call: Call, params: Any) -> list[Demand]:
    owner = objects.bucket(call.store, params["Bucket"])
    found = objects.versions(call.store, owner, params["Key"]) if owner else []
    demands = [_of(params, "GetObject", "GetObjectVersion")]
    if owner and not params.get("VersionId") and (not found or "blob" not in found[0]):
        demands.append(Demand("s3:ListBucket", f"arn:aws:s3:::{params['Bucket']}"))
    return demands


def _write(call: Call) -> list[Demand]:
    """Also what locks the object, where the request says so."""
    params = call.params
    locks = {"PutObjectRetention": "ObjectLockMode", "PutObjectLegalHold": "ObjectLockLegalHoldStatus"}
    return [_of(params, "PutObject"), *(_of(params, action) for action, name in locks.items() if name in params)]


def _copy(call: Call) -> list[Demand]:
    path, _, query = call.params["CopySource"].lstrip("/").partition("?")
    bucket, _, key = unquote(path).partition("/")
    source = {"Bucket": bucket, "Key": key, "VersionId": parse_qs(query).get("versionId", [None])[0]}
    return [*_reading(call, source), _of(call.params, "PutObject")]


def _delete(call: Call) -> list[Demand]:
    return deletion(call, call.params)


def deletion(call: Call, one: Any) -> list[Demand]:
    """What it takes to delete one object, also of the many of DeleteObjects, which is refused object by object."""
    where = {**one, "Bucket": call.params["Bucket"]}
    return [_of(where, "DeleteObject", "DeleteObjectVersion"), *_bypass(call, where)]


def _retain(call: Call) -> list[Demand]:
    return [_of(call.params, "PutObjectRetention"), *_bypass(call, call.params)]


def _bypass(call: Call, where: Any) -> list[Demand]:
    return [_of(where, "BypassGovernanceRetention")] if call.params.get("BypassGovernanceRetention") else []


def _create(call: Call) -> list[Demand]:
    """A bucket with Object Lock takes two more."""
    locked = call.params.get("ObjectLockEnabledForBucket")
    names = ["CreateBucket", *(["PutBucketObjectLockConfiguration", "PutBucketVersioning"] if locked else [])]
    return [demand for name in names for demand in _bucket(name)(call)]


RULES: dict[str, dict[str, Rule]] = {
    "s3": {
        **named(_read, "GetObject HeadObject"),
        **named(_write, "PutObject CreateMultipartUpload"),
        **named(_object("PutObject"), "UploadPart CompleteMultipartUpload"),
        "DeleteObject": _delete,
        "DeleteObjects": lambda call: [],
        **named(_bucket("ListBucket"), "ListObjectsV2 HeadBucket"),
        "AbortMultipartUpload": _object("AbortMultipartUpload"),
        "CopyObject": _copy,
        "CreateBucket": _create,
        "DeleteBucket": _bucket("DeleteBucket"),
        "GetBucketLocation": _bucket("GetBucketLocation"),
        "GetBucketVersioning": _bucket("GetBucketVersioning"),
        "PutBucketVersioning": _bucket("PutBucketVersioning"),
        "GetObjectLockConfiguration": _bucket("GetBucketObjectLockConfiguration"),
        "PutObjectLockConfiguration": _bucket("PutBucketObjectLockConfiguration"),
        "GetObjectRetention": _object("GetObjectRetention"),
        "PutObjectRetention": _retain,
        "GetObjectLegalHold": _object("GetObjectLegalHold"),
        "PutObjectLegalHold": _object("PutObjectLegalHold"),
        "ListObjectVersions": _bucket("ListBucketVersions"),
        "ListBuckets": lambda call: [Demand("s3:ListAllMyBuckets")],
    }
}
