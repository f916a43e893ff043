"""Answers from passages: the question, what was found, the model's answer, and what of it rests on what.

Sources: bedrock-agent-runtime service model; user guide, "Knowledge base prompt templates" (``$search_results$``,
``$query$``, ``$output_format_instructions$``, ``$current_time$``). The default template's wording is not AWS's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from releaser.sandbox import retrieval
from releaser.sandbox.call import Call
from releaser.sandbox.citations import cite
from releaser.sandbox.errors import validation
from releaser.sandbox.generation import MAX_TOKENS, Answered, Asked, generate
from releaser.sandbox.language import inference
from releaser.sandbox.retrieval import Hit
from releaser.sandbox.shaping import iso8601
from releaser.sandbox.store import Doc

NOTHING_FOUND = "Sorry, I am unable to assist you with this request."
TEMPLATE = (
    "Answer the user's question from the search results alone. "
    "If they do not contain the answer, say that you could not find it.\n\n"
    "<search_results>\n$search_results$\n</search_results>\n\n$output_format_instructions$"
)


@dataclass(frozen=True, slots=True)
class Grounded:
    """An answer with its citations."""

    answered: Answered
    citations: list[dict[str, Any]]

    @property
    def text(self) -> str:
        """The answer."""
        return self.answered.text


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a knowledge base, and how it is to be answered. ``before``: earlier turns."""

    text: str
    model: str
    retrieval: Mapping[str, Any] | None = None
    template: str = TEMPLATE
    inference: Mapping[str, Any] | None = None
    guardrail: Mapping[str, str] | None = None
    before: Sequence[tuple[str, str]] = ()


def answer(call: Call, base: Doc, question: Question) -> Grounded:
    """Retrieves and generates. Without a single passage the model is not asked."""
    if "$search_results$" not in question.template:
        raise validation("The prompt template must contain $search_results$.")
    hits = retrieval.search(call, base, question.text, question.retrieval)
    wanted = Asked(
        model=question.model,
        system=fill(call, question.template, question.text, hits),
        turns=(*question.before, ("user", question.text)),
        grounds=[hit.text for hit in hits],
        guardrail=question.guardrail,
        inference=inference(question.inference, MAX_TOKENS),
    )
    answered = generate(call, wanted, otherwise=None if hits else NOTHING_FOUND)
    cited = cite(answered.text, () if answered.intervened else hits)
    return Grounded(answered, cited)


def fill(call: Call, template: str, question: str, hits: Sequence[Hit]) -> str:
    """A template with its placeholders replaced."""
    values = {
        "$search_results$": "\n\n".join(hit.text for hit in hits),
        "$query$": question,
        "$output_format_instructions$": "",
        "$current_time$": iso8601(call.clock.now()),
    }
    for name, value in values.items():
        template = template.replace(name, value)
    return template.strip()
