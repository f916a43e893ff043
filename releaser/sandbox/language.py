"""A stand-in for text models: answers with sentences of what it was given, the same ones every time.

It extracts (``extraction.py``), fills in forms (``forms.py``), summarises by beginning, and refuses where nothing that
it was given has a word of the question. It knows nothing.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from releaser.sandbox import choices, extraction, forms
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError
from releaser.sandbox.passages import tokens
from releaser.sandbox.upstream import Answers

STAND_IN = "sentences of what it is given (no language model)"
_SUMMARY = re.compile(r"(?i)\b(?:summari[sz]e|summary|tl;?dr|zusammenfass\w*|fasse\b.*\bzusammen)\b")
_REASONS = {"length": "max_tokens", "content_filter": "content_filtered"}
_DRAWS = {"temperature": "temperature", "topP": "top_p"}
_MOST = 0.6
_PIECE = re.compile(r"\s*(?:\w+|[^\w\s])")


@dataclass(frozen=True, slots=True)
class Said:
    """What the model said, why it stopped, and what that took, in real seconds too. ``tool``: one that it wants used,
    with its input."""

    text: str
    stop_reason: str
    input_tokens: int
    output_tokens: int
    tool: Mapping[str, Any] | None = None
    first_token_s: float = 0.0
    total_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Inference:
    """How a model is to answer: in at most so many tokens, up to which texts, and how it draws (for a real one)."""

    max_tokens: int
    stop: tuple[str, ...] = ()
    draws: Mapping[str, float] = field(default_factory=dict)


def inference(given: Mapping[str, Any] | None, most: int) -> Inference:
    """An inference configuration in either spelling of the API; ``most``: tokens when it does not say."""
    found = given or {}
    stop = tuple(one for one in found.get("stopSequences", ()) if one)
    draws = {ours: found[name] for name, ours in _DRAWS.items() if name in found}
    return Inference(found.get("maxTokens", found.get("maximumLength")) or most, stop, draws)


def reply(
    call: Call,
    model_id: str,
    system: str,
    turns: Sequence[tuple[str, str]],
    wanted: Inference,
    tools: Sequence[Mapping[str, Any]] | None = None,
    choice: Mapping[str, Any] | None = None,
    schema: Mapping[str, Any] | None = None,
) -> Said:
    """The model's answer to the last turn: the real one's where there is one.

    ``choice``: a tool choice as Converse has it; ``schema``: the JSON schema that the answer is to follow.
    """
    if call.answers is None:
        return _paced(call, _stand_in(system, turns, wanted, tools, choice, schema))
    request = chat(model_id, system, turns, wanted, tools)
    if choice and "auto" not in choice:
        request["tool_choice"] = _choice(choice)
    if schema is not None:
        form = {"name": "answer", "schema": schema}
        request["response_format"] = {"type": "json_schema", "json_schema": form}
    return _asked(call, call.answers, request)


def _stand_in(
    system: str,
    turns: Sequence[tuple[str, str]],
    wanted: Inference,
    tools: Sequence[Mapping[str, Any]] | None,
    choice: Mapping[str, Any] | None,
    schema: Mapping[str, Any] | None,
) -> Said:
    used = _chosen([one["toolSpec"] for one in tools or () if "toolSpec" in one], choice or {}, turns[-1][1])
    if used is not None:
        given = forms.by_schema(used["inputSchema"].get("json", {}), turns[-1][1])
        tool = {"toolUseId": f"tooluse_{uuid.uuid4().hex[:22]}", "name": used["name"], "input": given}
        return Said("", "tool_use", count(system, turns), tokens(json.dumps(given)), tool)
    if schema is not None:
        text = json.dumps(forms.by_schema(schema, turns[-1][1]), ensure_ascii=False)
        return cut(text, count(system, turns), wanted)
    return cut(answer(system, turns), count(system, turns), wanted)


def _paced(call: Call, said: Said) -> Said:
    """The answer with the time that a model would take for it; the call takes that time."""
    settings = call.settings
    first = call.clock.delay(settings.first_token)
    after = said.output_tokens / settings.tokens_per_second if settings.tokens_per_second else 0.0
    total = first + call.clock.delay(after)
    call.pace.add(first, total)
    return replace(said, first_token_s=first, total_s=total)


def chat(
    model_id: str,
    system: str,
    turns: Sequence[tuple[str, str]],
    wanted: Inference,
    tools: Sequence[Mapping[str, Any]] | None,
) -> dict[str, Any]:
    """The same question in the form of OpenAI's chat completions."""
    head = [{"role": "system", "content": system}] if system else []
    messages = [*head, *({"role": role, "content": text} for role, text in turns)]
    asked: dict[str, Any] = {"model": model_id, "messages": messages, "max_tokens": wanted.max_tokens, **wanted.draws}
    specs = [one["toolSpec"] for one in tools or () if "toolSpec" in one]
    if wanted.stop:
        asked["stop"] = list(wanted.stop)
    if specs:
        asked["tools"] = [{"type": "function", "function": _function(spec)} for spec in specs]
    return asked


