"""What the sandbox does not play is said loudly; what it cannot read is refused."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path

import pytest

from sandbox.checks import refused

AUTH = {"Authorization": "AWS4-HMAC-SHA256 Credential=111111111111/20260101/eu-central-1/bedrock/aws4_request, x"}


def raw(box, method, path, body=None, headers=AUTH):
    connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=10)
    connection.request(method, path, body, headers)
    reply = connection.getresponse()
    return reply.status, dict(reply.getheaders()), reply.read()


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "name"),
    [
        ("bedrock", "list_imported_models", {}, "bedrock.ListImportedModels"),
        (
            "bedrock-agent",
            "list_vpc_configurations",
            {"knowledgeBaseId": "A" * 10},
            "bedrock-agent.ListVpcConfigurations",
        ),
        ("ssm", "list_documents", {}, "ssm.ListDocuments"),
        ("sts", "get_session_token", {}, "sts.GetSessionToken"),
        ("resourcegroupstaggingapi", "get_tag_keys", {}, "resourcegroupstaggingapi.GetTagKeys"),
        ("dynamodb", "list_tables", {}, "ListTables"),
        ("iam", "list_users", {}, "iam.ListUsers"),
        ("s3", "get_bucket_policy", {"Bucket": "b"}, "s3.GetBucketPolicy"),
        ("s3", "list_parts", {"Bucket": "b", "Key": "k", "UploadId": "u"}, "s3.ListParts"),
        ("bedrock-runtime", "list_async_invokes", {}, "bedrock-runtime.ListAsyncInvokes"),
    ],
)
def test_operations_that_are_not_played(client, service, operation, arguments, name):
    with refused("NotInTheSandbox", 501, f"{name}"):
        getattr(client(service), operation)(**arguments)


def test_unknown_paths_and_missing_signatures(box):
    status, headers, body = raw(box, "GET", "/no/such/path")
    assert (status, headers["x-amzn-ErrorType"]) == (501, "NotInTheSandbox") and b"not in the sandbox" in body
    status, headers, _ = raw(box, "GET", "/guardrails", headers={})
    assert (status, headers["x-amzn-ErrorType"]) == (403, "MissingAuthenticationTokenException")


def test_replies_carry_request_ids_and_error_types(box):
    status, headers, _ = raw(box, "GET", "/guardrails")
    assert status == 200 and len(headers["x-amzn-RequestId"]) == 36
    status, headers, _ = raw(box, "GET", "/guardrails/abc")
    assert (status, headers["x-amzn-ErrorType"]) == (404, "ResourceNotFoundException")


@pytest.mark.parametrize("body", [b"{not json", b"[]", b"\xff\xfe"])
def test_bodies_that_are_not_json_objects(box, body):
    status, headers, _ = raw(box, "POST", "/prompts/", body)
    assert (status, headers["x-amzn-ErrorType"]) == (400, "SerializationException")


def test_unknown_members_are_refused(box):
    status, _, body = raw(box, "POST", "/prompts/", b'{"name": "p", "nmae": 1}')
    assert status == 400 and b"nmae" in body
    status, _, body = raw(box, "GET", "/prompts/?maxresults=3")
    assert status == 400 and b"maxresults" in body


def test_chunked_bodies_pipelines_and_broken_requests(box):
    head = f"POST /prompts/ HTTP/1.1\r\nAuthorization: {AUTH['Authorization']}\r\n"
    chunked = head + 'Transfer-Encoding: chunked\r\n\r\n5\r\n{"nam\r\n8\r\ne": "p"}\r\n0\r\n\r\n'
    get = f"GET /prompts/ HTTP/1.1\r\nAuthorization: {AUTH['Authorization']}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", box.port), timeout=5) as connection:
        connection.sendall((chunked + get).encode())
        data = b""
        while data.count(b"HTTP/1.1 20") < 2 or b"promptSummaries" not in data:
            data += connection.recv(65536)
        assert data.startswith(b"HTTP/1.1 201")
    with socket.create_connection(("127.0.0.1", box.port), timeout=5) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400")


def test_only_the_loopback_interface_is_bound(box):
    table = Path("/proc/net/tcp").read_text().splitlines()[1:]
    rows = [line.split()[1] for line in table if line.split()[3] == "0A"]
    mine = [address for address in rows if address.endswith(f":{box.port:04X}")]
    assert mine == [f"0100007F:{box.port:04X}"]
