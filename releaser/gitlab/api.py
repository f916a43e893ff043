"""GitLab's REST API: one server, one token, one project. The one place of the package that speaks HTTP.

* reading, and writing that sets values (PUT), is repeated after 429, 5xx and lost connections;
* creating (POST) is repeated only where it surely did not happen: no connection, or 429. Else ``ReplyLost``: look;
* the token goes to the server's own origin and nowhere else: redirects lead elsewhere on it, or are refused (GitLab
  redirects what was moved; docs.gitlab.com: REST API, redirects).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from random import random
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError, SSLError

from releaser import __version__
from releaser.engine.ports import Clock
from releaser.gitlab import paging
from releaser.gitlab.errors import GitlabError, ReplyLost, Token, by_status, strange
from releaser.gitlab.pausing import ATTEMPTS, pause
from releaser.gitlab.reading import Row

Path = tuple[str | int, ...]
"""Parts of a path, each quoted whole: a project's path and a branch keep their slashes."""
Query = Mapping[str, str | int | bool]
Body = Mapping[str, Any] | bytes | None
"""JSON, or a file as it is."""

_LARGEST = 16 << 20
"""Bytes of one reply."""
_PAGES = 1000
_REDIRECTS = 3
_SECONDS = 300.0
"""Until a whole reply is there."""
_TIMEOUT = urllib3.Timeout(connect=10.0, read=60.0)
_UNSENT = (NewConnectionError, ConnectTimeoutError, ProxyError)


