"""What a target said to one case, or why it said nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from releaser.core.shape import OPTIONAL

Trouble = Literal["throttled", "timeout", "unavailable", "truncated", "refused", "unparsable", "missing", "budget"]
"""Why there is no result. Never a failed case and never a passed one: ERROR.

``refused``: the service says that the request is wrong (a missing model, a denied permission): trying again is no use.
``missing``: brought results lack this case. ``budget``: not asked, since the budget was used up.
"""

RETRYABLE: frozenset[str] = frozenset({"throttled", "timeout", "unavailable", "truncated"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one call cost in units. Bedrock reports cache tokens outside ``input_tokens``: they are added, never
    subtracted."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = field(default=0, metadata=OPTIONAL)
    cache_write_tokens: int = field(default=0, metadata=OPTIONAL)
    guardrail_units: Mapping[str, int] = field(default_factory=dict, metadata=OPTIONAL)
    """Policy, as ``contentPolicyUnits`` in GuardrailUsage -> text units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Milliseconds on this machine's monotonic clock, from just before the request that was answered was sent; pauses
    between tries are not in it."""

    first_token: float | None = field(default=None, metadata=OPTIONAL)
    """None where the reply does not stream."""
    last_token: float
    server: float | None = field(default=None, metadata=OPTIONAL)
    """``metrics.latencyMs``, as the service says."""
    throttles: int = field(default=0, metadata=OPTIONAL)
    """How often this call was throttled before it was answered."""
    failures: int = field(default=0, metadata=OPTIONAL)
    """How often it failed otherwise before it was answered."""
    warm_up: bool = field(default=False, metadata=OPTIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """What a guardrail did. ``blocked`` only when it intervened and said so: flagged is not blocked."""

    intervened: bool = False
    blocked: bool = False
    masked: bool = False
    policies: tuple[str, ...] = ()
    """As ``topic:Legal advice``, ``content:PROMPT_ATTACK``, ``word``, ``pii:EMAIL``, ``regex:NAME``, ``grounding``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """A tool that the reply asks for."""

    name: str
    input: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage that was found, best first. ``id``: its source's key or URI."""

    id: str
    text: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A whole answer. This is what the store of responses keeps: everything that a metric may look at."""

    text: str
    stop_reason: str = ""
    tools: tuple[ToolUse, ...] = ()
    guarded: Guarded = Guarded()
    passages: tuple[Passage, ...] = ()
    usage: Usage = Usage()
    model: str = ""
    """The model that answered, as resolved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """No answer."""

    trouble: Trouble
    message: str = ""
    """Never the input or the reply."""
