"""Calls of models and what is built on them. No other operation passes: evaluation cannot change what is managed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from releaser.core.errors import Refused
from releaser.engine.ports import Runtime

SPEAKS = frozenset(
    {
        ("bedrock-runtime", "Converse"),
        ("bedrock-runtime", "ConverseStream"),
        ("bedrock-runtime", "ApplyGuardrail"),
        ("bedrock-runtime", "CountTokens"),
        ("bedrock-agent-runtime", "Retrieve"),
        ("bedrock-agent-runtime", "RetrieveAndGenerate"),
        ("bedrock-agent-runtime", "InvokeFlow"),
        ("bedrock-agent-runtime", "InvokeAgent"),
    }
)
"""(service, operation): what may be called."""


class SpeakingOnly:
    """A runtime that lets through what speaks."""

    def __init__(self, inner: Runtime) -> None:
        self._inner = inner

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """As the port. Raises Refused for any other operation."""
        _refuse(service, operation)
        return self._inner.call(service, operation, params)

    def stream(
        self, service: str, operation: str, params: Mapping[str, Any], member: str
    ) -> Iterator[tuple[float, dict[str, Any]]]:
        """As the port. Raises Refused for any other operation."""
        _refuse(service, operation)
        return self._inner.stream(service, operation, params, member)


def _refuse(service: str, operation: str) -> None:
    if (service, operation) not in SPEAKS:
        raise Refused(f"{service} {operation} is no call of a model")
