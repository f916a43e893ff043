"""A sandbox for a test: a real process on a free port, which can be killed and started again."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from releaser.sandbox.client import AdminClient
from releaser.sandbox.process import CannotStart, command, environment

_SESSION_LOCK = threading.Lock()


@cache
def _session() -> Any:
    """One session for all clients: it keeps the service models it has read.

    The standard library reads timestamps in a tenth of the time that botocore's own parser needs.
    """
    import boto3
    from botocore.parsers import ResponseParserFactory
    from botocore.session import Session

    session, factory = Session(), ResponseParserFactory()
    factory.set_parser_defaults(timestamp_parser=_moment)
    session.register_component("response_parser_factory", factory)
    return boto3.Session(botocore_session=session)


def _moment(value: Any) -> datetime:
    """Seconds since 1970, or ISO 8601; S3's headers have forms of their own."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        from botocore.utils import parse_timestamp

        found: datetime = parse_timestamp(value)
        return found


def client_at(url: str, service: str, account: str, region: str, **more: Any) -> Any:
    """A boto3 client of the sandbox at this URL: no retries, as the root; ``more`` as in ``Session.client``."""
    from botocore.config import Config

    # Without a name of its own botocore makes its long one anew for every request.
    config = Config(retries={"total_max_attempts": 1}, read_timeout=20, connect_timeout=5, user_agent="sandbox-test")
    config = config.merge(more.pop("config", Config()))
    keys = {"aws_access_key_id": account, "aws_secret_access_key": "sandbox"}
    given = {"region_name": region, "endpoint_url": url, "config": config, **keys, **more}
    with _SESSION_LOCK:  # clients may be used by many threads, but not made by many at once
        return _session().client(service, **given)


class SandboxProcess:
    """A sandbox in a child process. It ends with this process, even when that is killed."""

    def __init__(self, data: Path, time_scale: float, port: int = 0, llm_url: str = "", llm_model: str = "") -> None:
        self.data = data
        self.time_scale = time_scale
        self.port = port
        self._more = ("--llm-url", llm_url, "--llm-model", llm_model) if llm_url else ()
        self._child: subprocess.Popen[str] | None = None
        self.start()

    @property
    def url(self) -> str:
        """The endpoint for any AWS SDK."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def admin(self) -> AdminClient:
        """The admin API."""
        return AdminClient(self.url)

    @property
    def pid(self) -> int:
        """The child's process id."""
        assert self._child is not None
        return self._child.pid

    def env(self, account: str = "111111111111", region: str = "eu-central-1") -> dict[str, str]:
        """The environment variables that point any AWS SDK here."""
        return environment_for(self.url, account, region)

    def client(self, service: str, account: str = "111111111111", region: str = "eu-central-1", **more: Any) -> Any:
        """A boto3 client of this sandbox: no retries, as the root; ``more`` as in ``Session.client``."""
        return client_at(self.url, service, account, region, **more)

    def start(self) -> None:
        """Starts the child and waits for its ready line."""
        line = command(self.port, self.data, self.time_scale, "--until-stdin-closes", *self._more)
        pipe = subprocess.PIPE
        self._child = subprocess.Popen(line, stdin=pipe, stdout=pipe, text=True, env=environment())
        assert self._child.stdout is not None
        ready = self._child.stdout.readline()
        if not ready:
            raise CannotStart(f"the sandbox ended with code {self._child.wait()}; its message is above")
        self.port = int(ready.split("http://127.0.0.1:")[1].split()[0])

    def kill(self) -> None:
        """SIGKILL: no farewell, no flush."""
        if self._child is not None:
            self._child.kill()
            self._end()

    def stop(self) -> None:
        """SIGTERM, and wait."""
        if self._child is not None:
            self._child.terminate()
            self._end()

    def restart(self) -> None:
        """Starts it again after ``kill`` (or kills it first): same port, same data."""
        self.kill()
        self.start()

    def _end(self) -> None:
        assert self._child is not None
        self._child.wait(timeout=10)
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                stream.close()
        self._child = None


def environment_for(url: str, account: str, region: str) -> dict[str, str]:
    """The variables that ``releaser sandbox env`` prints."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def running(
    data: Path | str | None = None, time_scale: float = 0.0, port: int = 0, llm_url: str = "", llm_model: str = ""
) -> Iterator[SandboxProcess]:
    """A sandbox for the length of a ``with`` block; without ``data`` it forgets everything afterwards."""
    with tempfile.TemporaryDirectory(prefix="sandbox-") as temporary:
        process = SandboxProcess(Path(data or temporary), time_scale, port, llm_url, llm_model)
        try:
            yield process
        finally:
            process.stop()
