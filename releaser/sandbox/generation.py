"""A model's answer under a guardrail, for what is built on models: knowledge bases, flows, agents.

Source: user guide, "Guardrails are applied only to the input and the generated response": not to what was retrieved,
which is what contextual grounding compares the response with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from releaser.sandbox import guardrails, invoked, language
from releaser.sandbox.call import Call
from releaser.sandbox.guardrail_evaluation import Piece, Verdict, judge
from releaser.sandbox.language import Inference
from releaser.sandbox.store import Doc

MAX_TOKENS = 2048
_GROUNDING, _QUERY = ("grounding_source",), ("query",)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a model is asked. The guardrail sees the last turn; ``grounds`` is what the answer is to rest on."""

    model: str
    system: str
    turns: Sequence[tuple[str, str]]
    inference: Inference
    guardrail: Mapping[str, str] | None = None
    grounds: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it. ``before`` and ``after``: the guardrail's assessments of the question and of the answer."""

    text: str
    intervened: bool = False
    usage: Mapping[str, int] = field(default_factory=dict)
    before: tuple[Mapping[str, Any], ...] = ()
    after: tuple[Mapping[str, Any], ...] = ()


def refuse(call: Call, guardrail: Mapping[str, str] | None, question: str) -> Answered | None:
    """The guardrail's message, when it blocks the question."""
    if guardrail is None:
        return None
    found = judge(guardrails.configured(call, guardrail), "INPUT", [Piece(question)])
    return Answered(found.message, True, before=(found.assessment,)) if found.blocked else None


def generate(call: Call, asked: Asked, otherwise: str | None = None) -> Answered:
    """The model's answer, or ``otherwise`` instead of one; the guardrail's message or masks where it intervenes."""
    guardrail = guardrails.configured(call, asked.guardrail) if asked.guardrail is not None else None
    *earlier, (role, question) = asked.turns
    before = judge(guardrail, "INPUT", [Piece(question)]) if guardrail is not None else None
    if before is not None and before.blocked:
        return Answered(before.text, True, before=(before.assessment,))
    asked_of_model = before.text if before is not None else question
    usage: dict[str, int] = {}
    text = otherwise or ""
    if otherwise is None:
        invoked.text_model(call, asked.model)
        turns = [*earlier, (role, asked_of_model)]
        said = language.reply(call, asked.model, asked.system, turns, asked.inference)
        text, usage = said.text, {"inputTokens": said.input_tokens, "outputTokens": said.output_tokens}
    if guardrail is None or before is None:
        return Answered(text, usage=usage)
    after = _judge_answer(guardrail, asked, text)
    shown = after.message if after.blocked else after.texts[-1]
    assessed = {"before": (before.assessment,), "after": (after.assessment,)}
    return Answered(shown, before.intervened or after.intervened, usage, **assessed)


def _judge_answer(guardrail: Doc, asked: Asked, text: str) -> Verdict:
    grounds = [Piece(one, _GROUNDING) for one in asked.grounds]
    query = [Piece(asked.turns[-1][1], _QUERY)] if grounds else []
    return judge(guardrail, "OUTPUT", [*grounds, *query, Piece(text)])
