"""A real model instead of the stand-in: one behind an OpenAI-compatible ``/v1/chat/completions``.

A handler runs in one transaction on the sandbox's one thread and must not wait. So what it needs from the model is
raised as ``Pending``: the transaction is undone, the model is asked on a thread of a pool, and the handler runs again
with the answers so far, in their order. Failures are AWS errors; no answer is ever made up.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from releaser.sandbox.errors import AwsError

_TIMEOUT = 120.0
_MOST = 16 * 1024 * 1024
_BUSY = {429: "ThrottlingException", 503: "ServiceUnavailableException"}


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where the model is. ``model``: its name there; without one, Bedrock's id."""

    url: str
    model: str = ""

    @property
    def about(self) -> str:
        """What answers, without what the URL may have as a secret."""
        where = urlsplit(self.url)
        return f"{where.scheme}://{where.netloc.rpartition('@')[2]}{where.path} {self.model}".strip()

    def ask(self, request: Mapping[str, Any]) -> Answer:
        """The model's answer to one request, or the error that stands for its failure."""
        began = time.monotonic()
        body = {**request, "model": self.model or request["model"]}
        try:
            status, wait, raw = self._post(json.dumps(body).encode())
        except TimeoutError:
            return Answer(error=AwsError("ModelTimeoutException", f"{self.url} did not answer in {_TIMEOUT:g} s."))
        except (OSError, ValueError, http.client.HTTPException) as error:
            return Answer(error=_failed(f"{self.url} could not be asked: {error!r}", 502))
        if status in _BUSY:
            busy = AwsError(_BUSY[status], "Too many requests, please wait before trying again.")
            busy.headers |= {"Retry-After": wait} if wait else {}
            return Answer(error=busy)
        try:
            found = json.loads(raw)
            if status != 200 or not _is_completion(found):
                raise ValueError
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return Answer(
                error=_failed(f"{self.url} answered HTTP {status}: {raw[:500].decode(errors='replace')}", status)
            )
        return Answer(found, seconds=time.monotonic() - began)

    def _post(self, body: bytes) -> tuple[int, str, bytes]:
        """Status, Retry-After and body."""
        where = urlsplit(self.url)
        kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        connection = kind(where.hostname or "", where.port, timeout=_TIMEOUT)
        path = where.path.rstrip("/").removesuffix("/v1") + "/v1/chat/completions"
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            raw = reply.read(_MOST)
            if reply.length:
                raise http.client.IncompleteRead(raw, reply.length)
            return reply.status, " ".join(reply.getheader("Retry-After", "").split()), raw
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a chat completion, or an error."""

    completion: Mapping[str, Any] = field(default_factory=dict)
    error: AwsError | None = None
    seconds: float = 0.0


class Pending(Exception):
    """A handler cannot go on without the model's answer to this request."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        super().__init__("the model has not answered yet")
        self.request = request


class Answers:
    """The answers that one run of a handler has, each to be taken once."""

    def __init__(self, known: Sequence[Answer]) -> None:
        self._rest = list(known)

    def take(self, request: Mapping[str, Any]) -> Answer:
        """The next answer; Pending when the model is still to be asked."""
        if not self._rest:
            raise Pending(request)
        found = self._rest.pop(0)
        if found.error is not None:
            raise found.error
        return found


def _is_completion(found: Any) -> bool:
    """Whether a reply says something, in the types that chat completions have."""
    choice, usage = found["choices"][0], found.get("usage") or {}
    message, reason = choice["message"], choice.get("finish_reason")
    said, calls = message.get("content"), message.get("tool_calls") or []
    counted = all(isinstance(usage.get(name, 0), int) for name in ("prompt_tokens", "completion_tokens"))
    speaks = isinstance(said, str) or (said is None and bool(calls))
    return counted and speaks and isinstance(calls, list) and isinstance(reason, str | None)


def _failed(message: str, status: int) -> AwsError:
    error = AwsError("ModelErrorException", message)
    error.members = {"originalStatusCode": status}
    return error
