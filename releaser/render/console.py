"""What a run tells while it runs: a live line on a terminal, plain lines elsewhere. All of it on stderr.

A sink: it hears events from several threads, never prints a body, and never changes the course of a run: when the
stream breaks (``reconcile 2>&1 | head -1``), it is silent from then on.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, TextIO, cast

from releaser.core.events import Evaluating, Event, Noted, RunStarted, StepEnded, StepStarted, UseCaseEnded
from releaser.core.outcome import Outcome, Status
from releaser.render.escape import safe
from releaser.render.words import counted

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_SECTION = re.compile(r"[^a-z0-9_.-]+")
_EVALUATING = 10.0
"""Seconds between two plain lines on one suite."""


class Console(Protocol):
    """A sink with a beginning and an end: what it opened on the screen is closed again, also after an error."""

    def emit(self, event: Event) -> None: ...

    def __enter__(self) -> Console: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the console must know of where it prints."""

    is_terminal: bool
    colour: bool
    gitlab: bool = False

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str]) -> Surroundings:
        """A terminal that is not dumb and not CI is live; NO_COLOR (set to anything) takes the colours away."""
        in_ci = bool(environ.get("CI"))
        live = stream.isatty() and environ.get("TERM") != "dumb" and not in_ci
        colour = live and not environ.get("NO_COLOR")
        return cls(live, colour, environ.get("GITLAB_CI") == "true")


def console(environ: Mapping[str, str], stream: TextIO | None = None, *, quiet: bool = False) -> Console:
    """The console for these surroundings, on stderr unless told otherwise. ``quiet``: failures only."""
    out = stream if stream is not None else sys.stderr
    around = Surroundings.of(out, environ)
    if around.is_terminal and not quiet:
        return LiveConsole(out, colour=around.colour)
    return PlainConsole(out, gitlab=around.gitlab, quiet=quiet)


class Unbreakable:
    """A stream that falls silent at its first failure."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._broken = stream, False

    def write(self, text: str) -> int:
        """As the stream, or nothing."""
        if not self._broken:
            try:
                self._stream.write(text)
            except (OSError, ValueError):  # ValueError: it was closed
                self._break()
        return len(text)

    def flush(self) -> None:
        """As the stream, or nothing."""
        if not self._broken:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._break()

    def _break(self) -> None:
        self._broken = True
        if self._stream is sys.stderr:
            silence(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def silence(stream: TextIO) -> None:
    """What is still written to a broken stream, its own buffer at exit too, goes nowhere."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass  # it has no descriptor: there is nothing that could fail again at exit


class PlainConsole(AbstractContextManager["PlainConsole"]):
    """A line for the start, for each failure and for the end of each use case."""

    def __init__(self, stream: TextIO, *, gitlab: bool = False, quiet: bool = False) -> None:
        self._stream, self._gitlab, self._quiet = cast(TextIO, Unbreakable(stream)), gitlab, quiet
        self._section = ""
        self._told: dict[str, float] = {}
        self._lock = threading.Lock()

    def emit(self, event: Event) -> None:
        """Print what this event says, if anything."""
        with self._lock:
            self._emit(event)

    def _emit(self, event: Event) -> None:
        match event:
            case RunStarted() if not self._quiet:
                self._open(event)
            case StepEnded(outcome) if outcome.status in (Status.FAILED, Status.UNKNOWN):
                for text in failure_lines(outcome):
                    self._print(text)
            case UseCaseEnded() if not self._quiet or not event.succeeded:
                self._print(ending(event))
            case Noted(message) if not self._quiet:
                self._print(message)
            case Evaluating() if not self._quiet:
                self._evaluating(event)
            case _:
                pass

    def _evaluating(self, event: Evaluating) -> None:
        now = time.monotonic()
        if event.done < event.total and now - self._told.setdefault(event.suite, now) < _EVALUATING:
            return
        self._told[event.suite] = now
        self._print(f"{event.suite}: {progress(event)}")

    def _open(self, event: RunStarted) -> None:
        if self._gitlab:
            self._close()
            self._section = "releaser_" + _SECTION.sub("_", event.environment.lower())
            self._mark("section_start", self._section, safe(beginning(event)))
        else:
            self._print(beginning(event))

    def _close(self) -> None:
        if self._section:
            self._mark("section_end", self._section, "")
            self._section = ""

    def _mark(self, marker: str, name: str, header: str) -> None:
        # GitLab reads these from the job's log: section_start:UNIX_TIME:NAME, then carriage return and erase line.
        self._stream.write(f"\x1b[0K{marker}:{int(time.time())}:{name}\r\x1b[0K{header}\n")
        self._stream.flush()

    def _print(self, text: str) -> None:
        self._stream.write(safe(text) + "\n")
        self._stream.flush()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._close()


