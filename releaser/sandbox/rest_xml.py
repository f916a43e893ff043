"""The rest-xml protocol, which S3 speaks: from a request to operation and parameters, from a result to a reply.

Source: the service model's traits (``location``, ``locationName``, ``payload``, ``flattened``) and S3's API reference
for what the model leaves out: root elements, the form of errors, GetBucketLocation's bare text.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from releaser.sandbox.errors import AwsError, not_in_the_sandbox
from releaser.sandbox.model import Member, Operation, Service, Shape
from releaser.sandbox.request import Request
from releaser.sandbox.shaping import ShapeViolation

if TYPE_CHECKING:  # what only S3 needs is imported where it is used: a sandbox without S3 starts as fast as ever
    from xml.etree.ElementTree import Element

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_ROOTS = {
    "ListBuckets": "ListAllMyBucketsResult",
    "ListObjectsV2": "ListBucketResult",
    "ListObjectVersions": "ListVersionsResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketVersioning": "VersioningConfiguration",
}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class Routes:
    """Operations by method, by how deep the path is, and by the query words that tell them apart."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._routes: dict[tuple[str, int], list[tuple[Operation, Mapping[str, list[str]]]]] = {}
        for operation in service.operations.values():
            path, _, query = operation.uri.partition("?")
            words = parse_qs(query, keep_blank_values=True)
            depth = path.count("{")
            self._routes.setdefault((operation.method, depth), []).append((operation, words))

    def resolve(self, request: Request) -> tuple[Operation, dict[str, Any]]:
        """The operation and its parameters, unvalidated."""
        bucket, _, key = request.path.lstrip("/").partition("/")
        query = parse_qs(request.query, keep_blank_values=True)
        headers, body = _unframed(request)
        depth = 2 if key else 1 if bucket else 0
        operation = self._operation((request.method, depth), query, headers)
        if operation is None:
            raise not_in_the_sandbox(f"s3 ({request.method} {request.path})", "rest-xml")
        path = {"Bucket": unquote(bucket), "Key": unquote(key)}
        return operation, _params(operation, path, query, headers, body)

    def _operation(
        self, place: tuple[str, int], query: Mapping[str, list[str]], headers: Mapping[str, str]
    ) -> Operation | None:
        """The most particular one whose query words and required members are all there."""
        fits: list[tuple[int, Operation]] = []
        for operation, words in self._routes.get(place, ()):
            wanted = [m for m in _members(operation) if m.name in (operation.input or _NONE).required]
            there = all(_present(member, query, headers) for member in wanted)
            if there and all(query.get(word, [""])[-1] == value[-1] and word in query for word, value in words.items()):
                fits.append((len(words) + len(wanted), operation))
        return max(fits, key=lambda fit: fit[0])[1] if fits else None


class _Nothing:
    required: tuple[str, ...] = ()


_NONE = _Nothing()


def _members(operation: Operation) -> list[Member]:
    return list(operation.input.members.values()) if operation.input else []


