"""Failures which a caller of the sandbox sees."""

from __future__ import annotations


class AwsError(Exception):
    """An error reply as AWS sends it. The HTTP status comes from the service model unless given.

    ``protocol`` matters only where no operation was recognised: how that client expects errors. ``members``: what the
    error's shape has besides its message.
    """

    def __init__(self, code: str, message: str, status: int | None = None, protocol: str = "rest-json") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.protocol = protocol
        self.headers: dict[str, str] = {}
        self.members: dict[str, object] = {}


class BadAdminRequest(Exception):
    """The admin API was asked for something it does not know; it refuses loudly rather than guess."""


def validation(message: str) -> AwsError:
    """A ValidationException with this message."""
    return AwsError("ValidationException", message)


def violations(found: list[str], code: str = "ValidationException") -> AwsError:
    """In the wording of AWS's request validator, all violations at once. STS calls it ``ValidationError``."""
    noun = "error" if len(found) == 1 else "errors"
    return AwsError(code, f"{len(found)} validation {noun} detected: " + "; ".join(found))


def not_found(message: str) -> AwsError:
    """A ResourceNotFoundException."""
    return AwsError("ResourceNotFoundException", message)


def conflict(message: str) -> AwsError:
    """A ConflictException."""
    return AwsError("ConflictException", message)


def quota_exceeded(message: str) -> AwsError:
    """A ServiceQuotaExceededException."""
    return AwsError("ServiceQuotaExceededException", message)


def not_in_the_sandbox(what: str, protocol: str = "rest-json") -> AwsError:
    """Loud and unlike any AWS error: a client can tell a gap of the sandbox from a mistake of its own."""
    return AwsError("NotInTheSandbox", f"{what} is not in the sandbox", 501, protocol)
