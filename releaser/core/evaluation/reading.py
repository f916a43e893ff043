"""Data sets from bytes: JSON Lines or CSV to cases, with every problem at its line. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from releaser.core.evaluation.case import Case, Dataset, Entity
from releaser.core.shape import camel
from releaser.core.suggest import did_you_mean
from releaser.core.values import digest

_NAMES = {camel(f.name): f.name for f in fields(Case) if f.name not in ("digest", "line")}
MEMBERS = frozenset(_NAMES)
_LISTS = frozenset(
    {"mustContain", "mustNotContain", "attackSucceedsIfContains", "forbiddenTools", "contexts", "relevant", "tags"}
)
LABELS = ("", "attack", "benign")


class Wrong(NamedTuple):
    """What is wrong with one line."""

    line: int
    code: str
    message: str


def read_dataset(name: str, path: str, content: bytes, sha256: str) -> tuple[Dataset, tuple[Wrong, ...]]:
    """The cases that can be read, and what is wrong with the others. ``path`` says which format it is."""
    wrong: list[Wrong] = []
    cases: list[Case] = []
    seen: dict[str, int] = {}
    for line, row in _rows(path, content, wrong):
        found = list(_problems(row, line, seen))
        wrong += found
        if found:
            continue
        try:
            cases.append(case_of(row, line))
        except (ValueError, RecursionError):
            wrong.append(
                Wrong(line, "E702", "this line holds half a character, an endless number, or is nested too deeply")
            )
    return Dataset(name, sha256, tuple(cases)), tuple(wrong)


def case_of(row: Mapping[str, Any], line: int = 0) -> Case:
    """A case from the members of a line that has no problem."""
    known = {member: value for member, value in row.items() if member in MEMBERS}
    values: dict[str, Any] = {_NAMES[m]: tuple(v) if m in _LISTS else v for m, v in known.items()}
    if "entities" in values:
        values["entities"] = tuple(
            Entity(**{k: e[k] for k in ("type", "text", "start", "end")}) for e in row["entities"]
        )
    if "human" in values:
        values["human"] = dict(values["human"])
    return Case(**values, digest=digest(known), line=line)


def _rows(path: str, content: bytes, wrong: list[Wrong]) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wrong.append(Wrong(content.count(b"\n", 0, error.start) + 1, "E702", "this is not UTF-8"))
        return
    if path.endswith(".csv"):
        yield from _table(text, wrong)
        return
    for line, raw in enumerate(text.split("\n"), 1):
        if not raw.strip():
            continue
        try:
            row = json.loads(raw, object_pairs_hook=_once, parse_constant=_refused)
        except _Refused as refused:
            wrong.append(Wrong(line, "E702", str(refused)))
            continue
        except (ValueError, RecursionError):
            wrong.append(Wrong(line, "E702", "this line is not JSON"))
            continue
        if not isinstance(row, dict):
            wrong.append(Wrong(line, "E702", "a case must be a JSON object"))
        else:
            yield line, row


class _Refused(ValueError):
    """What Python's parser takes and JSON has not."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [k for k, _ in pairs]
        twice = next(k for k in names if names.count(k) > 1)
        raise _Refused(f"the member {twice[:60]!r} stands twice")
    return found


def _refused(name: str) -> Any:
    raise _Refused(f"{name} is no JSON")


def _table(text: str, wrong: list[Wrong]) -> Iterator[tuple[int, dict[str, Any]]]:
    """``input.NAME`` columns are the variables, ``human.NAME`` people's labels; of lists, members are parted by
    ``|``."""
    reader = csv.DictReader(io.StringIO(text), strict=True)
    try:
        columns = list(reader.fieldnames or ())
        twice = sorted({c for c in columns if columns.count(c) > 1})
        if twice:
            wrong.append(Wrong(1, "E702", f"the column {twice[0][:60]!r} stands twice"))
            return
        for found in reader:
            row: dict[str, Any] = {}
            for column, value in found.items():
                if column is None or value is None:
                    wrong.append(Wrong(reader.line_num, "E702", "this line has another number of columns"))
                elif column.startswith("input."):
                    row.setdefault("input", {})[column.removeprefix("input.")] = value
                elif value == "":
                    continue
                elif column.startswith("human."):
                    row.setdefault("human", {})[column.removeprefix("human.")] = value
                elif column in _LISTS:
                    row[column] = value.split("|")
                elif column == "critical":
                    row[column] = {"true": True, "false": False}.get(value.lower(), value)
                else:
                    row[column] = value
            yield reader.line_num, row
    except csv.Error as error:
        wrong.append(Wrong(max(1, reader.reader.line_num), "E702", f"this is no CSV: {error}"))


def _problems(row: Mapping[str, Any], line: int, seen: dict[str, int]) -> Iterator[Wrong]:
    name = row.get("id")
    if not isinstance(name, str) or not name:
        yield Wrong(line, "E703", "the case has no id")
    elif name in seen:
        yield Wrong(line, "E703", f"the id {name[:60]!r} stands already in line {seen[name]}")
    else:
        seen[name] = line
    if not isinstance(row.get("input"), str | dict):
        yield Wrong(
            line, "E704", "the case has no input" if row.get("input") is None else "input is a text or an object"
        )
    for member in sorted(row.keys() - MEMBERS):
        hint = did_you_mean(member, MEMBERS)
        yield Wrong(line, "E704", f"a case has no member {member[:60]!r}" + (f": {hint}" if hint else ""))
    for member in sorted(_LISTS & row.keys()):
        value = row[member]
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            yield Wrong(line, "E704", f"{member} is a list of texts")
        elif "" in value:
            yield Wrong(line, "E704", f"{member} holds an empty text")
    if not _is_expected(row.get("expected", "")):
        yield Wrong(line, "E704", "expected is a text, a number, texts that are all right, or an object of fields")
    if row.get("label", "") not in LABELS:
        yield Wrong(line, "E704", "label is attack or benign")
    if not isinstance(row.get("critical", False), bool):
        yield Wrong(line, "E704", "critical is true or false")
    for member in ("category", "lang", "answer"):
        if not isinstance(row.get(member, ""), str):
            yield Wrong(line, "E704", f"{member} is a text")
    if not isinstance(row.get("human", {}), dict):
        yield Wrong(line, "E704", "human is an object: rubric and label")
    if not _are_entities(row.get("entities", [])):
        yield Wrong(line, "E704", "entities are objects with type, text, start and end")
    else:
        yield from _misplaced(row, line)


def _is_expected(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(v, str) for v in value)
    return isinstance(value, dict | str | int | float)


def _misplaced(row: Mapping[str, Any], line: int) -> Iterator[Wrong]:
    """Entities that do not stand where they say."""
    given = row.get("input")
    texts = list(given.values()) if isinstance(given, dict) else [given]
    for one in row.get("entities", []):
        start, end = one["start"], one["end"]
        if not 0 <= start < end or not any(isinstance(t, str) and t[start:end] == one["text"] for t in texts):
            yield Wrong(line, "E704", f"an entity of type {one['type'][:40]} does not stand at {start} to {end}")


def _are_entities(value: Any) -> bool:
    shapes = {"type": str, "text": str, "start": int, "end": int}
    return isinstance(value, list) and all(
        isinstance(e, dict) and all(type(e.get(k)) is t for k, t in shapes.items()) for e in value
    )
