"""The command line as a whole: what it costs to ask for the version, how it fails, and what its help says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from releaser import __version__
from releaser.cli.app import app, run

COSTLY = {"pydantic", "rich", "boto3", "botocore", "git", "jsonschema", "typer", "yaml"}
COMMANDS = [
    "validate",
    "render",
    "explain",
    "schema",
    "plan",
    "apply",
    "drift",
    "status",
    "reconcile",
    "history",
    "sources",
    "doctor",
    "demo",
]


def test_the_version_imports_nothing_that_costs() -> None:
    code = (
        "import sys; sys.argv = ['releaser', '--version']; from releaser.__main__ import main; main();"
        f"print(sorted({sorted(COSTLY)!r} and {COSTLY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"releaser {__version__}", "[]"]


@pytest.mark.parametrize(
    "words",
    [["plan"], ["plan", "--no-such-option"], ["no-such-command"], ["plan", "-e", "dev", "--output", "yaml"]],
)
def test_wrong_usage_is_64(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 64
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["reconcile", "apply"])
def test_what_is_no_duration_is_said_before_anything_is_done(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([command, "-e", "dev", "--wait", "5x"]) == 64
    said = capsys.readouterr().err
    assert "'5x' is no duration" in said and "--wait 90s" in said and "Traceback" not in said


@pytest.mark.parametrize(
    "words", [["validate"], ["plan", "-e", "dev"], ["reconcile", "-e", "dev"], ["status", "-e", "dev"]]
)
def test_outside_a_repository_says_what_to_do(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(words) == 64
    assert "hint:" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command: str) -> None:
    group = typer.main.get_command(app)
    found = group.commands[command]  # type: ignore[attr-defined]
    text = f"{found.help} {found.epilog or ''}"
    assert f"releaser {command}" in text, f"{command} --help shows no example"


@pytest.mark.parametrize("command", ["start", "stop", "status", "reset", "env"])
def test_help_of_the_sandbox_shows_an_example(command: str) -> None:
    found = typer.main.get_command(app).commands["sandbox"].commands[command]  # type: ignore[attr-defined]
    assert f"releaser sandbox {command}" in (found.epilog or "")


def test_a_port_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "start", "--port", "99999"]) == 64
    assert "65535" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["schema", "--help"], ["explain"], ["explain", "E501"]])
def test_a_full_disk_behind_stdout(words: list[str]) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "releaser", *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "error[R001]: No space left on device"
    assert "Exception" not in done.stderr and done.stderr.count("error") == 1


def test_a_full_disk_behind_stderr() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run([sys.executable, "-m", "releaser", "explain", "E999"], stderr=full, check=False)
    assert done.returncode == 64


def test_an_interruption_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("releaser.pipeline.work.desk", interrupted)
    assert run(["plan", "-e", "dev", "--root", str(Path(__file__).parents[2])]) == 130
    assert capsys.readouterr().err == "interrupted: nothing was written\n"
