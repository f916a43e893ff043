"""A model's answer to a conversation under the request's guardrail.

Sources: user guide, "Include a guardrail with the Converse API": with ``guardContent`` only that is judged, otherwise
all messages; the model is not asked when the input is blocked, and nothing is counted then. Masked input is what the
model is given. An answer that was masked stops with ``guardrail_intervened`` too. "Configure streaming response
behavior": in mode ``async`` nothing is masked, and what was streamed before it was found is with the caller (how much
is not said: here half of the answer).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from releaser.sandbox import conversation, guardrails, language
from releaser.sandbox.call import Call
from releaser.sandbox.conversation import Conversation, Part
from releaser.sandbox.errors import validation
from releaser.sandbox.guardrail_evaluation import Piece, Verdict, judge
from releaser.sandbox.language import Said
from releaser.sandbox.store import Doc

STOPPED = "guardrail_intervened"
_REFERENCE = frozenset({"grounding_source", "query"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is said, and the guardrail's trace where it was asked for."""

    said: Said
    trace: Mapping[str, Any] | None = None


def say(call: Call, asked: Conversation, given: Mapping[str, Any] | None) -> Outcome:
    """The answer; ``given``: the request's guardrail configuration."""
    if given is None:
        return Outcome(_ask(call, asked))
    guardrail = guardrails.configured(call, given)
    wanted = given.get("trace", "disabled")
    full = wanted == "enabled_full"
    before, asked = _input(guardrail, asked, full)
    if before.blocked:
        said, trace = Said(before.message, STOPPED, 0, 0), _trace(guardrail, before, None, "")
    else:
        raw = _ask(call, asked)
        after = judge(guardrail, "OUTPUT", [Piece(raw.text), *_references(asked)], full=full)
        said = _shown(raw, after, late=given.get("streamProcessingMode") == "async")
        trace = _trace(guardrail, before, after, raw.text)
    return Outcome(said, trace if wanted != "disabled" else None)


def _shown(raw: Said, after: Verdict, late: bool) -> Said:
    """What the caller gets of an answer; ``late``: it was streamed while it was judged."""
    if not after.intervened or (late and not after.blocked):
        return raw
    pieces = language.pieces(raw.text) if late else []
    slipped = "".join(pieces[: len(pieces) // 2])
    return replace(
        raw, text=slipped + (after.message if after.blocked else after.texts[0]), stop_reason=STOPPED, tool=None
    )


def plain(asked: Conversation) -> tuple[str, list[tuple[str, str]]]:
    """System and turns as texts."""
    return conversation.text(asked.system), [(role, conversation.text(parts)) for role, parts in asked.turns]


def _ask(call: Call, asked: Conversation) -> Said:
    system, turns = plain(asked)
    if not turns[-1][1].strip():
        raise validation("The last message has no text.")
    choice, tools = asked.tools.get("toolChoice"), asked.tools.get("tools")
    schema = conversation.schema(call.params)
    return language.reply(call, asked.model, system, turns, asked.inference, tools, choice=choice, schema=schema)


def _input(guardrail: Doc, asked: Conversation, full: bool) -> tuple[Verdict, Conversation]:
    """The verdict on the input, and the conversation with what was masked."""
    lists = [asked.system, *(parts for _, parts in asked.turns)]
    marked = any(part.guarded for parts in lists for part in parts)
    chosen = [(parts, place) for parts in lists[0 if marked else 1 :] for place in range(len(parts))
              if parts[place].guarded or not marked]  # fmt: skip
    verdict = judge(guardrail, "INPUT", [_piece(parts[place]) for parts, place in chosen], full=full)
    copies = {id(parts): list(parts) for parts in lists}
    for (parts, place), text in zip(chosen, verdict.texts, strict=True):
        copies[id(parts)][place] = replace(parts[place], text=text)
    turns = [(role, copies[id(parts)]) for role, parts in asked.turns]
    return verdict, replace(asked, system=copies[id(asked.system)], turns=turns)


def _references(asked: Conversation) -> list[Piece]:
    """What the answer is to rest on, and the question: no policy but grounding looks at them again."""
    parts = [part for parts in (asked.system, *(parts for _, parts in asked.turns)) for part in parts]
    return [Piece(part.text, tuple(sorted(_REFERENCE & {*part.qualifiers}))) for part in parts
            if _REFERENCE & {*part.qualifiers}]  # fmt: skip


def _piece(part: Part) -> Piece:
    return Piece(part.text, part.qualifiers)


def _trace(guardrail: Doc, before: Verdict, after: Verdict | None, output: str) -> dict[str, Any]:
    last = before if after is None or (before.intervened and not after.intervened) else after
    shown: dict[str, Any] = {
        "inputAssessment": {guardrail["id"]: before.assessment},
        "actionReason": last.reason,
    }
    if after is not None:
        shown["outputAssessments"] = {guardrail["id"]: [after.assessment]}
        if after.intervened:
            shown["modelOutput"] = [output]
    return {"guardrail": shown}
