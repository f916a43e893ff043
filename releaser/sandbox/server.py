"""The socket: HTTP/1.1 with keep-alive on 127.0.0.1, one thread; one buffered write per reply, one chunk per event.

Faults act here, below any web framework: a connection can be reset before or after the effect, a reply
cut in the middle, a request held at exactly one point until it is released or its client is gone.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from releaser.sandbox.admin import Admin
from releaser.sandbox.app import Sandbox, Work
from releaser.sandbox.errors import AwsError
from releaser.sandbox.event_stream import CONTENT_TYPE, split
from releaser.sandbox.request import Request
from releaser.sandbox.upstream import Answer, Pending
from releaser.sandbox.wire import Reply, failure

HOST = "127.0.0.1"
_MAX_BODY = 20 * 1024 * 1024
_MAX_OBJECT = 256 * 1024 * 1024
_MAX_HEAD = 64 * 1024
_ASKED_AT_ONCE = 64


@dataclass(slots=True)
class Held:
    """A request that a hang fault holds."""

    connection: Connection
    work: Work
    go_on: Callable[[], None]


class Hub:
    """What the connections share: the sandbox, its admin API, held requests, open connections."""

    def __init__(self, sandbox: Sandbox, stop: Callable[[], None]) -> None:
        self.sandbox = sandbox
        self.held: list[Held] = []
        self.admin = Admin(sandbox, self.describe_held, self.release, stop)
        self._threads = ThreadPoolExecutor(_ASKED_AT_ONCE, thread_name_prefix="model")

    def ask(self, request: Mapping[str, Any], then: Callable[[Answer], None]) -> None:
        """Asks the real model on a thread of its own; ``then`` runs on this one."""
        upstream = self.sandbox.upstream
        assert upstream is not None
        asked = asyncio.get_running_loop().run_in_executor(self._threads, upstream.ask, request)
        asked.add_done_callback(lambda done: None if done.cancelled() else then(done.result()))

    def close(self) -> None:
        """Waits for no model any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def describe_held(self) -> list[dict[str, Any]]:
        """The requests held now."""
        return [
            {"operation": h.work.operation.key, "account": h.work.account, "requestId": h.work.request_id}
            for h in self.held
            if h.work.operation
        ]

    def release(self) -> int:
        """Lets all held requests go on; how many there were."""
        held, self.held = self.held, []
        for one in held:
            one.go_on()
        return len(held)

    def forget(self, connection: Connection) -> None:
        """A client that is gone is held no more; what was held before its effect never happens."""
        self.held = [one for one in self.held if one.connection is not connection]


