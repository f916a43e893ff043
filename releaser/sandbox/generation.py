"""A model's answer under a guardrail, for what is built on models: knowledge bases, flows, agents.

Source: user guide, "Guardrails are applied only to the input and the generated response": not to what was retrieved.
Until a language model is played, its answer is the sentence of what it was given that shares most with the question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from releaser.sandbox import models
from releaser.sandbox.call import Call
from releaser.sandbox.errors import not_in_the_sandbox, validation
from releaser.sandbox.passages import Passage, rank, sentences

MAX_TOKENS = 2048


@dataclass(frozen=True, slots=True)
class Asked:
    """What a model is asked. ``judged``: what the guardrail sees of it."""

    model: str
    system: str
    turns: Sequence[tuple[str, str]]
    judged: str
    max_tokens: int = MAX_TOKENS
    stop: Sequence[str] = ()
    guardrail: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it, and whether a guardrail intervened."""

    text: str
    intervened: bool = False
    usage: Mapping[str, int] = field(default_factory=dict)


def inference(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """``max_tokens`` and ``stop`` of an inference configuration, in either spelling of the models."""
    found = given or {}
    most, stop = found.get("maxTokens", found.get("maximumLength", MAX_TOKENS)), found.get("stopSequences", ())
    return {"max_tokens": most or MAX_TOKENS, "stop": tuple(one for one in stop if one)}


def generate(call: Call, asked: Asked, otherwise: str | None = None) -> Answered:
    """The model's answer, or ``otherwise`` instead of one."""
    if asked.guardrail is not None:
        raise not_in_the_sandbox(f"{call.operation.key} with a guardrail")
    if otherwise is not None:
        return Answered(otherwise)
    _require_model(call, asked.model)
    return Answered(_extract(asked))


def _require_model(call: Call, model: str) -> None:
    """A foundation model of the Region, or an inference profile of any kind, by id or ARN."""
    id = model.rpartition("/")[2]
    known = {one.id for one in models.available(call)}
    profiles = {str(one["inferenceProfileId"]) for one in models.system_profiles(call)}
    if id not in known | profiles and call.row("inference-profile", id) is None:
        raise validation("The provided model identifier is invalid.")


def _extract(asked: Asked) -> str:
    """The sentence of what the model was given that answers the last turn best; not the turn itself, if it can be."""
    question = asked.turns[-1][1]
    given = "\n\n".join([asked.system, *(text for _, text in asked.turns[:-1])])
    for source in (given, question):
        found = [Passage(source[a:b], source[a:b], number) for number, (a, b) in enumerate(sentences(source))]
        best = rank(question, found)
        if best:
            return found[best[0][1]].text
    return "I could not find an answer."
