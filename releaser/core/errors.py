"""The exception tree and the exit codes.

ReleaserError          1   something failed; says where, what, and what to do
├── Interrupted      130   stopped by the user
├── Refused            4   stale plan, freeze, policy, safety limit, held use case
│   └── LockHeld       4   another run has an open record
├── GateNotPassed      3   evidence says no
├── Awaiting           5   it goes on, and a later run continues
├── WrongUsage        64   the command line was wrong
└── AwsError           1   AWS said no; classified by ``Failure``
"""

from __future__ import annotations

from enum import StrEnum


class ReleaserError(Exception):
    """An expected failure: ``code`` is stable, ``hint`` says what to do next."""

    exit_code = 1

    def __init__(self, message: str, *, code: str = "R000", hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


def advised(said: object, hint: str) -> str:
    """What is wrong and what to do, in one line."""
    return f"{said}; {hint}" if hint else str(said)


class Interrupted(ReleaserError):
    """The user stopped the run."""

    exit_code = 130


class Refused(ReleaserError):
    """We will not do this, though we could."""

    exit_code = 4


class LockHeld(Refused):
    """Another run holds the use case: its open record is the lock."""


class GateNotPassed(ReleaserError):
    """A gate's verdict is not PASS."""

    exit_code = 3


class Awaiting(ReleaserError):
    """Something goes on that nobody waits for: recorded, to be continued by a later run."""

    exit_code = 5


class WrongUsage(ReleaserError):
    """The command line does not make sense."""

    exit_code = 64


class Failure(StrEnum):
    """How an AWS call failed. Matched by error code, never by HTTP status.

    Bedrock's ConflictException is 400 in one service and 409 in the other.
    """

    THROTTLED = "throttled"
    TRANSIENT = "transient"
    CONFLICT = "conflict"
    NOT_FOUND = "not-found"
    DENIED = "denied"
    INVALID = "invalid"
    QUOTA = "quota"
    AMBIGUOUS = "ambiguous"


class AwsError(ReleaserError):
    """A failed AWS call. AMBIGUOUS: it may or may not have taken effect; observe before deciding."""

    def __init__(
        self,
        message: str,
        *,
        failure: Failure,
        service: str,
        operation: str,
        aws_code: str = "",
        request_id: str = "",
        hint: str = "",
        code: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, code=code or f"A-{failure.value}", hint=hint or _HINTS[failure])
        self.retry_after = retry_after
        self.failure = failure
        self.service = service
        self.operation = operation
        self.aws_code = aws_code
        self.request_id = request_id


_HINTS = {
    Failure.THROTTLED: "AWS kept throttling; run the same command again, or lower `rates` in the environment",
    Failure.TRANSIENT: "the endpoint could not be reached; look at the network, then run the same command again",
    Failure.CONFLICT: "the resource is being changed or its name is taken; look at it, then run the same command again",
    Failure.NOT_FOUND: "the resource is gone; `releaser plan` shows what that means",
    Failure.DENIED: "the role lacks a permission for this operation",
    Failure.INVALID: "AWS rejected the content; `releaser validate` should have caught it: please report the message",
    Failure.QUOTA: "an AWS quota is used up; delete what is no longer needed or ask AWS for more",
    Failure.AMBIGUOUS: "the answer was lost; run the same command again: it looks before it writes",
}