class Connection(asyncio.Protocol):
    """One client connection; requests on it are answered one after the other."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.transport: asyncio.Transport | None = None
        self.buffer = bytearray()
        self.busy = False
        self.work: Work | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport; Nagle's delay is off."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets what was held for this client."""
        self.transport = None
        self._leave(whole=False)
        self.hub.forget(self)

    def data_received(self, data: bytes) -> None:
        """Takes bytes in; starts the next request when whole."""
        self.buffer += data
        self._next()

    def _next(self) -> None:
        if self.busy or not self.buffer:
            return
        request = self._read()
        if request is None:
            return
        self.busy = True
        if request.path.startswith("/_sandbox/"):
            self._send(self.hub.admin.handle(request).encode())
        else:
            self._begin(request)

    def _read(self) -> Request | None:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > _MAX_HEAD:
                self._refuse("the request head is too large")
            return None
        lines = self.buffer[:end].decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in lines[1:])}
        try:
            method, target, _ = lines[0].split(" ", 2)
            length = int(headers.get("content-length", 0))
        except ValueError:
            self._refuse("the request line or Content-Length cannot be read")
            return None
        chunked = "chunked" in headers.get("transfer-encoding", "")
        body, total = _unchunk(self.buffer, end + 4) if chunked else (b"", end + 4 + length)
        most = _MAX_OBJECT if "/s3/aws4_request" in headers.get("authorization", "") else _MAX_BODY
        if length > most or len(self.buffer) > most + _MAX_HEAD:
            self._refuse("the request is too large")
            return None
        if total < 0 or len(self.buffer) < total:
            if headers.get("expect", "").lower() == "100-continue" and len(self.buffer) == end + 4 and self.transport:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return None
        if not chunked:
            body = bytes(self.buffer[end + 4 : total])
        del self.buffer[:total]
        path, _, query = target.partition("?")
        return Request(method, path, query, headers, body)

    def _refuse(self, why: str) -> None:
        self.buffer.clear()
        if self.transport:
            self.transport.write(failure(None, AwsError("BadRequest", why, 400), "-").encode())
            self.transport.close()

    def _begin(self, request: Request) -> None:
        work = self.work = self.hub.sandbox.understand(request)
        effects = work.effects
        wait = self.hub.sandbox.wait(work)
        if effects and effects.hang == "before":
            self.hub.held.append(Held(self, work, lambda: self._effect(work)))
        elif wait:
            asyncio.get_running_loop().call_later(wait, self._effect, work)
        else:
            self._effect(work)

    def _effect(self, work: Work) -> None:
        effects = work.effects
        if effects and effects.reset == "before":
            self._reset()
            return
        self._answer(work)

    def _answer(self, work: Work) -> None:
        """Answers now; or asks the real model on another thread, and goes on when that has answered."""
        effects = work.effects
        try:
            reply = self.hub.sandbox.answer(work)
        except Pending as pending:
            self.hub.ask(pending.request, lambda answer: self._go_on(work, answer))
            return
        if effects and effects.hang == "after":
            self.hub.held.append(Held(self, work, lambda: self._deliver(work, reply)))
        else:
            self._wait_for_model(work, reply)

    def _wait_for_model(self, work: Work, reply: Reply) -> None:
        """A reply takes as long as its models; a stream begins with the first token."""
        wait = work.pace.first if reply.content_type == CONTENT_TYPE else work.pace.total
        if wait:
            asyncio.get_running_loop().call_later(wait, self._deliver, work, reply)
        else:
            self._deliver(work, reply)

    def _go_on(self, work: Work, answer: Answer) -> None:
        work.answers.append(answer)
        self._answer(work)

    def _deliver(self, work: Work, reply: Reply) -> None:
        effects = work.effects
        if effects and effects.reset == "after":
            self._reset()
        elif effects and effects.truncate is not None:
            self._truncate(work, reply, effects.truncate)
        elif reply.content_type == CONTENT_TYPE:
            self._stream(work, reply)
        else:
            self._send(reply.encode())

    def _stream(self, work: Work, reply: Reply, whole: bool = True) -> None:
        """A chunk for every event, spread over the model's time; ``whole``: the last chunk comes too."""
        chunks = [f"{len(frame):x}\r\n".encode() + frame + b"\r\n" for frame in split(reply.body)]
        loop = asyncio.get_running_loop()
        seconds, began = max(0.0, work.pace.total - work.pace.first), loop.time()
        step = seconds / max(1, len(chunks) - 1)

        def go_on(at: int) -> None:
            if not self.transport or self.transport.is_closing():
                return
            until = at + 1 if step else len(chunks)
            self.transport.write(b"".join(chunks[at:until]))
            if until < len(chunks):
                loop.call_at(began + until * step, go_on, until)
            elif whole:
                self._send(b"0\r\n\r\n")
            else:
                self.transport.close()

        if self.transport:
            self.transport.write(reply.chunked())
            go_on(0)

    def _truncate(self, work: Work, reply: Reply, options: Any) -> None:
        short = reply.cut(options.get("keep", len(reply.body) // 2))
        if reply.content_type == CONTENT_TYPE:
            self._stream(work, short, whole=options.get("form", "short") == "short")
        elif options.get("form", "short") == "short":
            self._send(short.encode())
        elif self.transport:
            self.transport.write(short.encode(length=len(reply.body)))
            self.transport.close()

    def _leave(self, whole: bool) -> None:
        work, self.work = self.work, None
        if work is not None:
            self.hub.sandbox.leave(work, whole)

    def _send(self, data: bytes) -> None:
        self.busy = False
        if self.transport and not self.transport.is_closing():
            self.transport.write(data)
            self._leave(whole=True)
            if self.buffer:
                asyncio.get_running_loop().call_soon(self._next)

    def _reset(self) -> None:
        """RST instead of FIN: what a client sees when the network fails under it."""
        if self.transport:
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()


def _unchunk(buffer: bytearray, start: int) -> tuple[bytes, int]:
    body, at = bytearray(), start
    while True:
        line = buffer.find(b"\r\n", at)
        if line < 0:
            return b"", -1
        size = int(bytes(buffer[at:line]).split(b";")[0] or b"0", 16)
        after = line + 2 + size + 2
        if len(buffer) < after:
            return b"", -1
        if size == 0:
            return bytes(body), after
        body += buffer[line + 2 : line + 2 + size]
        at = after


async def serve(sandbox: Sandbox, listener: socket.socket, ready: Callable[[int], None], watch_stdin: bool) -> None:
    """Serves until told to stop by a signal, by the admin API or (``watch_stdin``) by the end of stdin."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop_soon() -> None:
        loop.call_later(0.05, stopped.set)

    hub = Hub(sandbox, stop_soon)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    if watch_stdin:
        loop.add_reader(sys.stdin.fileno(), _on_stdin, stopped)
    server = await loop.create_server(lambda: Connection(hub), sock=listener, backlog=1024)
    ready(listener.getsockname()[1])
    await stopped.wait()
    server.close()
    hub.close()
    sandbox.store.close()


def _on_stdin(stopped: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        stopped.set()


def bind(port: int) -> socket.socket:
    """A listening socket on the loopback interface only. OSError when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    return listener
