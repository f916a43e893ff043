"""List calls, page after page, and members that a reply must have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from releaser.core.errors import AwsError, Failure
from releaser.core.kind import Kind
from releaser.core.values import thaw
from releaser.engine.ports import Aws


def pages(aws: Aws, kind: Kind, operation: str, root: str, params: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every row of a list operation of the kind's service. Raises AwsError for a reply that was cut off."""
    calls = kind.calls
    request = {**thaw(params), calls.page_size_in: calls.page_size}
    while True:
        reply = aws.call(kind.service, operation, request)
        yield from promised(kind, operation, reply, root)
        token = reply.get(calls.page_token_in)
        if not token:
            return
        request = {**request, calls.page_token_in: token}


def promised(kind: Kind, operation: str, reply: Mapping[str, Any], member: str) -> Any:
    """A member of a reply. One without it says nothing: neither that there is none, nor that it is gone."""
    if member not in reply:
        raise cut_off(kind, operation, member)
    return reply[member]


def cut_off(kind: Kind, operation: str, member: str) -> AwsError:
    """The failure of a reply that lacks what it is about."""
    return AwsError(
        f"{kind.service} {operation}: the reply lacks {member}: it was cut off",
        failure=Failure.AMBIGUOUS,
        service=kind.service,
        operation=operation,
    )
