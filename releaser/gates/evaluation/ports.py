"""What the runner asks of the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Failure, Response, Timing


@dataclass(frozen=True, slots=True)
class Request:
    """One call, whole: its digest is the key under which the response is kept.

    ``lane``: account, region and model, as ``111111111111/eu-central-1/eu.amazon.nova-pro-v1:0``: calls of one lane
    share a limit. ``content``: everything that determines the reply, JSON; also the resolved model.
    """

    lane: str
    operation: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response and how long it took."""

    response: Response
    timing: Timing


class Refusal(Exception):
    """A call without an answer. ``retry_after``: seconds, where the service said so."""

    def __init__(self, failure: Failure, retry_after: float | None = None) -> None:
        super().__init__(f"{failure.trouble}: {failure.message}")
        self.failure = failure
        self.retry_after = retry_after


class Target(Protocol):
    """What a suite calls. Safe to call from several threads."""

    def request(self, case: Case) -> Request:
        """The call for a case; pure. Raises Refusal (``refused``) when the case does not fit the target."""

    def ask(self, request: Request) -> Answer:
        """One call, one try, no retry inside. Raises Refusal."""


class Responses(Protocol):
    """The content-addressed store of responses. Safe to use from several threads; a response is whole or not there."""

    def get(self, key: str) -> Response | None: ...

    def put(self, key: str, response: Response) -> str:
        """Keeps it and returns the sha256 of its canonical JSON."""

    def read(self, sha256: str) -> Response | None:
        """By its own digest, for reports."""
