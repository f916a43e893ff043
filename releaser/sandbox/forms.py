"""Forms filled in by word overlap: JSON that a prompt describes, JSON of a schema, the input of a tool.

A field's labels are what the prompt lists for it (``a|b``, "one of: a, b"); the one that shares most words with the
text is taken, with what the prompt says of it in a line of its own. Nothing in common: a label such as ``other``, else
the first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from releaser.sandbox.extraction import read, topics

_TEMPLATE = re.compile(r'"(\w+)"\s*:\s*("[^"\n]*"(?:\s*\|\s*"[^"\n]*")*|\[[^\]\n]*\]|<[^>\n]*>|[^,}\n]+)')
_ROW = re.compile(r"(?m)^\s*[-*]\s*[`\"*]*([\w-]+)[`\"*]*\s*(?::|\(|-|–|—|=)\s*(.+)$")
_NAMES = re.compile(r"(?i)\b(?:fields?|keys?|properties)\b[^\w\n`\"]*((?:[`\"]?\w+[`\"]?(?:\s*(?:,|and|or|und)\s*)*)+)")
_PIPED = re.compile(r"[\"'`<]?([\w -]+?[\"'`]?(?:\s*\|\s*[\"'`]?[\w -]+[\"'`]?)+)")
_ONE_OF = re.compile(r"(?i)\b(?:one of|either|einer? (?:von|aus))\b[:\s]*([^.\n)\]}]+)")
_ONE_LABEL = re.compile(
    r"(?i)\b(?:reply|respond|answer|return|classify|label|category|output|choose|antworte)\b[^.\n:]{0,60}"
    r"\b(?:one of|exactly one|einem der)\b[^.\n:]{0,40}:[ \t]*([^.\n]+)"
)
_ELSE = ("other", "none", "unknown", "unclear", "neutral", "general", "sonstiges", "unklar")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_SAYS_NUMBER = re.compile(r"(?i)\b(?:number|integer|float|score|confidence|zahl)\b|^\W*\d+(?:\.\d+)?\W*$")
_SAYS_BOOLEAN = re.compile(r"(?i)\btrue\b|\bfalse\b|\bboolean\b")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: what kind of value it has, its labels, and what is said of it."""

    name: str
    kind: str = "string"
    labels: tuple[str, ...] = ()
    about: str = ""


def described(instructions: str) -> list[Field]:
    """The fields of the JSON that a prompt asks for; none when it asks for no JSON, or lists no field."""
    if "json" not in instructions.casefold():
        return []
    rows = dict(_ROW.findall(instructions))
    shown = dict(_TEMPLATE.findall(instructions))
    named = _NAMES.search(instructions)
    listed = [name for name in re.findall(r"\w+", named[1]) if name not in ("and", "or", "und")] if named else []
    names = list(shown) or [name for name in listed if name in rows] or listed or list(rows)
    return [_field(name, f"{shown.get(name, '')} {rows.get(name, '')}".strip(), instructions) for name in names]


def fill(fields: Sequence[Field], instructions: str, text: str) -> str:
    """The JSON, on one line."""
    said = dict(_ROW.findall(instructions))
    return json.dumps({one.name: _value(one, said, text) for one in fields}, ensure_ascii=False)


def labels(instructions: str) -> tuple[str, ...]:
    """The labels of which a prompt wants one and nothing else: "reply with one of: a, b"."""
    asked = _ONE_LABEL.search(instructions)
    return _labels(f"one of {asked[1]}") if asked else ()


def label(labels: Sequence[str], instructions: str, text: str) -> str:
    """The label that shares most words with a text."""
    return str(_value(Field("label", labels=tuple(labels)), dict(_ROW.findall(instructions)), text))


def by_schema(schema: Mapping[str, Any], text: str) -> dict[str, Any]:
    """An object of a JSON schema: its properties, each by kind, enumeration and description."""
    return {name: _of(name, one, text) for name, one in schema.get("properties", {}).items()}


def _of(name: str, schema: Mapping[str, Any], text: str) -> Any:
    kind = schema.get("type", "string")
    if kind == "object":
        return by_schema(schema, text)
    within = schema.get("items", {}) if kind == "array" else schema
    labels = tuple(str(one) for one in within.get("enum", ()))
    return _value(Field(name, kind, labels, schema.get("description", "")), {}, text)


def _field(name: str, about: str, instructions: str) -> Field:
    labels = _labels(about)
    if not labels:
        elsewhere = re.search(rf"(?im)\b{re.escape(name)}\b[^.\n]{{0,60}}?(?:one of|either)\b[^.\n]*", instructions)
        labels = _labels(elsewhere[0]) if elsewhere else ()
    if {label.casefold() for label in labels} == {"true", "false"} or (not labels and _SAYS_BOOLEAN.search(about)):
        return Field(name, "boolean", (), about)
    if about.startswith("["):
        return Field(name, "array", labels, about)
    if not labels and _SAYS_NUMBER.search(about):
        return Field(name, "number", (), f"{name} {about}")
    return Field(name, "string", labels, about)


def _labels(about: str) -> tuple[str, ...]:
    piped, listed = _PIPED.search(about), _ONE_OF.search(about)
    found = re.split(r"\|", piped[1]) if piped else re.split(r",|\bor\b|\boder\b|\band\b", listed[1]) if listed else []
    labels = [one.strip(" \t\"'`<>:") for one in found]
    return tuple(label for label in labels if label) if len(found) > 1 else ()


def _value(field: Field, said: Mapping[str, str], text: str) -> Any:
    scores = {label: _shared(f"{label} {said.get(label, '')}", text) for label in field.labels}
    if field.kind == "array":
        return [label for label, score in scores.items() if score]
    if field.labels:
        return _label(scores)
    if field.kind == "boolean":
        wanted = topics(f"{field.name.replace('_', ' ')} {field.about}") - {"true", "false", "boolean"}
        return bool(wanted) and 2 * len(wanted & topics(text)) >= len(wanted)
    if field.kind in ("number", "integer"):
        return _number(field, text)
    sentences = read(text)
    about = f"{field.name.replace('_', ' ')} {field.about}"
    best = max(sentences, key=lambda one: _shared(about, one.text), default=None)
    return best.shown if best else ""


def _label(scores: Mapping[str, int]) -> str:
    best = max(scores, key=lambda label: scores[label])
    if scores[best]:
        return best
    return next((label for label in scores if label.casefold() in _ELSE), best)


def _number(field: Field, text: str) -> int | float:
    if re.search(r"(?i)confidence|probability|score", field.about):
        return 0.5
    found = _NUMBER.search(text)
    if found is None:
        return 0
    return int(float(found[0])) if field.kind == "integer" or "." not in found[0] else float(found[0])


def _shared(one: str, other: str) -> int:
    """How many words of one text begin like a word of the other."""
    known = {word[:4] for word in topics(other)}
    return len({word[:4] for word in topics(one.replace("_", " ").replace("-", " "))} & known)
