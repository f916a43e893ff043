"""A stand-in for text models: answers with sentences of what it was given, the same ones every time.

It extracts (``extraction.py``), fills in forms (``forms.py``), summarises by beginning, and refuses where nothing that
it was given has a word of the question. It knows nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from releaser.sandbox import extraction
from releaser.sandbox.call import Call
from releaser.sandbox.passages import tokens

_SUMMARY = re.compile(r"(?i)\b(?:summari[sz]e|summary|tl;?dr|zusammenfass\w*|fasse\b.*\bzusammen)\b")
_PIECE = re.compile(r"\s*(?:\w+|[^\w\s])")


@dataclass(frozen=True, slots=True)
class Said:
    """What the model said, why it stopped, and what that took. ``tool``: one that it wants used, with its input."""

    text: str
    stop_reason: str
    input_tokens: int
    output_tokens: int
    tool: Mapping[str, Any] | None = None


def reply(
    call: Call,
    model_id: str,
    system: str,
    turns: Sequence[tuple[str, str]],
    max_tokens: int,
    stop: Sequence[str],
    tools: Sequence[Mapping[str, Any]] | None = None,
) -> Said:
    """The model's answer to the last turn."""
    return cut(_answer(system, turns), count(system, turns), max_tokens, stop)


def count(system: str, turns: Sequence[tuple[str, str]]) -> int:
    """How many tokens a conversation has: words and signs, and three for every turn."""
    return tokens(system) + sum(tokens(text) + 3 for _, text in turns)


def cut(text: str, input_tokens: int, max_tokens: int, stop: Sequence[str]) -> Said:
    """A text up to the first stop sequence and the most tokens."""
    reason = "end_turn"
    places = [text.find(one) for one in stop if one and one in text]
    if places:
        text, reason = text[: min(places)], "stop_sequence"
    if tokens(text) > max_tokens:
        text, reason = "".join(pieces(text)[:max_tokens]), "max_tokens"
    return Said(text, reason, input_tokens, tokens(text))


def pieces(text: str) -> list[str]:
    """A text's tokens, each with the space before it; together they are the text."""
    found = _PIECE.findall(text)
    rest = text[sum(map(len, found)) :]
    return [*found, rest] if rest else found


def _answer(system: str, turns: Sequence[tuple[str, str]]) -> str:
    asked = extraction.understand(system, turns)
    if _SUMMARY.search(asked.instructions):
        return extraction.summary(extraction.document(system, turns))
    return extraction.answer(asked)
