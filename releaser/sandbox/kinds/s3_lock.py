"""S3 Object Lock: of a bucket, and retention and legal hold of a version. Event holds are not played."""

from __future__ import annotations

from typing import Any

from releaser.sandbox import locks, objects
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.kind import Kind
from releaser.sandbox.store import Doc

_WHERE = ("Bucket", "Key", "VersionId", "ExpectedBucketOwner", "RequestPayer", "ContentMD5", "ChecksumAlgorithm")
_OPERATIONS = (
    "PutObjectLockConfiguration", "GetObjectLockConfiguration", "PutObjectRetention", "GetObjectRetention",
    "PutObjectLegalHold", "GetObjectLegalHold",
)  # fmt: skip
KIND = Kind("s3-lock", rates=dict.fromkeys((f"s3.{name}" for name in _OPERATIONS), Rate(3500)))


@KIND.operation("s3", "PutObjectLockConfiguration")
def put_lock_configuration(call: Call) -> dict[str, Any]:
    """Object Lock for a versioned bucket, never again off; and how long new objects are kept."""
    objects.require_played(call, *_WHERE, "ObjectLockConfiguration")
    bucket, given = objects.owned(call), call.params.get("ObjectLockConfiguration", {})
    if given.get("ObjectLockEnabled") != "Enabled":
        raise AwsError("MalformedXML", "ObjectLockEnabled must be Enabled", 400)
    if bucket["versioning"] != "Enabled":
        text = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        raise AwsError("InvalidBucketState", text, 409)
    rule = given.get("Rule", {}).get("DefaultRetention", {})
    objects.require_played(call, "Mode", "Days", "Years", among=rule)
    if rule and ("Mode" not in rule or ("Days" in rule) == ("Years" in rule)):
        raise AwsError("MalformedXML", "DefaultRetention needs a Mode, and either Days or Years", 400)
    if rule and rule.get("Days", rule.get("Years")) < 1:
        raise AwsError("InvalidArgument", "Default retention period must be a positive integer value.", 400)
    objects.put_bucket(call.store, {**bucket, "lock": {"rule": rule}})
    return {}


@KIND.operation("s3", "GetObjectLockConfiguration")
def get_lock_configuration(call: Call) -> dict[str, Any]:
    """Whether the bucket has it, and its default."""
    objects.require_played(call, *_WHERE)
    bucket = objects.owned(call)
    if not locks.enabled(bucket):
        text = "Object Lock configuration does not exist for this bucket"
        raise AwsError("ObjectLockConfigurationNotFoundError", text, 404)
    rule = bucket["lock"].get("rule")
    shown = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": rule} if rule else None}
    return {"ObjectLockConfiguration": shown}


@KIND.operation("s3", "PutObjectRetention")
def put_retention(call: Call) -> dict[str, Any]:
    """How long a version is kept."""
    objects.require_played(call, *_WHERE, "Retention", "BypassGovernanceRetention")
    given, bypass = call.params.get("Retention", {}), bool(call.params.get("BypassGovernanceRetention"))
    objects.require_played(call, "Mode", "RetainUntilDate", among=given)
    bucket, before, version = _locked(call)
    _put(call, bucket, before, version, locks.with_retention(version, given, call.clock.now(), bypass=bypass))
    return {}


@KIND.operation("s3", "GetObjectRetention")
def get_retention(call: Call) -> dict[str, Any]:
    """How long a version is kept, also when that is over."""
    objects.require_played(call, *_WHERE)
    lock = _locked(call)[2].get("lock", {})
    if "mode" not in lock:
        raise _none()
    return {"Retention": {"Mode": lock["mode"], "RetainUntilDate": lock["until"]}}


@KIND.operation("s3", "PutObjectLegalHold")
def put_legal_hold(call: Call) -> dict[str, Any]:
    """ON or OFF."""
    objects.require_played(call, *_WHERE, "LegalHold")
    status = call.params.get("LegalHold", {}).get("Status")
    if status is None:
        raise AwsError("MalformedXML", "LegalHold needs a Status", 400)
    bucket, before, version = _locked(call)
    _put(call, bucket, before, version, {**version, "lock": {**version.get("lock", {}), "hold": status}})
    return {}


@KIND.operation("s3", "GetObjectLegalHold")
def get_legal_hold(call: Call) -> dict[str, Any]:
    """Whether there is one, once one was set."""
    objects.require_played(call, *_WHERE)
    lock = _locked(call)[2].get("lock", {})
    if "hold" not in lock:
        raise _none()
    return {"LegalHold": {"Status": lock["hold"]}}


def _locked(call: Call) -> tuple[Doc, list[dict[str, Any]], dict[str, Any]]:
    """The bucket, an object's versions, and the one that is meant."""
    bucket, id = objects.owned(call), call.params.get("VersionId")
    locks.require(bucket)
    found = objects.versions(call.store, bucket, call.params["Key"])
    version = next((one for one in found if id in (None, one["versionId"])), None)
    if version is None:
        code, what = ("NoSuchVersion", "version") if id else ("NoSuchKey", "key")
        raise AwsError(code, f"The specified {what} does not exist.", 404)
    if "blob" not in version:
        raise AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
    return bucket, found, version


def _put(call: Call, bucket: Doc, before: list[dict[str, Any]], old: dict[str, Any], new: dict[str, Any]) -> None:
    objects.put_versions(call.store, bucket, call.params["Key"], [new if one is old else one for one in before])


def _none() -> AwsError:
    text = "The specified object does not have a ObjectLock configuration"
    return AwsError("NoSuchObjectLockConfiguration", text, 404)