class Api:
    """``base``: where the API is, with ``/api/v4``. ``project``: its number, or its path."""

    def __init__(
        self,
        base: str,
        token: Token,
        project: int | str,
        clock: Clock,
        pool: urllib3.PoolManager,
        spread: Callable[[], float] = random,
    ) -> None:
        self.project = project
        self.can_write = token.kind == "private"
        """Whether it is more than a job token, which may only read comments and merge requests."""
        self._base = base.rstrip("/")
        self._token = token
        self._clock = clock
        self._pool = pool
        self._spread = spread

    def here(self, *parts: str | int) -> Path:
        """A path in the project."""
        return ("projects", self.project, *parts)

    def address(self, path: Path) -> str:
        """Where it is, for a link."""
        return _url(self._base, path, None)

    def get(self, path: Path, query: Query | None = None) -> Row:
        """One object. Raises GitlabError."""
        return _object(_named("GET", path), self._repeated("GET", path, query)[0])

    def find(self, path: Path, query: Query | None = None) -> Row | None:
        """One object; None where there is none that the token may see."""
        try:
            return self.get(path, query)
        except GitlabError as error:
            if error.status == 404:
                return None
            raise

    def pages(self, path: Path, query: Query | None = None) -> Iterator[Row]:
        """Every object of a list, once; one that moves to a later page meanwhile is not told twice."""
        what = _named("GET", path)
        asked: dict[str, str] = _texts({"per_page": paging.LARGEST, **(query or {})})
        done, told = set(), set()
        for _ in range(_PAGES):
            found, headers = self._repeated("GET", path, asked)
            if not isinstance(found, list):
                raise strange(what, "no list")
            for item in found:
                row = _object(what, item)
                if "id" not in row or row["id"] not in told:
                    yield row
                told.add(row.get("id"))
            done.add(urlencode(sorted(asked.items())))
            following = paging.next_query(headers, asked)
            if following is None:
                return
            if urlencode(sorted(following.items())) in done:
                raise strange(what, "its pages lead in a circle")
            asked = following
        raise strange(what, f"it has more than {_PAGES} pages")

    def put(self, path: Path, body: Mapping[str, Any]) -> Row:
        """Set values; repeated, it means the same. Raises GitlabError."""
        return _object(_named("PUT", path), self._repeated("PUT", path, None, body)[0])

    def put_file(self, path: Path, content: bytes) -> Row:
        """Set a file; repeated, it means the same. Raises GitlabError."""
        return _object(_named("PUT", path), self._repeated("PUT", path, None, content)[0])

    def post(self, path: Path, body: Mapping[str, Any]) -> Row:
        """Create. Raises ReplyLost where it may have happened, GitlabError where it did not."""
        return _object(_named("POST", path), self._repeated("POST", path, None, body)[0])

    def _repeated(
        self, method: str, path: Path, query: Query | None, body: Body = None
    ) -> tuple[Any, Mapping[str, str]]:
        """The reply to a request that is repeated where that is safe."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(method, path, query, body)
            except _Passing as passing:
                wait = pause(passing.headers, attempt, self._clock.now(), self._spread())
                if wait is None:
                    raise passing.error from None
            self._clock.sleep(wait)
        raise AssertionError("the last attempt has no pause")

    def _once(self, method: str, path: Path, query: Query | None, body: Body) -> tuple[Any, Mapping[str, str]]:
        what, url = _named(method, path), _url(self._base, path, query)
        for _ in range(_REDIRECTS + 1):
            status, headers, raw = self._send(method, url, what, body)
            if 200 <= status < 300:
                return _parsed(what, raw), headers
            if not 300 <= status < 400:
                raise self._refused(method, what, status, headers, raw)
            url = self._moved(method, what, url, headers.get("Location", ""))
        raise strange(what, "its redirects do not end")

    def _refused(
        self, method: str, what: str, status: int, headers: Mapping[str, str], raw: bytes
    ) -> GitlabError | _Passing:
        error = by_status(status, what, raw, self._token)
        if error.code == "L107" and method == "POST":
            return ReplyLost(str(error), code="L108", status=status)
        return _Passing(error, headers) if error.code in ("L106", "L107") else error

    def _moved(self, method: str, what: str, url: str, location: str) -> str:
        """Where a redirect leads, on the same origin."""
        target = urljoin(url, location)
        if method != "GET":
            raise strange(what, "a redirect; a write is not sent on")
        if not location or _origin(target) != _origin(self._base):
            raise strange(what, f"a redirect to {_origin(target) or 'nowhere'}; the token is not sent there")
        return target

    def _send(self, method: str, url: str, what: str, body: Body) -> tuple[int, Mapping[str, str], bytes]:
        headers = {
            self._token.header: self._token.value,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"releaser/{__version__}",
        }
        if body is not None:
            headers["Content-Type"] = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace") if isinstance(body, Mapping) else body
        try:
            reply = self._pool.request(
                method,
                url,
                body=raw,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
                timeout=_TIMEOUT,
            )
            return reply.status, reply.headers, self._content(reply, what, self._clock.monotonic() + _SECONDS)
        except (HTTPError, OSError) as error:
            raise _broken(method, what, error) from None

    def _content(self, reply: urllib3.BaseHTTPResponse, what: str, deadline: float) -> bytes:
        """The whole body. A connection that is left with something unread is closed."""
        whole = False
        try:
            found = bytearray()
            for part in reply.stream(1 << 16, decode_content=False):
                found += part
                if len(found) > _LARGEST:
                    raise strange(what, f"it is larger than {_LARGEST >> 20} MB")
                if self._clock.monotonic() > deadline:
                    raise TimeoutError
            whole = True
            return bytes(found)
        finally:
            if not whole:
                reply.close()
            reply.release_conn()


class _Passing(Exception):
    """A failure that may pass."""

    def __init__(self, error: GitlabError, headers: Mapping[str, str]) -> None:
        super().__init__(str(error))
        self.error = error
        self.headers = headers


def _broken(method: str, what: str, error: Exception) -> Exception:
    """What a failure without a reply means."""
    if isinstance(error, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return GitlabError(f"GitLab's certificate is not trusted, so {what} was not sent", code="L110")
    if method == "POST" and not isinstance(error, _UNSENT):
        return ReplyLost(f"the answer to {what} was lost ({type(error).__name__})", code="L108")
    return _Passing(GitlabError(f"GitLab gave no answer to {what} ({type(error).__name__})", code="L100"), {})


def _named(method: str, path: Path) -> str:
    return f"{method} /{'/'.join(str(part) for part in path)}"


def _url(base: str, path: Path, query: Query | None) -> str:
    parts = [str(part) for part in path]
    if any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"not the parts of a path: {path!r}")  # a URL's dots would lead out of the project
    url = f"{base}/{'/'.join(quote(part, safe='') for part in parts)}"
    return f"{url}?{urlencode(_texts(query))}" if query else url


def _texts(query: Query) -> dict[str, str]:
    return {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in query.items()}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    try:
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.hostname else ""


def _parsed(what: str, raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        raise strange(what, "no JSON") from None


def _object(what: str, found: Any) -> Row:
    if not isinstance(found, dict):
        raise strange(what, "no object")
    return found
