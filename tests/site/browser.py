"""A headless Chromium without a network, spoken to over a pipe: enough of the DevTools protocol to look at a page."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = re.findall(
    r"\S+",
    """--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --disable-dev-shm-usage --remote-debugging-pipe
    --proxy-server=127.0.0.1:9""",
)


@dataclass
class Looked:
    """What a page did."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """Of the console, of the policy, of what could not be loaded."""
    width: int = 0
    """Of the whole document, in CSS pixels."""
    colour: str = ""
    """Of the body's ground: proof that the style was loaded."""


class Browser:
    """One browser; ``with`` it."""

    def __enter__(self) -> Browser:
        self.folder = tempfile.mkdtemp(prefix="browser-")
        to_browser, self._out = os.pipe()
        self._in, from_browser = os.pipe()

        def give() -> None:
            os.dup2(to_browser, 3)
            os.dup2(from_browser, 4)

        command = [str(CHROMIUM), *_FLAGS, f"--user-data-dir={self.folder}"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, preexec_fn=give, close_fds=False, **quiet)
        os.close(to_browser)
        os.close(from_browser)
        self._rest, self._number = b"", 0
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = ""
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._out)
        self.process.terminate()
        self.process.wait(10)
        os.close(self._in)
        shutil.rmtree(self.folder, ignore_errors=True)

    def look(self, page: Path, width: int, *, dark: bool = False) -> Looked:
        """Open a file at a width and see what it does."""
        found = Looked()
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self._send("Page.navigate", url=page.as_uri())
        for message in self._messages():
            method, told = message.get("method"), message.get("params", {})
            if method == "Network.requestWillBeSent":
                found.requests.append(told["request"]["url"])
            elif method in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
                found.complaints.append(json.dumps(told)[:400])
            elif method == "Network.loadingFailed":
                found.complaints.append(told["errorText"])
            elif method == "Page.loadEventFired":
                break
        found.width = self._value("document.documentElement.scrollWidth")
        found.colour = self._value("getComputedStyle(document.body).backgroundColor")
        return found

    def _value(self, expression: str) -> Any:
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = self._send(method, **params)
        for message in self._messages():
            if message.get("id") == number:
                assert "error" not in message, message
                found: dict[str, Any] = message["result"]
                return found
        raise AssertionError(f"no answer to {method}")

    def _send(self, method: str, **params: Any) -> int:
        self._number += 1
        session = {"sessionId": self._session} if getattr(self, "_session", "") else {}
        message = {"id": self._number, "method": method, "params": params, **session}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        return self._number

    def _messages(self) -> Iterator[dict[str, Any]]:
        while True:
            while b"\0" not in self._rest:
                read = os.read(self._in, 1 << 16)
                if not read:
                    return
                self._rest += read
            raw, _, self._rest = self._rest.partition(b"\0")
            yield json.loads(raw)
