"""An application over HTTP: ``POST`` of ``{"id", "input"}``, answered with 200 and
``{"output", "usage"?, "passages"?, "blocked"?, "tools"?, "model"?}``.

``usage`` has Bedrock's members (``inputTokens`` ...); a passage ``id``, ``text`` and ``score``; a tool ``name`` and
``input``. Any other member is no part of the contract, and a reply that has one is told, never read in part. Only https
and this machine are called, redirects are not followed, and a reply has at most 1 MB.
"""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, TimeoutError

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Failure, Guarded, Passage, Response, Timing, ToolUse, Trouble
from releaser.core.values import thaw
from releaser.gates.evaluation.ports import Answer, Refusal, Request
from releaser.gates.evaluation.targets.kind import Kind, Wanted
from releaser.gates.evaluation.targets.saying import text_of, unreadable, usage_of

_LARGEST = 1 << 20
_SECONDS = 120.0
_MEMBERS = frozenset({"output", "usage", "passages", "blocked", "tools", "model"})
_TROUBLES: Mapping[int, Trouble] = {408: "timeout", 429: "throttled", 504: "timeout"}


@dataclass(frozen=True, slots=True)
class Applies:
    """One application. ``moment``: what is deployed there can change under its URL."""

    pool: urllib3.PoolManager
    lane: str
    url: str
    moment: str
    seconds: float = _SECONDS
    """Until a whole reply is there."""

    def request(self, case: Case) -> Request:
        """What is posted for a case."""
        content = {"url": self.url, "id": case.id, "input": thaw(case.input), "behaviour": self.moment}
        return Request(self.lane, "POST", content)

    def ask(self, request: Request) -> Answer:
        """One call."""
        body = json.dumps({k: request.content[k] for k in ("id", "input")}, ensure_ascii=False).encode()
        began = time.monotonic()
        try:
            raw = self._post(body, began + self.seconds)
        except NewConnectionError:
            raise _no("unavailable", "nobody is there") from None
        except TimeoutError:
            raise _no("timeout", "it took too long") from None
        except ProtocolError:
            raise _no("truncated", "the connection broke") from None
        except (HTTPError, OSError) as error:
            raise _no("unavailable", type(error).__name__) from None
        return Answer(_read(raw), Timing(last_token=(time.monotonic() - began) * 1000))

    def _post(self, body: bytes, deadline: float) -> bytes:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
        reply = self.pool.request(
            "POST",
            self.url,
            body=body,
            headers=headers,
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
            timeout=urllib3.Timeout(connect=5.0, read=min(60.0, self.seconds)),
        )
        whole = False
        try:
            if reply.status != 200:
                raise _by_status(reply.status, reply.headers.get("Retry-After", ""))
            if reply.headers.get("Content-Encoding", "identity") != "identity":
                raise unreadable("the reply is compressed, which was not asked for")
            found = bytearray()
            for part in reply.stream(1 << 16, decode_content=False):
                found += part
                if len(found) > _LARGEST:
                    raise unreadable("the reply is larger than 1 MB")
                if time.monotonic() > deadline:
                    raise _no("timeout", "it took too long")
            whole = True
            return bytes(found)
        finally:
            if not whole:
                reply.close()
            reply.release_conn()


def _no(trouble: Trouble, message: str, retry_after: float | None = None) -> Refusal:
    return Refusal(Failure(trouble=trouble, message=f"application: {message}"), retry_after)


def _by_status(status: int, retry_after: str) -> Refusal:
    seconds = float(retry_after) if retry_after.isdecimal() and len(retry_after) < 6 else None
    trouble = _TROUBLES.get(status, "unavailable" if status >= 500 else "refused")
    return _no(trouble, f"HTTP {status}" + (", redirects are not followed" if 300 <= status < 400 else ""), seconds)


def _read(raw: bytes) -> Response:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise unreadable("the reply is not JSON") from None
    if not isinstance(found, dict) or not isinstance(found.get("output"), str | dict | list):
        raise unreadable("the reply is no object with an output")
    if odd := sorted(found.keys() - _MEMBERS):
        raise unreadable(f"the contract has no member {odd[0][:40]!r}")
    blocked = found.get("blocked", False)
    usage, model = found.get("usage") or {}, found.get("model", "")
    if not isinstance(blocked, bool) or not isinstance(usage, dict) or not isinstance(model, str):
        raise unreadable("blocked is true or false, usage an object, model a text")
    return Response(
        text=text_of(found["output"]),
        tools=tuple(_tool(row) for row in _rows(found, "tools")),
        guarded=Guarded(intervened=blocked, blocked=blocked),
        passages=tuple(_passage(row) for row in _rows(found, "passages")),
        usage=usage_of({"usage": usage}, {}),
        model=model,
    )


def _rows(found: Mapping[str, Any], member: str) -> list[dict[str, Any]]:
    rows = found.get(member) or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise unreadable(f"{member} are objects")
    return rows


def _tool(row: Mapping[str, Any]) -> ToolUse:
    if not isinstance(row.get("name"), str):
        raise unreadable("a tool has a name")
    return ToolUse(name=row["name"], input=row.get("input"))


def _passage(row: Mapping[str, Any]) -> Passage:
    score, text = row.get("score"), row.get("text", "")
    number = score is None or (isinstance(score, int | float) and not isinstance(score, bool))
    if not isinstance(row.get("id"), str) or not isinstance(text, str) or not number:
        raise unreadable("a passage has an id, perhaps text and score")
    return Passage(id=row["id"], text=text, score=float(score) if score is not None else None)


def checked(url: str) -> str:
    """The URL, if it may be called. Raises ValueError for what is neither https nor on this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None or parts.fragment or not host:
        raise ValueError("the application's URL has a host, and neither credentials nor a fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(host)):
        raise ValueError("the application's URL is neither https nor on this machine")
    return url


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _build(wanted: Wanted) -> Applies:
    name = wanted.target["application"]
    if name not in wanted.applications:
        raise KeyError(f"application {name}")
    url = checked(wanted.applications[name])
    pool = urllib3.PoolManager(num_pools=1, maxsize=32)
    return Applies(pool, f"application/{urlsplit(url).netloc}", url, wanted.moment())


KINDS = (Kind("application", _build, lambda _: (), inline=True, via="application"),)
