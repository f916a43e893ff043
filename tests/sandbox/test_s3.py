"""S3 as boto3 sees it, on the one port."""

from __future__ import annotations

import base64
import hashlib
import http.client
import itertools
import subprocess
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

from releaser import sandbox
from sandbox.checks import body, refused

NAMES = itertools.count(1)
HERE = {"LocationConstraint": "eu-central-1"}


def bucket_name() -> str:
    """A name nobody else uses: the world of buckets is one."""
    return f"bucket-{next(NAMES)}"


def made(s3: Any, versioning: str | None = None) -> str:
    """A new bucket."""
    name = bucket_name()
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=HERE)
    if versioning:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": versioning})
    return name


def read(s3: Any, **where: Any) -> bytes:
    """The bytes of an object."""
    return s3.get_object(**where)["Body"].read()


def test_objects_come_back_as_they_were(client):
    s3 = client("s3")
    bucket = made(s3)
    keys = ["a.txt", "folder/b c+d.txt", "ünï/çødé.md", "double//slash", "percent%41", "end/"]
    for number, key in enumerate(keys):
        data = f"text {number}".encode()
        answer = s3.put_object(Bucket=bucket, Key=key, Body=data, ContentType="text/x", Metadata={"who": "me"})
        assert answer["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'
        found = s3.get_object(Bucket=bucket, Key=key)
        assert found["Body"].read() == data and found["ETag"] == answer["ETag"]
        assert (found["ContentType"], found["Metadata"], found["ContentLength"]) == ("text/x", {"who": "me"}, 6)
        head = s3.head_object(Bucket=bucket, Key=key)
        assert head["ContentLength"] == 6 and head["LastModified"] == found["LastModified"]
    assert [row["Key"] for row in s3.list_objects_v2(Bucket=bucket)["Contents"]] == sorted(keys, key=str.encode)
    s3.put_object(Bucket=bucket, Key="empty")
    assert read(s3, Bucket=bucket, Key="empty") == b""
    assert read(s3, Bucket=bucket, Key="a.txt", Range="bytes=1-3") == b"ext"
    with refused("InvalidRange", 416):
        s3.get_object(Bucket=bucket, Key="a.txt", Range="bytes=9-")
    assert s3.delete_object(Bucket=bucket, Key="a.txt")["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="a.txt")
    with refused("404", 404):
        s3.head_object(Bucket=bucket, Key="a.txt")


def test_buckets_belong_to_accounts_and_their_names_to_the_world(client, box, account):
    s3, other = client("s3"), box.client("s3", account[::-1])
    bucket = made(s3)
    assert [row["Name"] for row in s3.list_buckets()["Buckets"]] == [bucket]
    assert other.list_buckets()["Buckets"] == []
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "eu-central-1"
    assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == "eu-central-1"
    with refused("BucketAlreadyOwnedByYou", 409):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=HERE)
    with refused("BucketAlreadyExists", 409):
        other.create_bucket(Bucket=bucket, CreateBucketConfiguration=HERE)
    for attempt in (lambda: other.put_object(Bucket=bucket, Key="k"), lambda: other.list_objects_v2(Bucket=bucket)):
        with refused("AccessDenied", 403):
            attempt()
    with refused("403", 403):
        other.head_bucket(Bucket=bucket)
    with refused("AccessDenied", 403):
        s3.list_objects_v2(Bucket=bucket, ExpectedBucketOwner=account[::-1])
    with refused("IllegalLocationConstraintException", 400):
        s3.create_bucket(Bucket=bucket_name())
    with refused("InvalidBucketName", 400):
        s3.create_bucket(Bucket="under_score", CreateBucketConfiguration=HERE)
    with refused("NoSuchBucket", 404):
        s3.list_objects_v2(Bucket="nobody-made-this")
    us = client("s3", region="us-east-1")
    home = bucket_name()
    us.create_bucket(Bucket=home)
    assert us.get_bucket_location(Bucket=home)["LocationConstraint"] is None
    s3.put_object(Bucket=bucket, Key="k")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=bucket)
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})
    s3.delete_bucket(Bucket=bucket)
    other.create_bucket(Bucket=bucket, CreateBucketConfiguration=HERE)


