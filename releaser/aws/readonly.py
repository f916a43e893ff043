"""The port that plan, drift and status are built with: it cannot write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from releaser.aws.budget import is_read
from releaser.core.errors import AwsError, Failure
from releaser.engine.ports import Aws


class ReadOnly:
    """``Aws`` that refuses every operation that is not a read, before anything is sent."""

    def __init__(self, inner: Aws) -> None:
        self._inner = inner

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if not is_read(operation):
            raise AwsError(
                f"{service} {operation}: refused, this command only reads",
                failure=Failure.DENIED,
                service=service,
                operation=operation,
            )
        return self._inner.call(service, operation, params)
