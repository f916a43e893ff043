"""Conditional requests of S3: If-Match and If-None-Match, on reading and on writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from releaser.sandbox import objects
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError


def check_read(call: Call, version: Mapping[str, Any]) -> None:
    """If-Match reads only this, If-None-Match only another."""
    if not _matches(call.params.get("IfMatch", "*"), version["etag"]):
        raise _precondition("If-Match")
    if "IfNoneMatch" in call.params and _matches(call.params["IfNoneMatch"], version["etag"]):
        raise AwsError("NotModified", "Not Modified", 304)


def check_write(call: Call, before: Sequence[Mapping[str, Any]]) -> None:
    """If-None-Match: * writes only what is not there; If-Match only over exactly this."""
    there = before[0] if before and "blob" in before[0] else None
    if "IfNoneMatch" in call.params:
        if call.params["IfNoneMatch"] != "*":
            raise objects.unplayed(call, "If-None-Match other than *")
        if there is not None:
            raise _precondition("If-None-Match")
    if "IfMatch" in call.params:
        if there is None:
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
        if not _matches(call.params["IfMatch"], there["etag"]):
            raise _precondition("If-Match")


def _matches(wanted: str, etag: str) -> bool:
    return wanted == "*" or wanted.strip('"') == etag.strip('"')


def _precondition(name: str) -> AwsError:
    text = f"At least one of the pre-conditions you specified did not hold ({name})"
    return AwsError("PreconditionFailed", text, 412)