def test_versions(client):
    s3 = client("s3")
    bucket = made(s3)
    where = {"Bucket": bucket, "Key": "k"}
    assert "VersionId" not in s3.put_object(**where, Body=b"before")
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    one, two = (s3.put_object(**where, Body=data)["VersionId"] for data in (b"one", b"two!"))
    assert read(s3, **where) == b"two!" and read(s3, **where, VersionId=one) == b"one"
    assert read(s3, **where, VersionId="null") == b"before"
    assert s3.head_object(**where, VersionId=one)["ContentLength"] == 3
    deleted = s3.delete_object(**where)
    assert deleted["DeleteMarker"] is True
    with refused("NoSuchKey", 404):
        s3.get_object(**where)
    with refused("MethodNotAllowed", 405):
        s3.get_object(**where, VersionId=deleted["VersionId"])
    with refused("NoSuchVersion", 404):
        s3.get_object(**where, VersionId="x" * 32)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    rows = s3.list_object_versions(Bucket=bucket)
    assert [(row["VersionId"], row["IsLatest"], row["Size"]) for row in rows["Versions"]] == [
        (two, False, 4), (one, False, 3), ("null", False, 6),
    ]  # fmt: skip
    assert [(row["VersionId"], row["IsLatest"]) for row in rows["DeleteMarkers"]] == [(deleted["VersionId"], True)]
    assert s3.delete_object(**where, VersionId=deleted["VersionId"])["DeleteMarker"] is True
    assert read(s3, **where) == b"two!"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(**where, Body=b"null again")
    assert [row["VersionId"] for row in s3.list_object_versions(Bucket=bucket)["Versions"]] == ["null", two, one]
    s3.delete_object(**where)
    assert read(s3, **where, VersionId=one) == b"one"


def test_lists_in_pages_with_prefix_and_delimiter(client):
    s3 = client("s3")
    bucket = made(s3, "Enabled")
    keys = [f"{folder}/{number}.txt" for folder in ("a", "b & c", "d") for number in range(5)] + ["top.txt"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 3}))
    assert [row["Key"] for page in pages for row in page.get("Contents", [])] == sorted(keys)
    assert max(len(page["Contents"]) for page in pages) == 3
    answer = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [row["Prefix"] for row in answer["CommonPrefixes"]] == ["a/", "b & c/", "d/"]
    assert [row["Key"] for row in answer["Contents"]] == ["top.txt"] and answer["KeyCount"] == 4
    assert s3.list_objects_v2(Bucket=bucket, Prefix="b & c/", StartAfter="b & c/2.txt")["KeyCount"] == 2
    s3.put_object(Bucket=bucket, Key="a/0.txt", Body=b"again")
    s3.delete_object(Bucket=bucket, Key="a/1.txt")
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": 3})
    rows = [row for page in pages for row in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]]
    assert len(rows) == len(keys) + 2 and len({row["VersionId"] for row in rows}) == len(rows)
    with refused("InvalidArgument", 400):
        s3.list_objects_v2(Bucket=bucket, ContinuationToken="nonsense")


def test_writes_with_conditions(client):
    s3 = client("s3")
    where = {"Bucket": made(s3), "Key": "k"}
    with refused("NoSuchKey", 404):
        s3.put_object(**where, Body=b"x", IfMatch='"e"')
    first = s3.put_object(**where, Body=b"1", IfNoneMatch="*")["ETag"]
    with refused("PreconditionFailed", 412):
        s3.put_object(**where, Body=b"2", IfNoneMatch="*")
    second = s3.put_object(**where, Body=b"2", IfMatch=first)["ETag"]
    with refused("PreconditionFailed", 412):
        s3.put_object(**where, Body=b"3", IfMatch=first)
    with refused("PreconditionFailed", 412):
        s3.get_object(**where, IfMatch=first)
    with refused("304", 304):
        s3.get_object(**where, IfNoneMatch=second)
    with refused("PreconditionFailed", 412):
        s3.delete_object(**where, IfMatch=first)
    assert read(s3, **where) == b"2"


def test_checksums_are_verified_and_kept(client):
    s3 = client("s3")
    where = {"Bucket": made(s3), "Key": "k"}
    digest = base64.b64encode(hashlib.sha256(b"data").digest()).decode()
    assert s3.put_object(**where, Body=b"data", ChecksumSHA256=digest)["ChecksumSHA256"] == digest
    head = s3.head_object(**where, ChecksumMode="ENABLED")
    assert (head["ChecksumSHA256"], head["ChecksumType"]) == (digest, "FULL_OBJECT")
    assert s3.list_objects_v2(Bucket=where["Bucket"])["Contents"][0]["ChecksumAlgorithm"] == ["SHA256"]
    with refused("BadDigest", 400):
        s3.put_object(**where, Body=b"other", ChecksumSHA256=digest)
    with refused("BadDigest", 400):
        s3.put_object(**where, Body=b"other", ContentMD5=base64.b64encode(hashlib.md5(b"data").digest()).decode())
    assert "ChecksumCRC32" in s3.put_object(**where, Body=b"x", ChecksumAlgorithm="CRC32")
    assert read(s3, **where) == b"x"


