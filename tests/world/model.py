"""Servers that a test writes: JSON posted to them is answered with what a function says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Says = Callable[[str, str], str]
"""System prompt and last message -> the reply."""


@contextmanager
def speaking(says: Says) -> Iterator[str]:
    """The URL of a model with ``/v1/chat/completions`` while it runs."""

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        system = "\n".join(_text(m) for m in asked["messages"] if m["role"] == "system")
        said = says(system, _text(asked["messages"][-1]))
        message = {"role": "assistant", "content": said}
        return {"choices": [{"message": message, "finish_reason": "stop"}], "usage": _usage(said)}

    with answering(answer) as url:
        yield url


@contextmanager
def answering(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[str]:
    """The URL of a server while it runs. ``answer``: what was posted -> the reply."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(answer(asked)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _text(message: dict[str, Any]) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def _usage(said: str) -> dict[str, int]:
    return {"prompt_tokens": 100, "completion_tokens": len(said) // 4 + 1}
