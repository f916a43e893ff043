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


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where the model is. ``model``: its name there; without one, Bedrock's id."""

    url: str
    model: str = ""

    def ask(self, request: Mapping[str, Any]) -> Answer:
        """The model's answer to one request, or the error that stands for its failure."""
        began = time.monotonic()
        body = {**request, "model": self.model or request["model"]}
        try:
            status, raw = self._post(json.dumps(body).encode())
        except TimeoutError:
            return Answer(error=AwsError("ModelTimeoutException", f"{self.url} did not answer in {_TIMEOUT:g} s."))
        except (OSError, http.client.HTTPException) as error:
            return Answer(error=_failed(f"{self.url} could not be asked: {error!r}", 502))
        if status == 429:
            return Answer(error=AwsError("ThrottlingException", "Too many requests, please wait before trying again."))
        try:
            found = json.loads(raw)
            if status != 200 or not isinstance(found["choices"][0]["message"], dict):
                raise ValueError
        except (ValueError, LookupError, TypeError):
            return Answer(
                error=_failed(f"{self.url} answered HTTP {status}: {raw[:500].decode(errors='replace')}", status)
            )
        return Answer(found, milliseconds=round(1000 * (time.monotonic() - began)))

    def _post(self, body: bytes) -> tuple[int, bytes]:
        where = urlsplit(self.url)
        kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        connection = kind(where.hostname or "", where.port, timeout=_TIMEOUT)
        path = where.path.rstrip("/").removesuffix("/v1") + "/v1/chat/completions"
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a chat completion, or an error."""

    completion: Mapping[str, Any] = field(default_factory=dict)
    error: AwsError | None = None
    milliseconds: int = 0


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


def _failed(message: str, status: int) -> AwsError:
    error = AwsError("ModelErrorException", message)
    error.members = {"originalStatusCode": status}
    return error