def test_aws_chunked_bodies_as_other_sdks_send_them(box, client, account):
    s3 = client("s3")
    bucket = made(s3)
    framed = b"4;chunk-signature=ab\r\nwiki\r\n5;chunk-signature=cd\r\npedia\r\n0;chunk-signature=ef\r\n"
    framed += b"x-amz-checksum-crc32:" + base64.b64encode(b"\0\0\0\0") + b"\r\n\r\n"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/eu-central-1/s3/aws4_request, x",
        "Content-Encoding": "aws-chunked",
        "X-Amz-Trailer": "x-amz-checksum-crc32",
    }
    connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=10)
    connection.request("PUT", f"/{bucket}/k", framed, headers)
    assert b"<Code>BadDigest</Code>" in connection.getresponse().read()
    connection.request("PUT", f"/{bucket}/k", framed.split(b"x-amz-checksum")[0] + b"\r\n", headers)
    assert connection.getresponse().status == 200
    assert read(s3, Bucket=bucket, Key="k") == b"wikipedia"


def test_large_files_in_parts(client, tmp_path):
    s3 = client("s3")
    bucket = made(s3, "Enabled")
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(range(256)) * 36_864)
    s3.upload_file(str(large), bucket, "large.bin", ExtraArgs={"Metadata": {"who": "me"}})
    head = s3.head_object(Bucket=bucket, Key="large.bin")
    assert head["ETag"].endswith('-2"') and head["Metadata"] == {"who": "me"} and head["VersionId"] != "null"
    assert read(s3, Bucket=bucket, Key="large.bin") == large.read_bytes()
    where = {"Bucket": bucket, "Key": "other"}
    upload = {**where, "UploadId": s3.create_multipart_upload(**where)["UploadId"]}
    one, two = (s3.upload_part(**upload, PartNumber=n, Body=b"small")["ETag"] for n in (1, 2))
    for parts, code in (
        ([(2, two), (1, one)], "InvalidPartOrder"),
        ([(1, one), (3, one)], "InvalidPart"),
        ([(1, one), (2, two)], "EntityTooSmall"),
    ):
        named = [{"PartNumber": number, "ETag": etag} for number, etag in parts]
        with refused(code, 400):
            s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": named})
    s3.abort_multipart_upload(**upload)
    with refused("NoSuchUpload", 404):
        s3.upload_part(**upload, PartNumber=1, Body=b"late")
    with refused("404", 404):
        s3.head_object(**where)


def test_copies(client, box, account):
    s3 = client("s3")
    here, there = made(s3, "Enabled"), made(s3)
    old = s3.put_object(Bucket=here, Key="a b/ü.txt", Body=b"old", ContentType="text/x")["VersionId"]
    s3.put_object(Bucket=here, Key="a b/ü.txt", Body=b"new")
    s3.copy_object(Bucket=there, Key="new", CopySource={"Bucket": here, "Key": "a b/ü.txt"})
    source = {"Bucket": here, "Key": "a b/ü.txt", "VersionId": old}
    assert s3.copy_object(Bucket=there, Key="old", CopySource=source)["CopyObjectResult"]["ETag"]
    assert (read(s3, Bucket=there, Key="new"), read(s3, Bucket=there, Key="old")) == (b"new", b"old")
    assert s3.head_object(Bucket=there, Key="old")["ContentType"] == "text/x"
    with refused("NoSuchKey", 404):
        s3.copy_object(Bucket=there, Key="x", CopySource={"Bucket": here, "Key": "none"})
    other = box.client("s3", account[::-1])
    mine = made(other)
    with refused("AccessDenied", 403):
        other.copy_object(Bucket=mine, Key="x", CopySource=source)


@pytest.mark.parametrize(
    "more", [{"ACL": "public-read"}, {"Tagging": "a=b"}, {"ServerSideEncryption": "aws:kms"}], ids=str
)
def test_what_is_not_played_is_refused_by_name(client, more):
    s3 = client("s3")
    bucket = made(s3)
    with refused("NotInTheSandbox", 501, next(iter(more))):
        s3.put_object(Bucket=bucket, Key="k", **more)


