"""S3 Object Lock: what cannot be deleted, by whom, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.checks import refused

HERE = {"LocationConstraint": "eu-central-1"}


def hours(number, paced=None):
    now = paced.admin.clock()["now"] if paced else datetime.now(UTC).timestamp()
    return datetime.fromtimestamp(int(now), UTC) + timedelta(hours=number)


@pytest.fixture
def bucket(account):
    return f"locked-{account}"


@pytest.fixture
def s3(slow, bucket):
    client = slow("s3")
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration=HERE, ObjectLockEnabledForBucket=True)
    return client


def put(s3, bucket, key="head", **lock):
    return {
        "Bucket": bucket,
        "Key": key,
        "VersionId": s3.put_object(Bucket=bucket, Key=key, Body=b"x", **lock)["VersionId"],
    }


def test_a_locked_bucket_is_versioned_and_stays_so(s3, bucket):
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == {
        "ObjectLockEnabled": "Enabled"
    }
    with refused("InvalidBucketState", 409):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    where = put(s3, bucket)  # nothing is locked by itself
    assert "ObjectLockMode" not in s3.head_object(**where)
    with refused("NoSuchObjectLockConfiguration", 404):
        s3.get_object_retention(**where)
    s3.delete_object(**where)


def test_compliance_holds_against_everybody_until_it_is_over(s3, bucket, paced):
    until = hours(2, paced)
    where = put(s3, bucket, ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until)
    for found in (s3.head_object(**where), s3.get_object(**where)):
        assert (found["ObjectLockMode"], found["ObjectLockRetainUntilDate"]) == ("COMPLIANCE", until)
    assert s3.get_object_retention(**where)["Retention"] == {"Mode": "COMPLIANCE", "RetainUntilDate": until}
    for bypass in ({}, {"BypassGovernanceRetention": True}):
        with refused("AccessDenied", 403, "object lock"):
            s3.delete_object(**where, **bypass)
        for mode, number in (("COMPLIANCE", 1), ("GOVERNANCE", 3)):
            with refused("AccessDenied", 403):
                weaker = {"Mode": mode, "RetainUntilDate": hours(number, paced)}
                s3.put_object_retention(**where, Retention=weaker, **bypass)
    longer = {"Mode": "COMPLIANCE", "RetainUntilDate": hours(3, paced)}
    s3.put_object_retention(**where, Retention=longer)
    marker = s3.delete_object(Bucket=bucket, Key="head")  # a marker on top is always possible
    assert marker["DeleteMarker"] and s3.get_object(**where)["Body"].read() == b"x"
    paced.admin.advance(3 * 3600 + 5)
    s3.delete_object(**where)
    with refused("NoSuchVersion", 404):
        s3.get_object(**where)


def test_governance_can_be_bypassed_by_who_says_so(s3, bucket, paced):
    where = put(s3, bucket, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=hours(2, paced))
    with refused("AccessDenied", 403):
        s3.delete_object(**where)
    with refused("AccessDenied", 403):
        s3.put_object_retention(**where, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": hours(1, paced)})
    bypass = {"BypassGovernanceRetention": True}
    s3.put_object_retention(**where, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": hours(1, paced)}, **bypass)
    s3.delete_object(**where, **bypass)


def test_a_legal_hold_has_no_end_and_no_bypass(s3, bucket, paced):
    where = put(s3, bucket, ObjectLockLegalHoldStatus="ON")
    paced.admin.advance(10 * 3600)
    with refused("AccessDenied", 403):
        s3.delete_object(**where, BypassGovernanceRetention=True)
    assert s3.get_object_legal_hold(**where)["LegalHold"] == {"Status": "ON"}
    s3.put_object_legal_hold(**where, LegalHold={"Status": "OFF"})
    s3.delete_object(**where)


def test_the_buckets_default_locks_whatever_is_written(s3, bucket, paced):
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
    given = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=given)
    assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == given
    first = put(s3, bucket)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/head")
    for found in (s3.head_object(**first), s3.head_object(Bucket=bucket, Key="copy")):
        assert found["ObjectLockMode"] == "COMPLIANCE"
    wanted = [{"Key": "head", "VersionId": first["VersionId"]}, {"Key": "nothing"}]
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": wanted, "Quiet": True})
    assert [(row["Key"], row["Code"]) for row in done["Errors"]] == [("head", "AccessDenied")]
    own = put(s3, bucket, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=hours(9, paced))
    assert s3.head_object(**own)["ObjectLockMode"] == "GOVERNANCE"


@pytest.mark.parametrize(
    ("lock", "code"),
    [({"ObjectLockMode": "COMPLIANCE"}, "InvalidArgument"),
     ({"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": hours(-1)}, "InvalidArgument")],
)  # fmt: skip
def test_half_a_lock_and_a_past_one_are_refused(s3, bucket, lock, code):
    with refused(code, 400):
        put(s3, bucket, **lock)


def test_where_there_is_no_object_lock(slow, bucket, paced):
    s3 = slow("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=HERE)
    with refused("ObjectLockConfigurationNotFoundError", 404):
        s3.get_object_lock_configuration(Bucket=bucket)
    with refused("InvalidRequest", 400, "missing Object Lock"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ObjectLockLegalHoldStatus="ON")
    with refused("InvalidBucketState", 409):
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    put(s3, bucket, ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=hours(1, paced))
