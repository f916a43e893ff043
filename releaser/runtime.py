"""What is live, for the application that calls Bedrock: read, checked, cached, and kept when AWS does not answer.

>>> live = Live(ssm("claims-assistant"))                       # or appconfig(...), or agent(...)
>>> found = live.get()
>>> bedrock.converse(modelId=found["prompts"]["answer"]["arn"], requestMetadata=found.request_metadata(), ...)

Nothing else of this package is imported, so the file can be copied: it needs the standard library and, for AWS
itself, boto3. A ``Live`` may be used by many threads.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

FORMAT = "releaser.runtime/v1"
AGENT = "http://localhost:2772"
_DIGEST = re.compile(r"(sha256:[0-9a-f]{64})?")
_LARGEST = 4 * 1024 * 1024
_LOG = logging.getLogger(__name__)


class Unavailable(Exception):
    """There is no runtime configuration: it was never read, or what was read last is too old."""


class Refused(Exception):
    """What was read is not a runtime configuration of this use case, and is not used."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source gave: the text, and the version label if the store knows one."""

    text: bytes
    label: str = ""


Source = Callable[[], Reading | None]
"""Reads once; None: nothing new since it was read last. Raises whatever it likes when it cannot."""


@dataclass(frozen=True, slots=True)
class Configuration(Mapping[str, Any]):
    """A runtime document that was checked. It cannot be changed.

    ``release``: ``r12``, empty or ``unreleased`` where no tag names it. ``digest``: of the release's content, as in its
    tag and records. ``enabled``: False means that the model must not be called.
    """

    document: Mapping[str, Any] = field(repr=False)
    use_case: str
    release: str
    digest: str
    enabled: bool

    def request_metadata(self) -> dict[str, str]:
        """For Converse's ``requestMetadata``: which release an invocation belongs to, in the invocation log."""
        found = {"releaser-use-case": self.use_case, "releaser-release": self.release}
        return {name: value[:256] for name, value in found.items() if value}

    def __getitem__(self, name: str) -> Any:
        return self.document[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.document)

    def __len__(self) -> int:
        return len(self.document)


