"""Rubrics: what a judge goes by, those of a manifest and those that are built in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.values import digest


@dataclass(frozen=True, slots=True)
class Rubric:
    """``anchors``: score as it is written -> when it is given, lowest first."""

    name: str
    text: str
    anchors: tuple[tuple[str, str], ...]

    @property
    def sha256(self) -> str:
        """Its identity: the name is no part of it."""
        return digest({"text": self.text, "anchors": [list(a) for a in self.anchors]})

    def share(self, anchor: str) -> float:
        """A score from 0 to 1. Raises KeyError for what is no anchor."""
        if anchor not in dict(self.anchors):
            raise KeyError(anchor)
        scores = [float(a) for a, _ in self.anchors]
        return (float(anchor) - scores[0]) / (scores[-1] - scores[0])


def _built_in(name: str, text: str, none: str, half: str, full: str) -> Rubric:
    return Rubric(name, text, (("0", none), ("0.5", half), ("1", full)))


BUILT_IN: Mapping[str, Rubric] = {
    r.name: r
    for r in (
        _built_in(
            "correctness",
            "Is the answer right? Compare it with the reference answer where there is one, else with the input and the "
            "passages. Other words for the same thing are right; length and style do not matter.",
            "It contradicts the reference, answers another question, or leaves out what was asked for.",
            "The main point is right, and something that matters is missing, vague or wrong.",
            "Everything that was asked for is there, and nothing in it is wrong.",
        ),
        _built_in(
            "faithfulness",
            "Does every statement of the answer follow from the passages given? What is true in the world but not in "
            "the passages does not follow. Saying that the passages do not tell is faithful.",
            "A statement contradicts the passages, or the main statement is not in them.",
            "The main statement follows, and some detail is not in the passages.",
            "Every statement follows from the passages, or the answer says that they do not tell.",
        ),
        _built_in(
            "helpfulness",
            "Does the answer help the person with what they wanted? Judge what they can do with it, not its tone.",
            "They are no further: it evades, refuses without need, or cannot be used.",
            "They are further, and must still find out or ask for something important.",
            "They have what they need, in a form that they can use.",
        ),
    )
}


def rubric_of(evaluation: Mapping[str, Any], name: str) -> Rubric:
    """The manifest's rubric, or the built-in one. Raises KeyError; ValueError for anchors that are no scale."""
    declared = evaluation.get("rubrics")
    found = declared.get(name) if isinstance(declared, Mapping) else None
    if not isinstance(found, Mapping):
        return BUILT_IN[name]
    anchors = found.get("anchors")
    if not isinstance(anchors, Mapping) or not all(isinstance(v, str) for v in anchors.values()):
        raise ValueError("anchors are scores with their descriptions")
    try:
        ordered = tuple(sorted(((str(k), str(v)) for k, v in anchors.items()), key=lambda a: float(a[0])))
    except ValueError:
        raise ValueError("an anchor is a number, quoted") from None
    if len({float(a) for a, _ in ordered}) < max(2, len(ordered)):
        raise ValueError("at least two anchors are needed, each another number")
    return Rubric(name, str(found.get("text", "")), ordered)
