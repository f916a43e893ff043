"""Forms filled in by word overlap: JSON that a prompt describes, JSON of a schema, the input of a tool.

A field that has labels (``choices.py``) gets the one that has most in common with the text; any other the sentence that
has, as short as the prompt wants it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from releaser.sandbox import choices
from releaser.sandbox.choices import ROW, Label
from releaser.sandbox.extraction import shared, topics
from releaser.sandbox.passages import words
from releaser.sandbox.reading import read

_TEMPLATE = re.compile(r'"(\w+)"\s*:\s*("[^"\n]*"(?:\s*\|\s*"[^"\n]*")*|\[[^\]\n]*\]|<[^>\n]*>|[^,}\n]+)')
_NAMES = re.compile(r"(?i)\b(?:fields?|keys?|properties)\b[^\w\n`\"]*((?:[`\"]?\w+[`\"]?(?:\s*(?:,|and|or|und)\s*)*)+)")
_ONE_LABEL = re.compile(
    r"(?i)\b(?:reply|respond|answer|return|classify|label|category|output|choose|antworte)\b[^.\n:]{0,60}"
    r"\b(?:one of|exactly one|einem der)\b[^.\n:]{0,40}:[ \t]*([^.\n]+)"
)
_ONLY = re.compile(r"(?i)\b(?:reply|respond|answer|return|antworte)\b[^.\n]*\b(?:only|nothing else|just|nur)\b[^.\n]*")
_MOST_WORDS = re.compile(r"(?i)\b(?:at most|up to|max(?:imum|\.)?|höchstens)\s+(\d+)\s+(?:words|wörter)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_SAYS_NUMBER = re.compile(r"(?i)\b(?:number|integer|float|score|confidence|zahl)\b|^\W*\d+(?:\.\d+)?\W*$")
_SAYS_BOOLEAN = re.compile(r"(?i)\btrue\b|\bfalse\b|\bboolean\b")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: what kind of value it has, its labels, and what is said of it."""

    name: str
    kind: str = "string"
    labels: tuple[Label, ...] = ()
    about: str = ""


def described(instructions: str) -> list[Field]:
    """The fields of the JSON that a prompt asks for; none when it asks for no JSON, or lists no field."""
    if "json" not in instructions.casefold():
        return []
    rows = dict(ROW.findall(instructions))
    shown = dict(_TEMPLATE.findall(instructions))
    named = _NAMES.search(instructions)
    listed = [name for name in re.findall(r"\w+", named[1]) if name not in ("and", "or", "und")] if named else []
    names = list(shown) or [name for name in listed if name in rows] or listed or list(rows)
    return [_field(name, f"{shown.get(name, '')} {rows.get(name, '')}".strip(), instructions) for name in names]


def fill(fields: Sequence[Field], text: str) -> str:
    """The JSON, on one line."""
    return json.dumps({one.name: _value(one, text) for one in fields}, ensure_ascii=False)


def labels(instructions: str) -> tuple[Label, ...]:
    """The labels of which a prompt wants one alone: "reply with one of: a, b", "reply with the team only"."""
    asked = _ONE_LABEL.search(instructions)
    if asked:
        return choices.found("", f"one of {asked[1]}", instructions)
    only = _ONLY.search(instructions)
    listed = (choices.listed(word, instructions) for word in words(only[0])) if only else ()
    return next(filter(None, listed), ())


def by_schema(schema: Mapping[str, Any], text: str) -> dict[str, Any]:
    """An object of a JSON schema: its properties, each by kind, enumeration and description."""
    return {name: _of(name, one, text) for name, one in schema.get("properties", {}).items()}


def _of(name: str, schema: Mapping[str, Any], text: str) -> Any:
    kind = schema.get("type", "string")
    if kind == "object":
        return by_schema(schema, text)
    within = schema.get("items", {}) if kind == "array" else schema
    labels = tuple(Label(str(one)) for one in within.get("enum", ()))
    return _value(Field(name, kind, labels, schema.get("description", "")), text)


def _field(name: str, about: str, instructions: str) -> Field:
    labels = choices.found(name, about, instructions)
    if {one.name.casefold() for one in labels} == {"true", "false"} or (not labels and _SAYS_BOOLEAN.search(about)):
        return Field(name, "boolean", (), about)
    if about.startswith("["):
        return Field(name, "array", labels, about)
    if not labels and _SAYS_NUMBER.search(about):
        return Field(name, "number", (), f"{name} {about}")
    return Field(name, "string", labels, about)


def _value(field: Field, text: str) -> Any:
    if field.kind == "array":
        return [one.name for one in field.labels if one.score(text)]
    if field.labels:
        return choices.chosen(field.labels, text)
    if field.kind == "boolean":
        wanted = topics(f"{field.name.replace('_', ' ')} {field.about}") - {"true", "false", "boolean"}
        return bool(wanted) and 2 * len(wanted & topics(text)) >= len(wanted)
    if field.kind in ("number", "integer"):
        return _number(field, text)
    about = f"{field.name.replace('_', ' ')} {field.about}"
    best = max(read(text), key=lambda one: shared(about, one.text), default=None)
    most = _MOST_WORDS.search(field.about)
    said = best.shown if best else ""
    return " ".join(said.split()[: int(most[1])]) if most else said


def _number(field: Field, text: str) -> int | float:
    if re.search(r"(?i)confidence|probability|score", field.about):
        return 0.5
    found = _NUMBER.search(text)
    if found is None:
        return 0
    return int(float(found[0])) if field.kind == "integer" or "." not in found[0] else float(found[0])