def _present(member: Member, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> bool:
    if member.location == "querystring":
        return member.wire in query
    return member.location != "header" or member.wire.lower() in headers


def _unframed(request: Request) -> tuple[Mapping[str, str], bytes]:
    """Headers and body without the ``aws-chunked`` framing: ``size;signature CRLF data CRLF ... 0 CRLF trailers``."""
    coding = request.headers.get("content-encoding", "")
    if "aws-chunked" not in coding:
        return request.headers, request.body
    body, at, data = bytearray(), 0, request.body
    while True:
        end = data.find(b"\r\n", at)
        size = int(data[at:end].split(b";")[0] or b"0", 16) if end >= 0 else 0
        if size == 0:
            break
        body += data[end + 2 : end + 2 + size]
        at = end + 2 + size + 2
    trailers = (line.partition(":") for line in data[end + 2 :].decode("latin-1").splitlines() if ":" in line)
    rest = ",".join(part for part in coding.split(",") if part.strip() != "aws-chunked")
    headers = {**request.headers, **{name.strip().lower(): value.strip() for name, _, value in trailers}}
    headers["content-encoding"] = rest
    return headers, bytes(body)


def _params(
    operation: Operation,
    path: Mapping[str, str],
    query: Mapping[str, list[str]],
    headers: Mapping[str, str],
    body: bytes,
) -> dict[str, Any]:
    params: dict[str, Any] = {}
    shape = operation.input
    if shape is None:
        return params
    payload = shape.raw.get("payload")
    for member in shape.members.values():
        match member.location:
            case "uri":
                params[member.name] = path[member.wire]
            case "querystring" if member.wire in query:
                params[member.name] = _scalar(member.shape, query[member.wire][-1])
            case "header" if headers.get(member.wire.lower()):
                params[member.name] = _scalar(member.shape, headers[member.wire.lower()])
            case "headers":
                start = member.wire.lower()
                found = {name[len(start) :]: value for name, value in headers.items() if name.startswith(start)}
                params |= {member.name: found} if found else {}
            case "body" if member.name == payload and body:
                params[member.name] = body if member.shape.type == "blob" else _read(member.shape, _parse(body))
    return params


def _parse(body: bytes) -> Element:
    import xml.etree.ElementTree as ET

    try:
        return ET.fromstring(body)
    except ET.ParseError as error:
        message = "The XML you provided was not well-formed or did not validate against our published schema"
        raise AwsError("MalformedXML", message, 400) from error


def _read(shape: Shape, element: Element) -> Any:
    if shape.type != "structure":
        return _scalar(shape, element.text or "")
    found: dict[str, Any] = {}
    names = {member.wire: member for member in shape.members.values()}
    for child in element:
        member = names.get(child.tag.rpartition("}")[2])
        if member is None:
            raise AwsError("MalformedXML", f"The element {child.tag.rpartition('}')[2]} is not known here", 400)
        if member.shape.type == "list":
            element_shape = member.shape.part("member")
            flat = bool(member.shape.raw.get("flattened"))
            items = [child] if flat else list(child)
            found.setdefault(member.name, []).extend(_read(element_shape, item) for item in items)
        else:
            found[member.name] = _read(member.shape, child)
    return found


def _scalar(shape: Shape, text: str) -> Any:
    from email.utils import parsedate_to_datetime

    try:
        match shape.type:
            case "integer" | "long":
                return int(text)
            case "boolean":
                return {"true": True, "false": False}.get(text.lower(), text)
            case "timestamp" if shape.raw.get("timestampFormat") == "iso8601":
                return datetime.fromisoformat(text).timestamp()
            case "timestamp":
                return parsedate_to_datetime(text).timestamp()
            case "list":
                return [_scalar(shape.part("member"), part.strip()) for part in text.split(",")]
            case "blob":
                return binascii.a2b_base64(text)
            case _:
                return text
    except ValueError as error:
        raise AwsError("InvalidArgument", f"{text!r} is not a valid {shape.name}", 400) from error


def serialise(operation: Operation, result: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
    """Headers and body of a success; ShapeViolation when the model does not have a member."""
    headers: dict[str, str] = {}
    inner: list[str] = []
    shape = operation.output
    payload = shape.raw.get("payload") if shape else None
    body = b""
    for name, value in result.items():
        member = shape.members.get(name) if shape else None
        if member is None:
            raise ShapeViolation(f"{operation.key} has no output member {name}")
        if value is None:
            continue
        if member.location == "header":
            headers[member.wire] = _text(member.shape, value, header=True)
        elif member.location == "headers":
            headers |= {member.wire + key: str(item) for key, item in value.items()}
        elif name == payload:
            body = value if member.shape.type == "blob" else _document(member.wire, _inner(member.shape, value))
        else:
            inner.append(_element(member, value))
    if operation.name == "GetBucketLocation":
        body = _document("LocationConstraint", escape(result.get("LocationConstraint") or ""))
    elif payload is None and shape is not None and _has_body(shape):
        body = _document(_ROOTS.get(operation.name, shape.name), "".join(inner))
    return headers, body


def error_body(code: str, message: str, request_id: str) -> bytes:
    """An error as S3 writes it."""
    tail = f"<RequestId>{request_id}</RequestId>"
    text = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message>{tail}</Error>"
    return (_DECLARATION + text).encode()


def _has_body(shape: Shape) -> bool:
    return any(member.location == "body" for member in shape.members.values())


def _document(root: str, inner: str) -> bytes:
    return f'{_DECLARATION}<{root} xmlns="{NAMESPACE}">{inner}</{root}>'.encode()


def _inner(shape: Shape, value: Mapping[str, Any]) -> str:
    unknown = set(value) - set(shape.members)
    if unknown:
        raise ShapeViolation(f"{shape.name} has no member {sorted(unknown)}")
    return "".join(_element(shape.members[name], item) for name, item in value.items() if item is not None)


def _element(member: Member, value: Any) -> str:
    name, shape = member.wire, member.shape
    if shape.type != "list":
        return f"<{name}>{_content(shape, value)}</{name}>"
    item = shape.part("member")
    if shape.raw.get("flattened"):
        return "".join(f"<{name}>{_content(item, one)}</{name}>" for one in value)
    inside = shape.raw["member"].get("locationName", "member")
    return f"<{name}>{''.join(f'<{inside}>{_content(item, one)}</{inside}>' for one in value)}</{name}>"


def _content(shape: Shape, value: Any) -> str:
    return _inner(shape, value) if shape.type == "structure" else escape(_text(shape, value, header=False))


def _text(shape: Shape, value: Any, *, header: bool) -> str:
    if shape.type == "boolean":
        return "true" if value else "false"
    if shape.type == "timestamp":
        from email.utils import format_datetime

        moment = datetime.fromtimestamp(value, UTC)
        header = header and shape.raw.get("timestampFormat") != "iso8601"
        return format_datetime(moment, usegmt=True) if header else moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return str(value)
