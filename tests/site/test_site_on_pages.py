"""The pages as GitLab Pages serves them: below a path, also that of a merge request's own deployment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from test_site_pages import Page

PREFIX = "/bank/releases/mr-7/"


@pytest.fixture
def served(site: Path) -> Iterator[str]:
    """The site below a prefix; nothing else is there."""

    class Handler(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def translate_path(self, path: str) -> str:
            inside = path.removeprefix(PREFIX) if path.startswith(PREFIX) else "no/such/page"
            return str(site / inside) + ("/" if path.endswith("/") else "")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_every_page_is_reached_from_the_first_below_a_prefix(site: Path, served: str, tmp_path: Path) -> None:
    connection = HTTPConnection(urlsplit(served).netloc)
    waiting, seen = [served + PREFIX], {served + PREFIX}
    text = tmp_path / "page.html"
    while waiting:
        address = waiting.pop()
        connection.request("GET", urlsplit(address).path)
        reply = connection.getresponse()
        body = reply.read()
        assert reply.status == 200, (address, reply.status)
        if reply.headers["Content-Type"] != "text/html":
            continue
        text.write_bytes(body)
        for link in Page(text).links:
            target = urldefrag(urljoin(address, link)).url
            if target.startswith(served) and target not in seen:
                seen.add(target)
                waiting.append(target)
    written = {
        f"{served}{PREFIX}{path.relative_to(site)}" for path in site.rglob("*") if path.suffix in (".html", ".css")
    }
    assert len(written) > 100
    assert written <= seen


def test_no_link_names_a_place_of_the_server(site: Path) -> None:
    links = [link for path in site.rglob("*.html") for link in Page(path).links]
    assert not [link for link in links if link.startswith("/")]
    assert {urlsplit(link).scheme for link in links} == {"", "https"}
