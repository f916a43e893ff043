"""What replies have in common: texts, troubles, streams, guardrails, units."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from releaser.core.errors import AwsError, Failure
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Failure as NoAnswer
from releaser.core.evaluation.response import Guarded, Passage, Trouble, Usage
from releaser.core.iam.denial import denial
from releaser.core.values import thaw
from releaser.engine.ports import Runtime
from releaser.gates.evaluation.ports import Refusal

_TIMEOUTS = frozenset(
    {"ReadTimeoutError", "ConnectTimeoutError", "ModelTimeoutException", "RequestTimeout", "RequestTimeoutException"}
)
_CUT = frozenset(
    {"ProtocolError", "IncompleteRead", "ResponseStreamingError", "ChecksumMismatch", "InvalidPayloadLength"}
)
_AS_EVENTS: Mapping[str, Trouble] = {
    "throttlingException": "throttled",
    "modelNotReadyException": "throttled",
    "modelTimeoutException": "timeout",
    "modelStreamErrorException": "truncated",
    "validationException": "refused",
    "accessDeniedException": "refused",
    "resourceNotFoundException": "refused",
    "serviceQuotaExceededException": "refused",
}
"""Members of event streams that end them; any other ``...Exception`` is ``unavailable``."""


def text_of(value: Any) -> str:
    """A value as text: a text itself, anything else its JSON."""
    return value if isinstance(value, str) else json.dumps(thaw(value), ensure_ascii=False)


def question_of(case: Case) -> str:
    """What a case asks in one text: its input, the only member of it, or all of it as JSON."""
    given = case.input
    if isinstance(given, Mapping) and len(given) == 1:
        given = next(iter(given.values()))
    return text_of(given)


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
    found = denial(str(error), error.service, error.operation) if error.failure is Failure.DENIED else None
    if found is not None and found.is_told:
        message += f", {found.actions[0]}: see `releaser iam policy --role evaluate -e ENV`"
    return Refusal(NoAnswer(trouble=trouble, message=message), error.retry_after)


def cut_off(what: str) -> Refusal:
    """A reply that is not whole."""
    return Refusal(NoAnswer(trouble="truncated", message=f"the reply ended without {what}"))


def unfit(why: str) -> Refusal:
    """A case that does not fit the target."""
    return Refusal(NoAnswer(trouble="refused", message=why))


def unreadable(why: str) -> Refusal:
    """A reply that cannot be told for what it is."""
    return Refusal(NoAnswer(trouble="unparsable", message=why))


def called(runtime: Runtime, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """One reply. Raises Refusal."""
    try:
        return runtime.call(service, operation, params)
    except AwsError as error:
        raise refusal(error) from None


def heard(
    runtime: Runtime, service: str, operation: str, params: Mapping[str, Any], member: str
) -> Iterator[tuple[float, dict[str, Any]]]:
    """The events of one reply. Raises Refusal, also for exceptions that come as events."""
    streaming = False
    try:
        for at, event in runtime.stream(service, operation, params, member):
            streaming = True
            ended = next((name for name in event if name.endswith("Exception")), "")
            if ended:
                message = f"{service} {operation}: {ended[:60]}"
                raise Refusal(NoAnswer(trouble=_AS_EVENTS.get(ended, "unavailable"), message=message))
            yield at, event
    except AwsError as error:
        raise refusal(error, streaming=streaming) from None


def usage_of(reply: Mapping[str, Any], units: Mapping[str, int]) -> Usage:
    """Tokens as Bedrock counts them: those of the cache stand outside ``inputTokens``."""
    said = reply.get("usage") or {}

    def count(member: str) -> int:
        found = said.get(member) or 0
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            raise unreadable(f"{member} is no number of tokens")
        return found

    return Usage(
        input_tokens=count("inputTokens"),
        output_tokens=count("outputTokens"),
        cache_read_tokens=count("cacheReadInputTokens"),
        cache_write_tokens=count("cacheWriteInputTokens"),
        guardrail_units=dict(units),
    )


def added(usages: Sequence[Usage]) -> Usage:
    """What several calls used together."""
    units: dict[str, int] = {}
    for one in usages:
        for policy, n in one.guardrail_units.items():
            units[policy] = units.get(policy, 0) + n
    return Usage(
        input_tokens=sum(u.input_tokens for u in usages),
        output_tokens=sum(u.output_tokens for u in usages),
        cache_read_tokens=sum(u.cache_read_tokens for u in usages),
        cache_write_tokens=sum(u.cache_write_tokens for u in usages),
        guardrail_units=units,
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
    """What the guardrail did. Blocked only where it intervened and a policy says BLOCKED for something it detected.

    Raises Refusal (``unparsable``) where it says that it intervened and nothing says how: neither blocked nor not.
    """
    seen = [row for one in assessments for row in _rows(one)]
    acted = [(name, action) for name, action, detected in seen if detected and action in ("BLOCKED", "ANONYMIZED")]
    if intervened and not acted:
        raise unreadable("the guardrail intervened and its trace does not say how")
    blocked = intervened and any(action == "BLOCKED" for _, action in acted)
    return Guarded(
        intervened=intervened,
        blocked=blocked,
        masked=intervened and not blocked,
        policies=tuple(sorted({name for name, _ in acted})),
    )


def _rows(assessment: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """(policy, action, detected) of everything that an assessment has found. ``detected`` may be absent: detected."""
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


def passage_of(row: Mapping[str, Any]) -> Passage:
    """A retrieved passage: its source's URI, URL or document id."""
    location = row.get("location") or {}
    known = (
        (location.get("s3Location") or {}).get("uri")
        or (location.get("kendraDocumentLocation") or {}).get("uri")
        or (location.get("customDocumentLocation") or {}).get("id")
        or next((v["url"] for v in location.values() if isinstance(v, Mapping) and v.get("url")), "")
        or row.get("documentId")
        or location.get("type", "")
    )
    score = row.get("score")
    text = (row.get("content") or {}).get("text") or ""
    return Passage(id=str(known), text=text, score=float(score) if score is not None else None)


def cited(citations: Sequence[Mapping[str, Any]]) -> tuple[Passage, ...]:
    """The passages that a reply rests on, each once."""
    rows = (row for one in citations for row in one.get("retrievedReferences") or ())
    return tuple(dict.fromkeys(passage_of(row) for row in rows))
