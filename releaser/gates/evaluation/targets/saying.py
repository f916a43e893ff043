"""What replies have in common: troubles, guardrails, units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from releaser.core.errors import AwsError, Failure
from releaser.core.evaluation.response import Failure as NoAnswer
from releaser.core.evaluation.response import Guarded, Trouble, Usage
from releaser.gates.evaluation.ports import Refusal

_TIMEOUTS = frozenset({"ReadTimeoutError", "ConnectTimeoutError", "ModelTimeoutException", "RequestTimeout"})
_CUT = frozenset(
    {"ProtocolError", "IncompleteRead", "ResponseStreamingError", "ChecksumMismatch", "InvalidPayloadLength"}
)


def refusal(error: AwsError, *, streaming: bool = False) -> Refusal:
    """Why there is no answer; the message has codes, never what was asked or said."""
    trouble: Trouble
    match error.failure:
        case Failure.THROTTLED:
            trouble = "throttled"
        case Failure.TRANSIENT | Failure.AMBIGUOUS | Failure.CONFLICT:
            cut = streaming or error.aws_code in _CUT or not error.aws_code
            trouble = "timeout" if error.aws_code in _TIMEOUTS else "truncated" if cut else "unavailable"
        case _:
            trouble = "refused"
    message = f"{error.service} {error.operation}: {error.aws_code or error.failure.value}"
    return Refusal(NoAnswer(trouble=trouble, message=message), error.retry_after)


def cut_off(what: str) -> Refusal:
    """A reply that is not whole."""
    return Refusal(NoAnswer(trouble="truncated", message=f"the reply ended without {what}"))


def usage_of(reply: Mapping[str, Any], units: Mapping[str, int]) -> Usage:
    """Tokens as Bedrock counts them: those of the cache stand outside ``inputTokens``."""
    said = reply.get("usage") or {}
    return Usage(
        input_tokens=int(said.get("inputTokens", 0)),
        output_tokens=int(said.get("outputTokens", 0)),
        cache_read_tokens=int(said.get("cacheReadInputTokens", 0)),
        cache_write_tokens=int(said.get("cacheWriteInputTokens", 0)),
        guardrail_units=dict(units),
    )


def assessments_of(trace: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """All assessments of a Converse trace, of input and output."""
    guardrail = trace.get("guardrail") or {}
    found = list((guardrail.get("inputAssessment") or {}).values())
    for several in (guardrail.get("outputAssessments") or {}).values():
        found += several
    return found


def units_of(assessments: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Policy -> text units, summed."""
    found: dict[str, int] = {}
    for one in assessments:
        for policy, units in ((one.get("invocationMetrics") or {}).get("usage") or {}).items():
            if isinstance(units, int) and units:
                found[policy] = found.get(policy, 0) + units
    return found


def guarded_of(assessments: Sequence[Mapping[str, Any]], *, intervened: bool) -> Guarded:
    """What the guardrail did. Blocked only where it intervened and a policy says BLOCKED for something it detected."""
    seen = [row for one in assessments for row in _rows(one)]
    acted = [(name, action) for name, action, detected in seen if detected and action in ("BLOCKED", "ANONYMIZED")]
    blocked = intervened and any(action == "BLOCKED" for _, action in acted)
    if intervened and not acted:
        blocked = True  # it says that it intervened and shows no trace: it counts as blocked
    return Guarded(
        intervened=intervened,
        blocked=blocked,
        masked=any(action == "ANONYMIZED" for _, action in acted) and not blocked,
        policies=tuple(sorted({name for name, _ in acted})),
    )


def _rows(assessment: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """(policy, action, detected) of everything that an assessment has found."""
    for policy, member, word, label in (
        ("topicPolicy", "topics", "topic", "name"),
        ("contentPolicy", "filters", "content", "type"),
        ("wordPolicy", "customWords", "word", ""),
        ("wordPolicy", "managedWordLists", "words", "type"),
        ("sensitiveInformationPolicy", "piiEntities", "pii", "type"),
        ("sensitiveInformationPolicy", "regexes", "regex", "name"),
        ("contextualGroundingPolicy", "filters", "grounding", "type"),
    ):
        for row in (assessment.get(policy) or {}).get(member) or ():
            name = f"{word}:{row.get(label, '')}" if label else word
            yield name, str(row.get("action", "NONE")), row.get("detected") is not False
