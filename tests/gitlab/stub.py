"""A GitLab on this machine: who may ask what, pages, throttling, and what goes wrong on a network.

What it answers is in ``stub_routes`` and ``stub_settings``; ``test_stub_is_gitlab`` holds it to python-gitlab.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import stub_settings  # noqa: F401  (its routes)
from stub_routes import ROUTES, Call, No, Route
from stub_state import Grant, State

ROOT = "/api/v4"


@dataclass
class Fault:
    """What happens to the next ``times`` requests that match. ``after``: once they have had their effect.

    Without a status the connection is cut and nothing is said.
    """

    method: str = "*"
    path: str = ""
    times: int = 1
    after: bool = False
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def matches(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in ("*", method) and re.search(self.path, path) is not None


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass
class Gitlab:
    """A running stub."""

    url: str = ""
    state: State = field(default_factory=State)
    faults: list[Fault] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    tells_totals: bool = True
    """GitLab leaves totals out of long lists."""
    tells_links: bool = True

    @property
    def api(self) -> str:
        return self.url + ROOT

    def count(self, method: str, path: str = "") -> int:
        """How many requests of a kind came."""
        return sum(a.method == method and re.search(path, a.path) is not None for a in self.asked)


class _Cut(Exception):
    """No reply."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one write: the kernel would hold the second back
    gitlab: Gitlab
    lock: threading.Lock

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            with self.lock:
                status, headers, body = self._reply(raw)
        except _Cut:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(body), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)
            self.wfile.flush()
        self.close_connection |= int(headers.get("Content-Length", len(body))) != len(body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def _reply(self, raw: bytes) -> tuple[int, Mapping[str, str], bytes]:
        parts = urlsplit(self.path)
        path, query = parts.path.removeprefix(ROOT), dict(parse_qsl(parts.query, keep_blank_values=True))
        self.gitlab.asked.append(Asked(self.command, path, query, dict(self.headers)))
        fault = next((f for f in self.gitlab.faults if f.matches(self.command, path)), None)
        if fault is not None:
            fault.times -= 1
            if not fault.after:
                return _fail(fault)
        try:
            status, headers, found = self._found(parts.path, path, query, raw)
        except No as no:
            status, headers, found = no.status, {}, {no.member: no.message}
        return _fail(fault) if fault is not None else (status, headers, json.dumps(found).encode())

    def _found(self, place: str, path: str, query: dict[str, str], raw: bytes) -> tuple[int, Mapping[str, str], Any]:
        found, parts = _route(self.command, path) if place.startswith(ROOT) else (None, ())
        grant = self._grant(found)
        if found is None:
            raise No(404, "404 Project Not Found" if path.startswith("/projects/") else "404 Not Found")
        if grant.scope == "read_api" and self.command != "GET":
            raise No(403, "insufficient_scope", "error")
        body = _body(self.headers.get("Content-Type", ""), raw)
        answer = found.handler(Call(self.gitlab.state, grant.user, parts, query, body, raw))
        if not isinstance(answer, list):
            return (201 if self.command == "POST" else 200), {}, answer
        headers, rows = _page(answer, query, self.gitlab, self.gitlab.url + place)
        return 200, headers, rows

    def _grant(self, found: Route | None) -> Grant:
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        private = self.headers.get("PRIVATE-TOKEN") or bearer
        job = self.headers.get("JOB-TOKEN", "")
        grant = self.gitlab.state.tokens.get(private or job)
        if grant is None or (grant.scope == "job") == bool(private):
            raise No(401, "401 Unauthorized")
        if grant.scope == "job" and found is not None and not found.by_job:
            raise No(401, "401 Unauthorized")
        return grant


def _fail(fault: Fault) -> tuple[int, Mapping[str, str], bytes]:
    if not fault.status:
        raise _Cut
    return fault.status, fault.headers, fault.body


def _route(method: str, path: str) -> tuple[Route | None, tuple[str, ...]]:
    for route in ROUTES:
        match = route.pattern.fullmatch(path)
        if match and route.method == method:
            return route, match.groups()
    return None, ()


def _body(kind: str, raw: bytes) -> dict[str, Any]:
    """JSON, or a form as curl and older clients send it; of a file nothing."""
    if kind.startswith("application/octet-stream"):
        return {}
    if kind.startswith("application/json"):
        return dict(json.loads(raw or b"{}"))
    return dict(parse_qsl(raw.decode()))


def _page(rows: list[Any], query: dict[str, str], gitlab: Gitlab, place: str) -> tuple[dict[str, str], list[Any]]:
    size = min(100, max(1, int(query.get("per_page", 20))))
    number = max(1, int(query.get("page", 1)))
    last = max(1, -(-len(rows) // size))
    around = {"prev": number - 1, "next": number + 1, "first": 1, "last": last}
    shown = {name: n for name, n in around.items() if 1 <= n <= last and (gitlab.tells_totals or name != "last")}
    links = [
        f'<{place}?{urlencode({**query, "page": n, "per_page": size})}>; rel="{name}"' for name, n in shown.items()
    ]
    headers = {
        "X-Page": str(number),
        "X-Per-Page": str(size),
        "X-Next-Page": str(shown.get("next", "")),
        "X-Prev-Page": str(shown.get("prev", "")),
    }
    if gitlab.tells_totals:
        headers |= {"X-Total": str(len(rows)), "X-Total-Pages": str(last)}
    if gitlab.tells_links:
        headers["Link"] = ", ".join(links)
    return headers, rows[(number - 1) * size : number * size]


@contextmanager
def running() -> Iterator[Gitlab]:
    """A stub for as long as the block lasts."""
    gitlab = Gitlab()
    handler = type("Handler", (_Handler,), {"gitlab": gitlab, "lock": threading.Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    gitlab.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield gitlab
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
