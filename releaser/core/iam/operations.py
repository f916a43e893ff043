"""The operations that are called: those that kinds declare, and those that are called by name. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from releaser.core.kind import Calls, Delivery, Ingestion, Kind, Mint, Part, Stored, Tagging, Versions

MEMBERS: Mapping[type, tuple[str, ...]] = {
    Calls: ("create", "get", "list", "delete", "update", "publish", "batch", "prepare"),
    Versions: ("get", "list", "delete"),
    Mint: ("create", "update", "get", "list", "delete"),
    Part: ("create", "update", "delete", "list", "get"),
    Ingestion: ("start", "get", "list"),
    Delivery: ("store", "read", "list", "start", "get", "jobs", "strategies", "make_strategy", "stop"),
    Stored: ("list", "delete"),
    Tagging: ("tag", "untag", "list"),
}
"""Where the vocabulary of kinds names operations."""

Operation = tuple[str, str]
"""Service, as botocore calls it, and operation."""

LOOKING: frozenset[Operation] = frozenset(
    {
        ("bedrock", "GetFoundationModelAvailability"),
        ("bedrock", "GetInferenceProfile"),
        ("bedrock", "GetPromptRouter"),
        ("bedrock", "ListEnforcedGuardrailsConfiguration"),
        ("bedrock", "ListFoundationModels"),
        ("bedrock", "ListInferenceProfiles"),
        ("resourcegroupstaggingapi", "GetResources"),
        ("service-quotas", "GetServiceQuota"),
        ("sts", "GetCallerIdentity"),
    }
)
"""What a look at any account calls beside the operations of kinds."""

ALARMS: Operation = ("cloudwatch", "DescribeAlarms")
"""Called where runtime configurations are rolled out under alarms."""


def operations_of(kind: Kind) -> frozenset[Operation]:
    """Every operation that a kind declares."""
    return frozenset((kind.service, name) for holder in _holders(kind) for name in _names(holder))


def _holders(kind: Kind) -> Iterator[Any]:
    yield kind.calls
    yield kind.tagging
    yield from kind.parts
    yield from (h for h in (kind.versions, kind.mint, kind.ingestion, kind.delivery, kind.stored) if h is not None)


def _names(holder: Any) -> Iterator[str]:
    for member in MEMBERS[type(holder)]:
        name = getattr(holder, member)
        if name is not None:
            yield name
