"""``releaser`` in a job's shell: a real process, forked from the warm one, that can be killed like any other."""

from __future__ import annotations

import os
import shlex
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from world.process import Running, Zygote

_PROGRAM = r"""#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/PORT
{ printf '%s\0' "$PWD" $# "$@"; env -0; printf '\0'; } >&3
read -r code out err <&3
cat "$out"; cat "$err" >&2
exit "$code"
"""


class Door:
    """Takes what ``releaser`` in a shell was called with, and runs it."""

    def __init__(self, zygote: Zygote, bin_: Path) -> None:
        self.zygote, self.bin = zygote, bin_
        self.running: dict[str, Running] = {}
        """By the id of the job."""
        self.calls: list[str] = []
        self._lock = threading.Lock()

    def run(self, folder: str, args: list[str], env: dict[str, str]) -> tuple[int, Path]:
        job = env.get("CI_JOB_ID", "")
        with self._lock:
            self.calls.append(shlex.join(args))
            running = self.running[job] = self.zygote.start(args, Path(folder), env, haste=50.0)
        while True:
            with self._lock:
                code = self.zygote.code(running.pid, 0.0)
            if code is not None:
                del self.running[job]
                return (128 - code if code < 0 else code), running.out
            time.sleep(0.01)

    def kill(self, job: str) -> None:
        """SIGKILL, as when a machine is gone."""
        os.kill(self.running[job].pid, 9)


class _Handler(socketserver.StreamRequestHandler):
    door: Door

    def handle(self) -> None:
        words: list[str] = []
        raw = b""
        while not raw.endswith(b"\0\0"):
            raw += self.request.recv(65536)
        words = raw[:-2].decode().split("\0")
        folder, count = words[0], int(words[1])
        env = dict(word.split("=", 1) for word in words[2 + count :])
        code, out = self.door.run(folder, words[2 : 2 + count], env)
        self.wfile.write(f"{code} {out.with_suffix('.out')} {out.with_suffix('.err')}\n".encode())


@contextmanager
def opened(zygote: Zygote, folder: Path) -> Iterator[Door]:
    """A door, and the program that knocks at it in ``door.bin``."""
    door = Door(zygote, folder / "bin")
    handler = type("Handler", (_Handler,), {"door": door})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        door.bin.mkdir(parents=True)
        program = door.bin / "releaser"
        program.write_text(_PROGRAM.replace("PORT", str(server.server_address[1])))
        program.chmod(0o755)
        yield door
        server.shutdown()
        thread.join()
