"""TLS and proxies, on sockets: who is trusted, and what a proxy gets to see."""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tick import Clock

from releaser.core.errors import ReleaserError
from releaser.gitlab.api import Api
from releaser.gitlab.connecting import connect
from releaser.gitlab.context import read_context
from releaser.gitlab.errors import GitlabError


@dataclass
class Tls:
    """A server that speaks TLS with a certificate of its own issuer, and the tokens that it was shown."""

    url: str
    certificates: Path
    heard: list[str | None] = field(default_factory=list)

    def api(self, **more: str) -> Api:
        """A job's client."""
        job = {"CI_SERVER_URL": self.url, "CI_PROJECT_ID": "12", "CI_JOB_TOKEN": "job-1", **more}
        found = connect(read_context(job), Clock())
        assert found is not None
        return found


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[Tls]:
    key, made = tmp_path / "key.pem", tmp_path / "made.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command = ["openssl", "req", "-x509", *curve, "-nodes", "-days", "2", *subject]
    subprocess.run([*command, "-keyout", str(key), "-out", str(made)], check=True, capture_output=True)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.heard.append(self.headers["JOB-TOKEN"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"id": 12}')

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    wrapped = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    wrapped.load_cert_chain(made, key)
    server.socket = wrapped.wrap_socket(server.socket, server_side=True)
    found = Tls(f"https://localhost:{server.server_port}", made)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


def test_nothing_is_sent_to_a_server_that_nobody_vouches_for(tls: Tls) -> None:
    api = tls.api()
    for ask in (lambda: api.get(api.here()), lambda: api.post(api.here(), {})):
        with pytest.raises(GitlabError) as caught:
            ask()
        assert (caught.value.code, tls.heard) == ("L110", [])


def test_the_runners_issuers_are_trusted_too(tls: Tls) -> None:
    api = tls.api(CI_SERVER_TLS_CA_FILE=str(tls.certificates))
    assert (api.get(api.here())["id"], tls.heard) == (12, ["job-1"])


def test_the_certificate_must_be_for_the_server_that_is_asked(tls: Tls) -> None:
    tls.url = tls.url.replace("localhost", "127.0.0.1")
    api = tls.api(CI_SERVER_TLS_CA_FILE=str(tls.certificates))
    with pytest.raises(GitlabError) as caught:
        api.get(api.here())
    assert (caught.value.code, tls.heard) == ("L110", [])


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_without_certificates_is_an_error(tls: Tls, tmp_path: Path, content: str | None) -> None:
    place = tmp_path / "issuers.pem"
    if content is not None:
        place.write_text(content)
    with pytest.raises(ReleaserError, match="CI_SERVER_TLS_CA_FILE") as caught:
        tls.api(CI_SERVER_TLS_CA_FILE=str(place))
    assert caught.value.code == "L110"


class Proxy(socketserver.StreamRequestHandler):
    """Joins two sockets after CONNECT, and writes down what it can read."""

    seen: list[str]

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.rfile.readline()
        self.seen.append(head.decode())
        host, _, port = head.split()[1].decode().rpartition(":")
        with socket.create_connection((host, int(port))) as there:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=self._pump, args=(there, self.connection), daemon=True)
            back.start()
            self._pump(self.connection, there)
            back.join(5)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                self.seen.append(data.decode("latin-1"))
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def test_a_proxy_gets_its_own_login_and_never_the_token(tls: Tls) -> None:
    seen: list[str] = []
    handler = type("Handler", (Proxy,), {"seen": seen})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        proxy = f"http://me:hu%73h@127.0.0.1:{server.server_address[1]}"
        api = tls.api(CI_SERVER_TLS_CA_FILE=str(tls.certificates), https_proxy=proxy)
        assert api.get(api.here())["id"] == 12
        api = tls.api(CI_SERVER_TLS_CA_FILE=str(tls.certificates), https_proxy=proxy, no_proxy="localhost")
        assert api.get(api.here())["id"] == 12
        server.shutdown()
    heads = [text for text in seen if text.startswith("CONNECT localhost:")]
    assert (len(heads), tls.heard) == (1, ["job-1", "job-1"])
    assert base64.b64encode(b"me:hush").decode() in heads[0]
    assert not [text for text in seen if "job-1" in text]
