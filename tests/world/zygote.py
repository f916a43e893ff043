"""A warm process that forks one ``releaser`` per request: a real process to kill, without the second of imports.

Speaks JSON lines on stdin and stdout. ``{"args", "cwd", "env", "out", "haste", "later", "order"}`` is answered at
once by ``{"pid"}``, and by ``{"exited", "code"}`` when that child has ended. ``haste`` divides every sleep of the
engine; ``later`` moves its clock forward by that many seconds; ``order`` says which of the steps that may run is taken.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any


def warm() -> None:
    """Everything that costs time and is the same for every run."""
    import boto3  # noqa: F401
    import botocore.endpoint
    import botocore.httpsession
    import botocore.loaders
    import git  # noqa: F401
    import jsonschema  # noqa: F401
    import rich.progress  # noqa: F401

    import releaser
    from releaser.kinds import registry

    for module in pkgutil.walk_packages(releaser.__path__, "releaser."):
        if not module.name.startswith(("releaser.sandbox", "releaser.__main__")):
            importlib.import_module(module.name)
    registry()
    shared = botocore.loaders.create_loader()
    botocore.loaders.create_loader = lambda *_args, **_more: shared
    _warm_clients()
    _warm_commands()
    gc.freeze()  # a child's collector passes over all this, and its memory stays shared


def _warm_commands() -> None:
    """The command line is read from the signatures of all commands: once, not in every run."""
    import typer.main

    from releaser.cli.app import app

    made = typer.main.get_command(app)
    typer.main.get_command = lambda _app: made


def _warm_clients() -> None:
    import boto3

    session = boto3.Session(region_name="eu-central-1", aws_access_key_id="1" * 12, aws_secret_access_key="x")
    for service in ("sts", "ssm", "bedrock", "bedrock-agent"):
        session.client(service, endpoint_url="http://127.0.0.1:9")


def serve() -> None:
    """Forks until stdin closes."""
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    waiting = b""
    while True:
        ready, _, _ = select.select([0, reader], [], [])
        if reader in ready:
            os.read(reader, 4096)
            _reap()
        if 0 in ready:
            found = os.read(0, 65536)
            if not found:
                return
            *lines, waiting = (waiting + found).split(b"\n")
            for line in lines:
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    # A job in the background of a script begins with SIGINT ignored; a person's terminal does not.
                    signal.signal(signal.SIGINT, signal.default_int_handler)
                    _child(json.loads(line))
                _say({"pid": pid})


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say({"exited": pid, "code": os.waitstatus_to_exitcode(status)})


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _child(request: dict[str, Any]) -> None:
    code = 70
    try:
        os.close(0)
        os.open(os.devnull, os.O_RDONLY)
        out = os.open(request["out"] + ".out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        err = os.open(request["out"] + ".err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.environ.clear()
        os.environ.update(request["env"])
        os.chdir(request["cwd"])
        _bend_time(request.get("haste", 1.0), request.get("later", 0.0))
        _draw_order(request.get("order"))
        from releaser.cli.app import run

        code = run(request["args"])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def _bend_time(haste: float, later: float) -> None:
    from releaser.aws.session import SystemClock

    now, sleep = SystemClock.now, SystemClock.sleep
    SystemClock.now = lambda self: now(self) + timedelta(seconds=later)
    SystemClock.sleep = lambda self, seconds: sleep(self, seconds / haste)


def _draw_order(choices: list[int] | None) -> None:
    """Of the tasks that may start, the one that the next number points at comes first."""
    if not choices:
        return
    from releaser.core.schedule import Schedule

    ready = Schedule.ready
    left = list(choices)

    def drawn(self: Any) -> tuple[Any, ...]:
        found = ready(self)
        if not found:
            return found
        at = (left.pop(0) if len(left) > 1 else left[0]) % len(found)
        return (*found[at:], *found[:at])

    Schedule.ready = drawn


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2])]
    warm()
    _say({"ready": os.getpid()})
    serve()
