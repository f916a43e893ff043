"""A sandbox for a test that makes thousands of calls and no fault: in this process, without a socket.

Every call is the same request that boto3 would send, understood, validated, performed and serialised by the same code
as behind the socket. What acts on the socket itself (resets, cut replies, hangs, latency) has no effect here.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from releaser.sandbox.app import Sandbox
from releaser.sandbox.client import AdminClient, SandboxRefused
from releaser.sandbox.request import Request
from releaser.sandbox.testing import client_at

_URL = "http://127.0.0.1:9"
"""Never called: it only completes the requests."""


class SandboxInside:
    """A sandbox in this process. Many threads may call it; they are answered one after the other."""

    def __init__(self, sandbox: Sandbox) -> None:
        from releaser.sandbox.server import Hub

        self._sandbox = sandbox
        self._lock = threading.Lock()
        self.admin: AdminClient = _AdminInside(Hub(sandbox, lambda: None), self._lock)

    def client(self, service: str, account: str = "111111111111", region: str = "eu-central-1", **more: Any) -> Any:
        """As ``SandboxProcess.client``."""
        made = client_at(_URL, service, account, region, **more)
        made._endpoint.http_session = self
        return made

    def send(self, prepared: Any) -> Any:
        """What botocore's endpoint calls instead of its HTTP session."""
        from botocore.awsrequest import AWSResponse

        with self._lock:
            reply = self._sandbox.answer(self._sandbox.understand(_request(prepared)))
        length = len(reply.body) if reply.length is None else reply.length
        headers = {"Content-Type": reply.content_type, "Content-Length": str(length), **(reply.headers or {})}
        return AWSResponse(prepared.url, reply.status, headers, _Body(reply.body))

    def close(self) -> None:
        """As botocore closes its HTTP session."""


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        yield self._content


class _AdminInside(AdminClient):
    def __init__(self, hub: Any, lock: threading.Lock) -> None:
        super().__init__(_URL)
        self._hub, self._lock = hub, lock

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        where, _, query = path.partition("?")
        payload = json.dumps(body).encode() if body is not None else b""
        with self._lock:
            reply = self._hub.admin.handle(Request(method, f"/_sandbox/{where}", query, {}, payload))
        answer: dict[str, Any] = json.loads(reply.body)
        if reply.status != 200:
            raise SandboxRefused(answer.get("error", f"HTTP {reply.status}"))
        return answer


def _request(prepared: Any) -> Request:
    where = urlsplit(prepared.url)
    body = prepared.body
    if hasattr(body, "read"):
        body = body.read()
    content = body.encode() if isinstance(body, str) else bytes(body or b"")
    return Request(
        prepared.method, where.path, where.query, {"host": where.netloc, **_lower(prepared.headers)}, content
    )


def _lower(headers: Mapping[str, str | bytes]) -> dict[str, str]:
    return {k.lower(): v.decode("latin-1") if isinstance(v, bytes) else str(v) for k, v in headers.items()}


@contextmanager
def inside(time_scale: float = 0.0) -> Iterator[SandboxInside]:
    """A sandbox in this process for the length of a ``with`` block."""
    with tempfile.TemporaryDirectory(prefix="sandbox-") as data:
        sandbox = Sandbox(Path(data), time_scale)
        try:
            yield SandboxInside(sandbox)
        finally:
            sandbox.store.close()