class Live:
    """The configuration that is live, no older than ``ttl`` seconds as long as the source answers.

    When it does not, or gives what is refused, the last good one goes on being served, for ever or for ``keep``
    seconds; ``problem`` says why, and the source is asked again after ``retry`` seconds. One thread asks, the others
    go on with what there is.
    """

    def __init__(
        self,
        source: Source,
        *,
        use_case: str = "",
        ttl: float = 60.0,
        retry: float = 5.0,
        keep: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source, self._use_case = source, use_case or getattr(source, "use_case", "")
        self._ttl, self._retry, self._keep, self._clock = ttl, min(retry, ttl), keep, clock
        self._asking = threading.Lock()
        self._kept: tuple[Configuration, float] | None = None
        self._due = clock()
        self._refused = ""
        self.problem = ""

    def get(self) -> Configuration:
        """The configuration. Unavailable when there is none to serve."""
        if self._clock() >= self._due and self._asking.acquire(blocking=self._kept is None):
            try:
                if self._clock() >= self._due:
                    self._ask()
            finally:
                self._asking.release()
        kept = self._kept
        if kept is None:
            raise Unavailable(self.problem or "nothing was read yet")
        if self._keep is not None and self._clock() - kept[1] > self._keep:
            raise Unavailable(f"the last configuration is {self._clock() - kept[1]:.0f} s old: {self.problem}")
        return kept[0]

    def _ask(self) -> None:
        try:
            found = self._read()
            self._kept, self.problem = (found, self._clock()), ""
            self._due = self._clock() + self._ttl
        except Exception as error:  # noqa: BLE001 - whatever a source raises, the last good configuration is served
            self.problem = f"{type(error).__name__}: {error}"
            self._due = self._clock() + self._retry
            _LOG.warning("the runtime configuration could not be read: %s", self.problem)

    def _read(self) -> Configuration:
        reading = self._source()
        if reading is None:
            if self._kept is None or self._refused:
                raise Refused(self._refused or "the source says that nothing changed, and nothing was read before")
            return self._kept[0]
        try:
            found = check(reading, self._use_case)
        except Refused as error:
            self._refused = str(error)  # and "nothing changed" will mean that this is still there
            raise
        self._refused = ""
        return found


def check(reading: Reading, use_case: str = "") -> Configuration:
    """The configuration in a text. Refused when it is another format, another use case, or not what its label says."""
    try:
        document = json.loads(reading.text)
    except (ValueError, RecursionError):
        raise Refused(f"{len(reading.text)} bytes that are not JSON") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise Refused(f"not a document of format {FORMAT}: a newer one needs a newer releaser.runtime")
    name, release, digest = (document.get(member, "") for member in ("useCase", "release", "digest"))
    enabled = document.get("enabled", True)
    if not all(isinstance(value, str) for value in (name, release, digest)) or not isinstance(enabled, bool):
        raise Refused("useCase, release, digest or enabled is not what it must be")
    if use_case and name != use_case:
        raise Refused(f"it is the configuration of another use case, not of {use_case}")
    if not _DIGEST.fullmatch(digest):
        raise Refused("digest is not sha256: and 64 hexadecimal digits")
    _check_label(reading.label, release, digest)
    return Configuration(_frozen(document), name, release, digest, enabled)


def _check_label(label: str, release: str, digest: str) -> None:
    """A hosted version's label is ``r12-<first 8 digits of the digest>``, and cannot be changed."""
    short = digest.removeprefix("sha256:")[:8]
    if label and short and label != f"{release}-{short}":
        raise Refused(f"the version is labelled {label[:64]}, its content says {release[:32]}-{short}")


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return MappingProxyType({name: _frozen(item) for name, item in value.items()})
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _client(service: str) -> Any:
    """A client that gives up soon: there is a last good configuration to go on with."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
    return boto3.client(service, config=config)


class _Ssm:
    def __init__(self, use_case: str, name: str, client: Any) -> None:
        self.use_case, self._name, self._aws = use_case, name, client

    def __call__(self) -> Reading:
        self._aws = self._aws or _client("ssm")
        return Reading(self._aws.get_parameter(Name=self._name, WithDecryption=True)["Parameter"]["Value"].encode())


class _AppConfig:
    """A session, kept as long as possible: a new one is a new lot in a gradual delivery.

    Its token is good once and for a day. When an answer was lost on its way the token may be used up: a new session.
    """

    def __init__(self, use_case: str, names: Mapping[str, str], client: Any) -> None:
        self.use_case, self._names, self._aws = use_case, names, client
        self._token = ""

    def __call__(self) -> Reading | None:
        self._aws = self._aws or _client("appconfigdata")
        try:
            reply = self._poll(self._token) if self._token else None
        except self._aws.exceptions.BadRequestException:
            reply = None
        if reply is None:
            reply = self._poll(self._aws.start_configuration_session(**self._names)["InitialConfigurationToken"])
        text = reply["Configuration"].read()
        self._token = reply["NextPollConfigurationToken"]
        return Reading(text, reply.get("VersionLabel") or "") if text else None

    def _poll(self, token: str) -> Any:
        return self._aws.get_latest_configuration(ConfigurationToken=token)


class _Agent:
    def __init__(self, use_case: str, url: str, timeout: float) -> None:
        self.use_case, self._url, self._timeout = use_case, url, timeout
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is on this machine

    def __call__(self) -> Reading:
        with self._opener.open(self._url, timeout=self._timeout) as reply:
            text = reply.read(_LARGEST + 1)
            label = reply.headers.get("Version-Label", "")
        if len(text) > _LARGEST:
            raise Refused(f"more than {_LARGEST} bytes")
        return Reading(text, label)


def ssm(use_case: str, *, name: str = "", client: Any = None) -> Source:
    """The SSM parameter ``/releaser/<use case>/runtime``. Needs ``ssm:GetParameter``."""
    return _Ssm(use_case, name or f"/releaser/{use_case}/runtime", client)


def appconfig(
    use_case: str, *, application: str = "", environment: str = "live", profile: str = "runtime", client: Any = None
) -> Source:
    """AppConfig itself. Needs ``appconfig:StartConfigurationSession`` and ``GetLatestConfiguration``.

    During a gradual delivery this process is one reader: one ``Live`` a process, not one a request.
    """
    names = {
        "ApplicationIdentifier": application or f"releaser-{use_case}",
        "EnvironmentIdentifier": environment,
        "ConfigurationProfileIdentifier": profile,
    }
    return _AppConfig(use_case, names, client)


def agent(
    use_case: str,
    *,
    application: str = "",
    environment: str = "live",
    profile: str = "runtime",
    url: str = AGENT,
    timeout: float = 2.0,
) -> Source:
    """The AppConfig agent beside the application, or the Lambda extension: both answer on port 2772, from a cache."""
    where = (application or f"releaser-{use_case}", environment, profile)
    path = "/applications/{}/environments/{}/configurations/{}".format(*(quote(part, safe="") for part in where))
    return _Agent(use_case, url.rstrip("/") + path, timeout)
