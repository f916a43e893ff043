"""``releaser sandbox`` as a person or a pipeline uses it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from releaser.cli.sandbox import app
from releaser.sandbox import process


def run(*words: str, **env: str):
    return CliRunner().invoke(app, list(words), env={"AWS_REGION": "", "AWS_DEFAULT_REGION": "", **env})


@pytest.fixture
def data(tmp_path):
    yield tmp_path / "state"
    found = process.find(tmp_path / "state")
    if found is not None:
        process.stop(found)


def start(data, *more):
    began = time.monotonic()
    result = run("start", "--detach", "--port", "0", "--data", str(data), *more)
    assert result.exit_code == 0, result.output
    return result.output, time.monotonic() - began


def test_detached_start_status_env_stop(data):
    line, seconds = start(data, "--time-scale", "0")
    assert line.startswith("sandbox ready on http://127.0.0.1:") and line.count("\n") == 1
    assert seconds < 5
    port = line.split("127.0.0.1:")[1].split()[0]
    result = run("status", "--data", str(data), "--output", "json")
    status = json.loads(result.output)
    assert status["format"] == "releaser.sandbox-status/v1" and status["running"]
    assert status["url"] == f"http://127.0.0.1:{port}"
    assert "no language model" in run("status", "--data", str(data)).output
    lines = run("env", "--data", str(data), "--account", "222222222222").output.splitlines()
    assert f"export AWS_ENDPOINT_URL=http://127.0.0.1:{port}" in lines
    assert "export AWS_ACCESS_KEY_ID=222222222222" in lines and "export AWS_REGION=eu-central-1" in lines
    assert run("reset", "--data", str(data), "--account", "222222222222").exit_code == 0
    stopped = run("stop", "--data", str(data))
    assert stopped.exit_code == 0 and "stopped" in stopped.output
    assert run("status", "--data", str(data)).exit_code == 1
    assert run("stop", "--data", str(data)).exit_code == 1


def test_the_data_folder_can_come_from_the_environment(data):
    start(data)
    assert run("status", RELEASER_SANDBOX_DATA=str(data)).exit_code == 0


def test_two_on_one_folder_are_refused(data):
    start(data)
    again = run("start", "--detach", "--port", "0", "--data", str(data))
    assert again.exit_code == 1 and "already uses" in again.output and "http://127.0.0.1:" in again.output


def test_a_taken_port_says_what_to_do(data):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for words in (("start",), ("start", "--detach")):
            result = run(*words, "--port", port, "--data", str(data))
            assert result.exit_code == 1
            assert f"port {port}" in result.output and "--port" in result.output


def test_stale_state_is_not_believed(data):
    start(data)
    found = process.find(data)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    while process._alive(found.pid):
        time.sleep(0.01)
    assert (data / "sandbox.json").exists() and process.find(data) is None
    assert run("stop", "--data", str(data)).exit_code == 1
    (data / "sandbox.json").write_text(json.dumps({"pid": os.getpid(), "port": found.port}))
    assert process.find(data) is None
    (data / "sandbox.json").write_text("{broken")
    assert process.find(data) is None
    start(data)


def test_foreground_prints_one_line_and_stops_on_signals(data):
    words = [sys.executable, "-c", "from releaser.cli.sandbox import app; app()", "start", "--port", "0"]
    for number in (signal.SIGINT, signal.SIGTERM):
        began = time.monotonic()
        child = subprocess.Popen(
            [*words, "--data", str(data)], stdout=subprocess.PIPE, text=True, env=process.environment()
        )
        assert child.stdout is not None
        assert child.stdout.readline().startswith("sandbox ready on http://127.0.0.1:")
        assert time.monotonic() - began < 2 or os.getloadavg()[0] > 2
        child.send_signal(number)
        rest, _ = child.communicate(timeout=10)
        assert rest == "" and child.returncode == 0
        assert not (data / "sandbox.json").exists()


def test_wrong_usage(data):
    assert run("env", "--data", str(data), "--account", "12").exit_code == 64
    assert run("start", "--time-scale", "-1").exit_code == 2
    for url in ("ftp://x", "http://", "http://127.0.0.1:99999", "127.0.0.1:8080"):
        assert run("start", "--data", str(data), "--llm-url", url).exit_code == 64, url
    env = run("env", "--data", str(data))
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:4700" in env.output


def test_help_has_examples():
    assert "Example" in run("--help").output
    for command in ("start", "stop", "status", "reset", "env"):
        assert run(command, "--help").exit_code == 0