def test_faults_calls_and_rates_see_s3(client, box, account):
    s3 = client("s3")
    bucket = made(s3)
    rules = [
        {"kind": "error", "service": "s3", "operation": "PutObject", "account": account, "code": "InternalError"},
        {"kind": "throttle", "operation": "ListObjectsV2", "account": account},
        {"kind": "reset-after", "service": "s3", "operation": "DeleteObject", "account": account},
        {"kind": "error", "operation": "HeadObject", "account": account, "param": {"Key": "k"}, "status": 503},
    ]
    for rule in rules:
        box.admin.add_fault(**rule)
    with refused("InternalError", 500):
        s3.put_object(Bucket=bucket, Key="k")
    s3.put_object(Bucket=bucket, Key="k")
    with refused("SlowDown", 503):
        s3.list_objects_v2(Bucket=bucket)
    with refused("503", 503):
        s3.head_object(Bucket=bucket, Key="k")
    with pytest.raises((HTTPClientError, EndpointConnectionError)):
        s3.delete_object(Bucket=bucket, Key="k")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    calls = box.admin.calls(account)
    assert calls["s3.PutObject"] == 2 and calls["s3.DeleteObject"] == 1 and calls["s3.CreateBucket"] == 1
    row = next(row for row in box.admin.log(account=account) if row["operation"] == "s3.PutObject")
    assert (row["status"], row["error"]) == (500, "InternalError")
    with pytest.raises(sandbox.SandboxRefused, match="no operation"):
        box.admin.add_fault(kind="throttle", service="s3", operation="CreatePrompt")


def test_roles_reach_their_account_and_strangers_nothing(client, box, account):
    s3 = client("s3")
    bucket = made(s3)
    role = client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/r", RoleSessionName="session")["Credentials"]
    keys = {"aws_access_key_id": role["AccessKeyId"], "aws_secret_access_key": role["SecretAccessKey"]}
    theirs = box.client("s3", "999999999999", aws_session_token=role["SessionToken"], **keys)
    theirs.put_object(Bucket=bucket, Key="k", Body=b"by the role")
    assert read(s3, Bucket=bucket, Key="k") == b"by the role"
    with refused("InvalidAccessKeyId", 403):
        box.client("s3", "AKIAIOSFODNN7EXAMPLE").list_buckets()


def test_the_environment_variables_are_enough(box, account):
    code = (
        "import boto3; s3 = boto3.client('s3'); "
        "s3.create_bucket(Bucket='by-env', CreateBucketConfiguration={'LocationConstraint': 'eu-central-1'}); "
        "s3.put_object(Bucket='by-env', Key='k', Body=b'x'); "
        "print(s3.get_object(Bucket='by-env', Key='k')['Body'].read())"
    )
    env = {**box.env(account), "PATH": "/usr/bin"}
    out = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "b'x'"


def test_a_kill_loses_nothing_and_reset_forgets(tmp_path, account):
    with sandbox.running(data=tmp_path) as box:
        s3 = box.client("s3", account)
        bucket = made(s3, "Enabled")
        where = {"Bucket": bucket, "Key": "k"}
        one = s3.put_object(**where, Body=b"one")["VersionId"]
        s3.put_object(**where, Body=b"two")
        before = body(s3.list_object_versions(Bucket=bucket))
        box.restart()
        s3 = box.client("s3", account)
        assert body(s3.list_object_versions(Bucket=bucket)) == before
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        assert read(s3, **where, VersionId=one) == b"one"
        box.admin.reset("555555555555")
        assert read(s3, **where) == b"two"
        box.admin.reset(account)
        with refused("NoSuchBucket", 404):
            s3.list_objects_v2(Bucket=bucket)
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=HERE)
        assert "Versions" not in s3.list_object_versions(Bucket=bucket)
        s3.put_object(**where, Body=b"three")
        box.admin.reset()
        assert not (tmp_path / "objects").exists()
        with pytest.raises(ClientError):
            s3.get_object(**where)


def test_models_are_read_when_their_services_are_first_spoken_of():
    code = (
        "import pathlib, sys, tempfile; from releaser.sandbox.app import Sandbox; "
        "print(sorted(Sandbox(pathlib.Path(tempfile.mkdtemp()), 0).router.services))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    late = ("'s3'", "appconfig", "cloudwatch", "kms")
    assert not [name for name in late if name in out.stdout] and "bedrock-agent" in out.stdout