def _choice(choice: Mapping[str, Any]) -> Any:
    name = choice.get("tool", {}).get("name")
    return {"type": "function", "function": {"name": name}} if name else "required"


def _chosen(specs: Sequence[Mapping[str, Any]], choice: Mapping[str, Any], text: str) -> Mapping[str, Any] | None:
    """The tool that is required; else the one most of whose description is in the question."""
    if "tool" in choice:
        return next((one for one in specs if one["name"] == choice["tool"]["name"]), None)
    if text.startswith(extraction.TOOL_RESULT) and "any" not in choice:
        return None
    asked = extraction.topics(text)
    known = [extraction.topics(one.get("description") or one["name"].replace("_", " ")) for one in specs]
    shares = [len(one & asked) / len(one) if one else 0.0 for one in known]
    best = max(range(len(specs)), key=lambda place: shares[place], default=None)
    return None if best is None or (shares[best] < _MOST and "any" not in choice) else specs[best]


def _function(spec: Mapping[str, Any]) -> dict[str, Any]:
    about = {"description": spec["description"]} if "description" in spec else {}
    return {"name": spec["name"], **about, "parameters": spec["inputSchema"].get("json", {})}


def _asked(call: Call, answers: Answers, request: Mapping[str, Any]) -> Said:
    try:
        answer = answers.take(request)
    except AwsError as error:
        if call.operation.service.name != "bedrock-runtime" and error.code != "ThrottlingException":
            raise AwsError("DependencyFailedException", error.message) from error
        raise
    choice, usage = answer.completion["choices"][0], answer.completion.get("usage") or {}
    text, calls = choice["message"].get("content") or "", choice["message"].get("tool_calls") or []
    messages = [(one["role"], one["content"]) for one in request["messages"]]
    return Said(
        text,
        "tool_use" if calls else _REASONS.get(choice.get("finish_reason"), "end_turn"),
        usage.get("prompt_tokens", count("", messages)),
        usage.get("completion_tokens", tokens(text)),
        _tool(calls[0]) if calls else None,
        answer.seconds,
        answer.seconds,
    )


def _tool(given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = json.loads(given["function"]["arguments"] or "{}")
        return {"toolUseId": given["id"], "name": given["function"]["name"], "input": found}
    except (ValueError, LookupError, TypeError) as error:
        raise AwsError("ModelErrorException", "The model's tool call cannot be read.") from error


def count(system: str, turns: Sequence[tuple[str, str]]) -> int:
    """How many tokens a conversation has: words and signs, and three for every turn."""
    return tokens(system) + sum(tokens(text) + 3 for _, text in turns)


def cut(text: str, input_tokens: int, wanted: Inference) -> Said:
    """A text up to the first stop sequence and the most tokens."""
    reason = "end_turn"
    places = [text.find(one) for one in wanted.stop if one in text]
    if places:
        text, reason = text[: min(places)], "stop_sequence"
    if tokens(text) > wanted.max_tokens:
        text, reason = "".join(pieces(text)[: wanted.max_tokens]), "max_tokens"
    return Said(text, reason, input_tokens, tokens(text))


def pieces(text: str) -> list[str]:
    """A text's tokens, each with the space before it; together they are the text."""
    found = _PIECE.findall(text)
    rest = text[sum(map(len, found)) :]
    return [*found, rest] if rest else found


def answer(system: str, turns: Sequence[tuple[str, str]]) -> str:
    """What the stand-in says to a conversation: a summary, a form, a label, or sentences of what it was given."""
    asked = extraction.understand(system, turns)
    if _SUMMARY.search(asked.instructions) and "json" not in asked.instructions.casefold():
        return extraction.summary(extraction.document(system, turns))
    fields = forms.described(asked.instructions)
    labels = () if fields else forms.labels(asked.instructions)
    if fields or labels:
        text = extraction.labelled(system, turns) or turns[-1][1]
        return forms.fill(fields, text) if fields else choices.chosen(labels, text)
    return extraction.answer(asked)
