"""Runs of ``releaser`` as real processes, which can be killed."""

from __future__ import annotations

import itertools
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RUNS = itertools.count(1)


@dataclass(frozen=True)
class Ended:
    """What a run left: exit code (negative: the signal), stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err

    def json(self) -> Any:
        return json.loads(self.out)


class Zygote:
    """The warm process that forks runs; ends with this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        script = Path(__file__).with_name("zygote.py")
        pipe = subprocess.PIPE
        self._child = subprocess.Popen([sys.executable, str(script)], stdin=pipe, stdout=pipe)
        self._buffer = b""
        self._codes: dict[int, int] = {}
        self._pids: list[int] = []
        self._read(30, lambda m: "ready" in m)

    def start(self, args: Sequence[str], cwd: Path, env: Mapping[str, str], **bent: Any) -> Running:
        """Begins a run and does not wait for it. ``bent``: haste, later, order (see ``zygote``)."""
        out = self.folder / f"run-{next(_RUNS)}"
        request = {"args": [*args], "cwd": str(cwd), "env": dict(env), "out": str(out), **bent}
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(request).encode() + b"\n")
        self._child.stdin.flush()
        self._read(10, lambda m: "pid" in m)
        return Running(self, self._pids.pop(), out)

    def code(self, pid: int, seconds: float) -> int | None:
        """The exit code of a run; None while it runs."""
        if pid not in self._codes:
            self._read(seconds, lambda m: m.get("exited") == pid)
        return self._codes.get(pid)

    def close(self) -> None:
        assert self._child.stdin is not None and self._child.stdout is not None
        self._child.stdin.close()
        self._child.wait(10)
        self._child.stdout.close()

    def _read(self, seconds: float, wanted: Callable[[dict[str, Any]], bool]) -> None:
        assert self._child.stdout is not None
        deadline = time.monotonic() + seconds
        while True:
            while b"\n" in self._buffer:
                line, self._buffer = self._buffer.split(b"\n", 1)
                message = json.loads(line)
                if "exited" in message:
                    self._codes[message["exited"]] = message["code"]
                if "pid" in message:
                    self._pids.append(message["pid"])
                    self._codes.pop(message["pid"], None)  # of an earlier process: numbers come again
                if wanted(message):
                    return
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._child.stdout], [], [], left)[0]:
                return
            found = os.read(self._child.stdout.fileno(), 65536)
            if not found:
                raise RuntimeError("the zygote ended")
            self._buffer += found


@dataclass
class Running:
    """A run under way."""

    zygote: Zygote
    pid: int
    out: Path

    @property
    def is_over(self) -> bool:
        return self.zygote.code(self.pid, 0.0) is not None

    def wait(self, seconds: float = 60.0) -> Ended:
        """Its end. Kills it, and fails, when it takes longer."""
        code = self.zygote.code(self.pid, seconds)
        if code is None:
            os.kill(self.pid, signal.SIGKILL)
            self.zygote.code(self.pid, 5.0)
            raise AssertionError(f"no end after {seconds} s:\n{self._text('err')}")
        return Ended(code, self._text("out"), self._text("err"))

    def kill(self) -> Ended:
        """SIGKILL: no farewell. Its git processes are in sessions of their own and live on."""
        os.kill(self.pid, signal.SIGKILL)
        return self.wait(10)

    def interrupt(self) -> None:
        """Ctrl-C."""
        os.kill(self.pid, signal.SIGINT)

    def _text(self, what: str) -> str:
        path = self.out.with_suffix(f".{what}")
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def until(true: Callable[[], Any], seconds: float = 20.0, why: str = "") -> Any:
    """Waits for something to become true, and gives it."""
    deadline = time.monotonic() + seconds
    pause = 0.004
    while True:
        found = true()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {why}")
        time.sleep(pause)
        pause = min(0.01, pause * 1.5)  # to ask a sandbox costs both sides more than what is waited for
