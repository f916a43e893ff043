"""Sandboxes as processes: started, found again by their data folder, stopped without hitting anyone else.

The state file ``sandbox.json`` in the data folder names pid and port; it is believed only when the admin
API at that port answers with the same pid and data folder. A lock on the folder, which dies with its
process, keeps two out.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from releaser.sandbox.client import AdminClient, SandboxRefused
from releaser.sandbox.upstream import Upstream

DEFAULT_PORT = 4700
_STATE, _LOCK = "sandbox.json", "sandbox.lock"


class CannotStart(Exception):
    """Why no sandbox was started, and what to do."""


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that answered."""

    pid: int
    port: int
    data: Path

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def admin(self) -> AdminClient:
        """Its admin API."""
        return AdminClient(self.url)


def find(data: Path) -> Running | None:
    """The sandbox of this data folder, if one is alive; stale state files are not believed."""
    try:
        state = json.loads((data / _STATE).read_text())
        found = Running(int(state["pid"]), int(state["port"]), data)
        health = AdminClient(found.url, timeout=2.0).health()
    except (OSError, ValueError, KeyError, TypeError, SandboxRefused):
        return None
    same = health.get("pid") == found.pid and health.get("data") == str(data.resolve())
    return found if same else None


def run(
    port: int,
    data: Path,
    scale: float,
    ready: Callable[[Running], None],
    watch_stdin: bool = False,
    upstream: Upstream | None = None,
) -> None:
    """Runs a sandbox in this process until it is stopped."""
    from releaser.sandbox.app import Sandbox
    from releaser.sandbox.server import serve

    data.mkdir(parents=True, exist_ok=True)
    data = data.resolve()
    lock = _lock(data)

    def announce(bound: int) -> None:
        running = Running(os.getpid(), bound, data)
        temporary = data / f"{_STATE}.new"
        temporary.write_text(json.dumps({"pid": running.pid, "port": bound, "url": running.url}) + "\n")
        temporary.replace(data / _STATE)
        ready(running)

    try:
        listener = _listen(port)
        asyncio.run(serve(Sandbox(data, scale, upstream), listener, announce, watch_stdin))
        (data / _STATE).unlink(missing_ok=True)
    finally:
        lock.close()


def _listen(port: int) -> socket.socket:
    from releaser.sandbox.server import bind

    try:
        return bind(port)
    except OSError as error:
        raise CannotStart(
            f"port {port} on 127.0.0.1 is taken ({error.strerror}); stop what uses it, or choose another "
            "with --port N (--port 0 picks a free one)"
        ) from error


def _lock(data: Path) -> IO[str]:
    handle = (data / _LOCK).open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        other = find(data)
        where = f" at {other.url} (pid {other.pid})" if other else ""
        raise CannotStart(f"a sandbox already uses {data}{where}; stop it, or choose another --data DIR") from error
    return handle


def command(port: int, data: Path, scale: float, *more: str) -> list[str]:
    """The command line of a sandbox in a process of its own."""
    options = ["--port", str(port), "--data", str(data), "--time-scale", str(scale)]
    return [sys.executable, "-m", "releaser.sandbox", *options, *more]


def _options(upstream: Upstream | None) -> list[str]:
    if upstream is None:
        return []
    return ["--llm-url", upstream.url, *(["--llm-model", upstream.model] if upstream.model else [])]


def environment() -> dict[str, str]:
    """The environment in which that command finds this package."""
    root = str(Path(__file__).resolve().parents[2])
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{known}" if known else root}


def start_detached(
    port: int, data: Path, scale: float, timeout: float = 10.0, upstream: Upstream | None = None
) -> Running:
    """Starts a sandbox that outlives this process; returns when it answers."""
    data.mkdir(parents=True, exist_ok=True)
    log = data / "sandbox.log"
    with log.open("w") as out:
        line = command(port, data, scale, *_options(upstream))
        child = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment(), start_new_session=True
        )
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        found = find(data)
        if found is not None and found.pid == child.pid:
            return found
        if child.poll() is not None:
            raise CannotStart(log.read_text().strip() or f"the sandbox ended with code {child.returncode}")
        time.sleep(0.02)
    child.kill()
    raise CannotStart(f"the sandbox did not answer within {timeout:g} s; see {log}")


def stop(running: Running, timeout: float = 10.0) -> bool:
    """Asks a sandbox that was found to stop; True when it is gone."""
    running.admin.stop()
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if find(running.data) is None and not _alive(running.pid):
            return True
        time.sleep(0.02)
    return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True
