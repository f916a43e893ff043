"""Replies in the protocol that was asked in: rest-json, json 1.1, query (XML), rest-xml, rpc-v2-cbor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

from releaser.sandbox import cbor, rest_json, rest_xml
from releaser.sandbox.errors import AwsError
from releaser.sandbox.model import Operation
from releaser.sandbox.shaping import shape_output

CBOR = "smithy-rpc-v2-cbor"
_CONTENT_TYPES = {
    "rest-json": "application/json",
    "json": "application/x-amz-json-1.1",
    "query": "text/xml",
    CBOR: "application/cbor",
}

_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP reply, one buffer on the wire."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] | None = None
    length: int | None = None
    """What Content-Length says when there is no body: the reply to a HEAD."""

    def encode(self, *, length: int | None = None) -> bytes:
        """The bytes to send; ``length`` overrides Content-Length, to lie about it."""
        own = len(self.body) if self.length is None else self.length
        size = own if length is None else length
        return self._head(f"Content-Length: {size}") + self.body

    def chunked(self) -> bytes:
        """The head of a body that follows in chunks."""
        return self._head("Transfer-Encoding: chunked")

    def _head(self, body: str) -> bytes:
        head = f"{_LINES[self.status]}Content-Type: {self.content_type}\r\n"
        extra = "".join(f"{name}: {value}\r\n" for name, value in (self.headers or {}).items())
        return f"{head}{extra}{body}\r\n\r\n".encode()

    def cut(self, keep: int) -> Reply:
        """The same reply with only the first bytes of its body."""
        return replace(self, body=self.body[:keep])


def success(operation: Operation, result: dict[str, Any], request_id: str, protocol: str) -> Reply:
    """The reply of an operation that succeeded; raises when it is not what the model allows."""
    headers = {"x-amzn-RequestId": request_id}
    if protocol == "rest-xml":
        return _rest_xml(operation, result, headers)
    if protocol == "rest-json":
        return _rest_json(operation, result, headers)
    shaped = shape_output(operation.output, result, epoch_times=protocol in ("json", CBOR))
    if protocol == CBOR:
        headers["smithy-protocol"] = "rpc-v2-cbor"
        body = cbor.encode(operation.output, shaped) if operation.output else b""
        return Reply(200, body, _CONTENT_TYPES[protocol], headers)
    if protocol == "query":
        body = _xml_result(operation, shaped, request_id)
    else:
        body = json.dumps(shaped, separators=(",", ":"), ensure_ascii=False).encode()
    return Reply(operation.status, body, _CONTENT_TYPES[protocol], headers)


def failure(operation: Operation | None, error: AwsError, request_id: str, protocol: str = "") -> Reply:
    """The reply of an operation that failed, with the model's HTTP status."""
    protocol = protocol or error.protocol
    code, status = operation.service.error(error.code) if operation else (error.code, None)
    status = error.status or status or 400
    headers = {"x-amzn-RequestId": request_id, "x-amzn-ErrorType": code, **error.headers}
    if protocol == "rest-xml":
        return _s3_failure(operation, error, code, status, request_id)
    if protocol == "query":
        return Reply(status, _xml_error(operation, code, error.message, request_id), "text/xml", headers)
    body = {_message_member(operation, error.code): error.message, **error.members}
    if protocol == CBOR:
        # Services that once spoke the query protocol send its code in a header.
        headers |= {"smithy-protocol": "rpc-v2-cbor", "x-amzn-query-error": f"{code};Sender"}
        return Reply(status, cbor.encode(None, {"__type": error.code, **body}), _CONTENT_TYPES[protocol], headers)
    body = body if protocol == "rest-json" else {"__type": code, **body}
    return Reply(status, json.dumps(body).encode(), _CONTENT_TYPES[protocol], headers)


def _message_member(operation: Operation | None, code: str) -> str:
    """``message``, or ``Message`` where the model writes it so."""
    shapes = operation.service.raw["shapes"] if operation else {}
    return "Message" if "Message" in shapes.get(code, {}).get("members", {}) else "message"


def _rest_json(operation: Operation, result: dict[str, Any], headers: dict[str, str]) -> Reply:
    found, body = rest_json.serialise(operation, result)
    kind = found.pop("Content-Type", "application/json")
    return Reply(operation.status, body, kind, {**headers, **found})


def _rest_xml(operation: Operation, result: dict[str, Any], headers: dict[str, str]) -> Reply:
    """S3 has headers of its own; Content-Type and Content-Length are the object's, also where no body is sent."""
    found, body = rest_xml.serialise(operation, result)
    head = operation.method == "HEAD"
    length = int(found.pop("Content-Length", len(body))) if head else None
    found.pop("Content-Length", None)
    kind = found.pop("Content-Type", "application/xml")
    status = 206 if "Content-Range" in found else operation.status
    return Reply(status, b"" if head else body, kind, {**headers, **found}, length)


def _s3_failure(operation: Operation | None, error: AwsError, code: str, status: int, request_id: str) -> Reply:
    """No body to a HEAD, and none that says "not modified"."""
    bare = status == 304 or (operation is not None and operation.method == "HEAD")
    body = b"" if bare else rest_xml.error_body(code, error.message, request_id)
    return Reply(status, body, "application/xml", {"x-amzn-RequestId": request_id, **error.headers})


def _xml_result(operation: Operation, shaped: dict[str, Any], request_id: str) -> bytes:
    output = operation.raw.get("output")
    wrapper = output.get("resultWrapper", f"{operation.name}Result") if output else ""
    inner = f"<{wrapper}>{_xml(shaped)}</{wrapper}>" if output else ""
    meta = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
    root = f"{operation.name}Response"
    return f'<{root} xmlns="{operation.service.xml_namespace}">{inner}{meta}</{root}>'.encode()


def _xml_error(operation: Operation | None, code: str, message: str, request_id: str) -> bytes:
    namespace = operation.service.xml_namespace if operation else ""
    error = f"<Error><Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    tail = f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    return f'<ErrorResponse xmlns="{namespace}">{error}{tail}'.encode()


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{_xml(item)}</{name}>" for name, item in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{_xml(item)}</member>" for item in value)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))
