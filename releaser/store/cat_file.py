"""One ``git cat-file --batch`` that answers question after question: a process for a whole run, not one for each look.

It ends when its stdin closes, so it never outlives this process, however that ends. What it answers is as fresh as a
new process would be: refs are read at each question, and packs are looked for again before an object is missing.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

_AT_ONCE = 4096
"""Bytes of questions under way. The smallest pipe holds them, so that writing never waits while git waits for us to
read (pipe(7): one page)."""
_SAID = 1 << 16
_FAREWELL_SECONDS = 1.0
Start = Callable[[], "subprocess.Popen[bytes]"]


class Died(Exception):
    """git ended before it had answered; the argument is what it said."""


class TooSlow(Exception):
    """No byte came for so long."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object: full id, type, size in bytes, and the bytes (empty when only asked about)."""

    oid: str
    type: str
    size: int
    content: bytes


class CatFile:
    """Asks one process at a time, from any thread; a process that died or was left in mid-answer is replaced."""

    def __init__(self, start: Start, *, contents: bool, seconds: float) -> None:
        """``contents``: ``--batch``, else ``--batch-check``. ``seconds``: the longest silence."""
        self._start, self._contents, self._seconds = start, contents, seconds
        self._lock = threading.Lock()
        self._talk: _Talk | None = None
        _DOORS.add(self)

    def ask(self, names: Sequence[bytes]) -> list[Found | None]:
        """What each name stands for, in order; None where there is nothing. No name may contain a line end.

        Raises Died, TooSlow; the next question starts a new process.
        """
        found: list[Found | None] = []
        with self._lock:
            talk = self._talk = self._talk or _Talk(self._start())
            try:
                for part in _parts(names):
                    talk.write(b"".join(name + b"\n" for name in part), self._seconds)
                    found += [talk.answer(self._contents, self._seconds) for _ in part]
            except BaseException:  # an interrupt too: half an answer would be taken for the next one's
                self._talk = None
                talk.end()
                raise
        return found

    def forget(self) -> None:
        """After a fork: the process is the parent's, and must not live on because a child holds its pipes."""
        self._lock = threading.Lock()
        if self._talk is not None:
            self._talk.forget()
            self._talk = None


_DOORS: weakref.WeakSet[CatFile] = weakref.WeakSet()


def _forget_all() -> None:
    for door in list(_DOORS):
        door.forget()


os.register_at_fork(after_in_child=_forget_all)


class _Talk:
    """One process, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin and process.stdout and process.stderr
        self._process = process
        self._in, self._out, self._err = (f.fileno() for f in (process.stdin, process.stdout, process.stderr))
        self._left = bytearray()
        self._said = b""
        self.end = weakref.finalize(self, _end, process)  # at the latest when the interpreter ends

    def write(self, data: bytes, seconds: float) -> None:
        view = memoryview(data)
        deadline = time.monotonic() + seconds
        try:
            while view:  # once; more than a page is only a name that is longer
                _ready({self._in: select.POLLOUT}, deadline)
                view = view[os.write(self._in, view[:_AT_ONCE]) :]
        except BrokenPipeError:
            raise self._died() from None

    def answer(self, contents: bool, seconds: float) -> Found | None:
        while (end := self._left.find(b"\n")) < 0:
            self._more(seconds)
        head = bytes(self._left[:end]).split(b" ")
        del self._left[: end + 1]
        if len(head) != 3 or not head[2].isdigit() or len(head[0]) < 40:
            return None  # "<name> missing", "<name> ambiguous", "<id> submodule"
        size = int(head[2])
        found = Found(head[0].decode(), head[1].decode(), size, self._take(size, seconds) if contents else b"")
        if contents and self._take(1, seconds) != b"\n":
            raise Died("its answer is not as long as it said")
        return found

    def _take(self, size: int, seconds: float) -> bytes:
        while len(self._left) < size:
            self._more(seconds)
        taken = bytes(self._left[:size])
        del self._left[:size]
        return taken

    def _more(self, seconds: float) -> None:
        """Wait for bytes. stderr is read too: git must not wait for us there."""
        deadline = time.monotonic() + seconds
        wanted = {self._out: select.POLLIN, self._err: select.POLLIN}
        while True:
            ready = _ready(wanted, deadline)
            if self._err in ready:
                said = os.read(self._err, _SAID)
                self._said = (self._said + said)[-_SAID:]
                if not said:
                    del wanted[self._err]
            if self._out in ready:
                read = os.read(self._out, 1 << 20)
                if not read:
                    raise self._died()
                self._left += read
                return

    def _died(self) -> Died:
        with contextlib.suppress(OSError):
            os.set_blocking(self._err, False)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_FAREWELL_SECONDS)
            while said := os.read(self._err, _SAID):
                self._said = (self._said + said)[-_SAID:]
        return Died(self._said.decode("utf-8", "replace").strip())

    def forget(self) -> None:
        self.end.detach()
        _close(self._process)
        self._process.returncode = 0  # nothing here waits for it


def _ready(wanted: Mapping[int, int], deadline: float) -> set[int]:
    """Which of the pipes can go on. Raises TooSlow. (``select`` cannot name a file above 1,023.)"""
    poll = select.poll()
    for pipe, event in wanted.items():
        poll.register(pipe, event)
    ready = poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
    if not ready:
        raise TooSlow
    return {pipe for pipe, _ in ready}


def _parts(names: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    start = size = 0
    for at, name in enumerate(names):
        if size and size + len(name) + 1 > _AT_ONCE:
            yield names[start:at]
            start, size = at, 0
        size += len(name) + 1
    if size:
        yield names[start:]


def _end(process: subprocess.Popen[bytes]) -> None:
    _close(process)
    try:
        process.wait(_FAREWELL_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # it may be waiting for the server of a partial clone
        process.wait()


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
