"""S3 buckets: names unique in the world, a region, versioning that can be suspended but not undone.

Source: S3's service model and API reference. Only the account that owns a bucket may use it: there are no policies
and no ACLs here. A bucket answers in every region, as path-style requests; nothing is redirected.
"""

from __future__ import annotations

import re
from typing import Any

from releaser.sandbox import locks, objects
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.kind import Kind
from releaser.sandbox.store import Doc

_NAME = re.compile(r"(?!xn--|sthree-)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9]|-|\.(?![.-])){1,61}[a-z0-9]")

_WRITES, _READS = Rate(3500), Rate(5500)
KIND = Kind(
    "s3-bucket",
    quotas={"s3Buckets": 10_000},
    rates={
        **dict.fromkeys(("s3.CreateBucket", "s3.DeleteBucket", "s3.PutBucketVersioning"), _WRITES),
        **dict.fromkeys(("s3.HeadBucket", "s3.ListBuckets", "s3.GetBucketLocation", "s3.GetBucketVersioning"), _READS),
    },
)


@KIND.operation("s3", "CreateBucket")
def create_bucket(call: Call) -> dict[str, Any]:
    """A new bucket in the caller's region."""
    objects.require_played(call, "Bucket", "CreateBucketConfiguration", "ObjectLockEnabledForBucket")
    name = call.params["Bucket"]
    if not _NAME.fullmatch(name):
        raise AwsError("InvalidBucketName", "The specified bucket is not valid.", 400)
    configuration = call.params.get("CreateBucketConfiguration", {})
    objects.require_played(call, "LocationConstraint", among=configuration)
    wanted = configuration.get("LocationConstraint", "us-east-1")
    if "LocationConstraint" in configuration and wanted == "us-east-1":
        raise AwsError("InvalidLocationConstraint", "The specified location-constraint is not valid", 400)
    if wanted != call.region:
        what = "unspecified" if "LocationConstraint" not in configuration else wanted
        text = f"The {what} location constraint is incompatible for the region specific endpoint of this request."
        raise AwsError("IllegalLocationConstraintException", text, 400)
    taken = objects.bucket(call.store, name)
    if taken is not None and taken["account"] == call.account:
        text = "Your previous request to create the named bucket succeeded and you already own it."
        raise AwsError("BucketAlreadyOwnedByYou", text, 409)
    if taken is not None:
        raise AwsError("BucketAlreadyExists", "The requested bucket name is not available.", 409)
    if len(objects.buckets(call.store, call.account)) >= call.settings.quota("s3Buckets"):
        raise AwsError("TooManyBuckets", "You have attempted to create more buckets than allowed", 400)
    identity = {"name": name, "account": call.account, "region": call.region, "createdAt": call.clock.stamp()}
    locked = call.params.get("ObjectLockEnabledForBucket")
    state = {"versioning": "Enabled", "lock": {}} if locked else {"versioning": ""}
    objects.put_bucket(call.store, {**identity, **state})
    return {"Location": f"/{name}"}


@KIND.operation("s3", "HeadBucket")
def head_bucket(call: Call) -> dict[str, Any]:
    """Whether it is there, and where."""
    return {"BucketRegion": objects.owned(call)["region"]}


@KIND.operation("s3", "DeleteBucket")
def delete_bucket(call: Call) -> dict[str, Any]:
    """Only an empty one: no object, no version, no delete marker."""
    found = objects.owned(call)
    if objects.history(call.store, found):
        raise AwsError("BucketNotEmpty", "The bucket you tried to delete is not empty", 409)
    objects.delete_bucket(call.store, found["name"])
    return {}


@KIND.operation("s3", "ListBuckets")
def list_buckets(call: Call) -> dict[str, Any]:
    """The caller's buckets, all of them."""
    objects.require_played(call)
    found = objects.buckets(call.store, call.account)
    return {"Buckets": [_row(doc) for doc in found], "Owner": {"ID": call.account}}


@KIND.operation("s3", "GetBucketLocation")
def get_bucket_location(call: Call) -> dict[str, Any]:
    """The region; nothing for us-east-1."""
    region = objects.owned(call)["region"]
    return {} if region == "us-east-1" else {"LocationConstraint": region}


@KIND.operation("s3", "PutBucketVersioning")
def put_bucket_versioning(call: Call) -> dict[str, Any]:
    """Enabled or Suspended, never again off."""
    known = ("Bucket", "VersioningConfiguration", "ContentMD5", "ChecksumAlgorithm", "ExpectedBucketOwner")
    objects.require_played(call, *known)
    found, configuration = objects.owned(call), call.params["VersioningConfiguration"]
    objects.require_played(call, "Status", among=configuration)
    if "Status" not in configuration:
        raise AwsError("MalformedXML", "The versioning configuration has no Status", 400)
    if locks.enabled(found) and configuration["Status"] != "Enabled":
        text = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        raise AwsError("InvalidBucketState", text, 409)
    objects.put_bucket(call.store, {**found, "versioning": configuration["Status"]})
    return {}


@KIND.operation("s3", "GetBucketVersioning")
def get_bucket_versioning(call: Call) -> dict[str, Any]:
    """Nothing while it was never set."""
    return {"Status": objects.owned(call)["versioning"] or None}


def _row(doc: Doc) -> dict[str, Any]:
    return {"Name": doc["name"], "CreationDate": doc["createdAt"], "BucketRegion": doc["region"]}