class LiveConsole(AbstractContextManager["LiveConsole"]):
    """One live line with what is done and what is being done; failures and endings stay above it."""

    def __init__(self, stream: TextIO, *, colour: bool) -> None:
        self._stream, self._colour = cast(TextIO, Unbreakable(stream)), colour
        self._lock = threading.Lock()
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._running: list[str] = []
        self._suites: dict[str, TaskID] = {}

    def emit(self, event: Event) -> None:
        """Show what this event says."""
        with self._lock:
            self._emit(event)

    def _emit(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._start(event)
            case StepStarted(key):
                self._running.append(str(key))
                self._advance(0)
            case StepEnded(outcome):
                if str(outcome.key) in self._running:
                    self._running.remove(str(outcome.key))
                if outcome.status in (Status.FAILED, Status.UNKNOWN):
                    self._say(failure_lines(outcome), "red")
                self._advance(1)
            case UseCaseEnded():
                self._say([ending(event)], "green" if event.succeeded else "cyan" if event.goes_on else "bold red")
            case Noted(message):
                self._say([message], "dim")
            case Evaluating():
                self._evaluating(event)

    def _evaluating(self, event: Evaluating) -> None:
        bars = self._opened()
        if event.suite not in self._suites:
            self._suites[event.suite] = bars.add_task("", total=event.total or None)
        bars.update(
            self._suites[event.suite],
            completed=event.done,
            total=event.total or None,
            description=f"{safe(event.suite)}: {progress(event, counts=False)}",
        )
        if event.done >= event.total:
            bars.remove_task(self._suites.pop(event.suite))
            self._say([f"{event.suite}: {progress(event)}"], "dim")

    def _start(self, event: RunStarted) -> None:
        progress = self._opened()
        if self._task is not None:
            progress.remove_task(self._task)
        self._running.clear()
        self._say([beginning(event)], "bold")
        self._task = progress.add_task("", total=event.steps or None)

    def _opened(self) -> Progress:
        if self._progress is None:
            from rich.console import Console as Rich
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            rich = Rich(file=self._stream, force_terminal=True, no_color=not self._colour, highlight=False)
            self._progress = Progress(
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.description}", markup=False),
                console=rich,
                transient=True,
            )
            self._progress.start()
        return self._progress

    def _advance(self, steps: int) -> None:
        if self._progress is None or self._task is None:
            return
        others = f" and {len(self._running) - 1} more" if len(self._running) > 1 else ""
        text = f"{safe(self._running[0])}{others}" if self._running else ""
        self._progress.update(self._task, advance=steps, description=text)

    def _say(self, lines: list[str], style: str) -> None:
        from rich.text import Text

        progress = self._opened()
        for text in lines:
            progress.console.print(Text(safe(text), style=style), soft_wrap=True)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._progress is not None:
                self._progress.stop()
                self._progress = None
                self._task = None
                self._suites.clear()


def progress(event: Evaluating, *, counts: bool = True) -> str:
    """``120 of 2000 answers, 41.5/s, 2 errors, cost 0.0312``."""
    parts = [f"{event.done} of {counted(event.total, 'answer')}"] if counts else []
    parts.append(f"{event.rate:.1f}/s")
    if event.errors:
        parts.append(counted(event.errors, "error"))
    if event.cost is not None:
        parts.append(f"cost {event.cost:.4f}")
    return ", ".join(parts)


def beginning(event: RunStarted) -> str:
    """``dev: 3 use cases, 12 steps``."""
    return f"{event.environment}: {counted(event.use_cases, 'use case')}, {counted(event.steps, 'step')}"


def ending(event: UseCaseEnded) -> str:
    """``ok claims-assistant r12`` or what went wrong."""
    name = f"{event.use_case} {event.release}".rstrip()
    said = f": {event.message}" if event.message else ""
    word = "ok    " if event.succeeded else "goes on" if event.goes_on else "FAILED"
    return f"{word} {name}{said}"


def failure_lines(outcome: Outcome) -> list[str]:
    """A failed step with its code and what to do."""
    what = "answer lost" if outcome.status is Status.UNKNOWN else "failed"
    code = f" [{outcome.code}]" if outcome.code else ""
    lines = [f"{what} {outcome.key}: {outcome.message}{code}"]
    return [*lines, f"       {outcome.hint}"] if outcome.hint else lines
