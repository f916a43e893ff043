"""What a run tells, on a terminal, in a pipe and in GitLab."""

from __future__ import annotations

import io
import subprocess
import sys
import time

import pytest

from releaser.core.address import Address
from releaser.core.events import Evaluating, Noted, RunStarted, StepEnded, StepStarted, UseCaseEnded
from releaser.core.kind import Verb
from releaser.core.outcome import Outcome, Status, UseCaseResult
from releaser.core.plan import Plan, Step, StepKey, UseCasePlan, Wave
from releaser.core.record import Binding
from releaser.render.console import Console, LiveConsole, PlainConsole, Surroundings, console
from releaser.render.data import to_json
from releaser.render.summary import run_data, run_text, run_view

KEY = StepKey(Address("claims", "prompt", "answer"), Verb.UPDATE)
FAILED = Outcome(KEY, Status.FAILED, "no \x1b[2J permission", "A-denied", "the role lacks it", duration_ms=1200)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(heard: Console) -> None:
    with heard:
        heard.emit(Noted("opening 1 records"))
        heard.emit(RunStarted("dev", 2, 3))
        heard.emit(StepStarted(KEY))
        heard.emit(StepEnded(FAILED))
        heard.emit(StepEnded(Outcome(KEY, Status.DONE)))
        heard.emit(UseCaseEnded("claims", "r2", False, "no permission"))
        heard.emit(UseCaseEnded("letters", "r1", True))


def test_a_pipe_gets_plain_lines() -> None:
    out = io.StringIO()
    run(console({}, out))
    assert out.getvalue().splitlines() == [
        "opening 1 records",
        "dev: 2 use cases, 3 steps",
        "failed update claims/prompt/answer: no \\e[2J permission [A-denied]",
        "       the role lacks it",
        "FAILED claims r2: no permission",
        "ok     letters r1",
    ]


def test_gitlab_gets_a_section_that_is_closed() -> None:
    out = io.StringIO()
    run(console({"CI": "true", "GITLAB_CI": "true"}, out))
    text = out.getvalue()
    assert text.index("section_start:") < text.index("section_end:")
    assert text.count("releaser_dev") == 2


def test_quiet_tells_failures_only() -> None:
    out = io.StringIO()
    run(console({}, out, quiet=True))
    assert "letters" not in out.getvalue() and "FAILED claims" in out.getvalue()


def test_a_terminal_gets_a_live_line_and_no_colour_takes_colours_away() -> None:
    coloured, bare = Terminal(), Terminal()
    run(console({"TERM": "xterm"}, coloured))
    run(console({"TERM": "xterm", "NO_COLOR": "1"}, bare))
    assert "\x1b[31m" in coloured.getvalue() and "\x1b[31m" not in bare.getvalue()
    for out in (coloured, bare):
        assert "\\e[2J permission" in out.getvalue() and "\x1b[2J" not in out.getvalue()
        assert "FAILED claims r2" in out.getvalue()


def test_a_pipe_hears_of_an_evaluation_every_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with console({}, out) as heard:
        for done in range(51):
            now = done / 2
            heard.emit(Evaluating("quality", done, 50, 2.0, done // 50, 0.5))
    assert out.getvalue().splitlines() == [
        "quality: 20 of 50 answers, 2.0/s, cost 0.5000",
        "quality: 40 of 50 answers, 2.0/s, cost 0.5000",
        "quality: 50 of 50 answers, 2.0/s, 1 error, cost 0.5000",
    ]


def test_a_terminal_shows_every_suite_until_it_is_done() -> None:
    out = Terminal()
    with LiveConsole(out, colour=False) as heard:
        heard.emit(Evaluating("quality", 0, 50, 0.0, 0))
        heard.emit(Evaluating("safety", 3, 9, 2.0, 1))
        heard.emit(Evaluating("quality", 50, 50, 2.5, 0))
    assert "quality: 50 of 50 answers, 2.5/s" in out.getvalue()
    assert "3/9" in out.getvalue()


def test_what_the_surroundings_say() -> None:
    assert isinstance(console({"TERM": "xterm"}, Terminal()), LiveConsole)
    assert isinstance(console({"CI": "1", "TERM": "xterm"}, Terminal()), PlainConsole)
    assert isinstance(console({"TERM": "dumb"}, Terminal()), PlainConsole)
    assert Surroundings.of(Terminal(), {"NO_COLOR": "", "TERM": "xterm"}).colour


def plan(*names: str, steps: bool = True) -> Plan:
    step = Step(KEY, Wave.STAGE, "0" * 64, "0" * 64)
    parts = tuple(UseCasePlan(n, "r2", "0" * 64, (), (step,) if steps else (), "0" * 64) for n in names)
    return Plan("dev", "111111111111", "eu-central-1", "0" * 40, parts, "", digest="0" * 64)


def binding() -> Binding:
    return Binding(
        kind="prompt", id="P", arn="a", name="n", revision="", version="7", stamp="s", behaviour="", body_digest=""
    )


def test_a_summary_names_what_failed_and_what_to_do() -> None:
    done = UseCaseResult("claims", (Outcome(KEY, Status.DONE),), True, {KEY.address: binding()})
    failed = UseCaseResult("letters", (FAILED,), message="no \x1b permission", code="A-denied")
    view = run_view(plan("claims", "letters", "other"), [done, failed], duration_ms=83_000)
    text = run_text(view)
    assert "prompt/answer 7" in text and "[A-denied]" in text and "the role lacks it" in text
    assert "1 released, 2 failed in 1 min 23 s" in text and "\x1b" not in text
    data = run_data(view)
    assert data["format"] == "releaser.result/v1" and data["summary"]["failed"] == 2
    assert [u["outcome"] for u in data["useCases"]] == ["released", "failed", "failed"]
    assert data["useCases"][0]["resources"][0]["version"] == "7"
    assert to_json(data).endswith("}\n")


def test_what_has_nothing_to_do_is_only_counted() -> None:
    text = run_text(run_view(plan("a", "b", steps=False), []))
    assert "a  " not in text and "2 unchanged" in text


class Broken(io.StringIO):
    """A pipe whose reader leaves after the first line."""

    def write(self, text: str) -> int:
        if "\n" in self.getvalue():
            raise BrokenPipeError
        return super().write(text)

    def isatty(self) -> bool:
        return self.terminal

    terminal = False


def test_a_broken_stream_never_stops_a_run() -> None:
    for surroundings in ({}, {"GITLAB_CI": "true"}):
        out = Broken()
        run(console(surroundings, out))
        assert len(out.getvalue().splitlines()) <= 2
    out = Broken()
    out.terminal = True
    run(console({"TERM": "xterm"}, out))
    out.close()
    run(console({}, out))


def test_a_broken_stderr_is_silent_until_the_end() -> None:
    """Also what others write to it, and the flush at exit."""
    code = (
        "import sys\n"
        "from releaser.core.events import Noted\n"
        "from releaser.render.console import console\n"
        "with console({}) as heard:\n"
        "    for _ in range(100): heard.emit(Noted('x' * 100))\n"
        "print('more', file=sys.stderr)\n"
        "print('done')\n"
    )
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=full, text=True)
    assert (done.returncode, done.stdout) == (0, "done\n")
