"""Writing YAML: an edit that changes one line, and plain data as text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from releaser.core.document import Document, Span
from releaser.core.values import Path
from releaser.store.yaml import CONSTANTS, FORBIDDEN, load


def splice(text: str, path: Path, value: str | int | float | bool | None) -> str:
    """The text with one scalar replaced: one line changes, comments and layout stay. Re-parsed and compared.

    KeyError: there is nothing at ``path``. ValueError: it is no one-line scalar, or stands under an alias.
    """
    before = load(text, "splice")
    if not isinstance(before, Document):
        raise ValueError(before[0].message)
    span = before.positions.values.get(path)
    if span is None:
        raise KeyError(path)
    start, end = _range(before.text, span)
    written = before.text[start:end]
    if span.line != span.end_line or isinstance(_at(before.data, path), dict | list):
        raise ValueError("not a value on one line")
    changed = before.text[:start] + _written(value, written[:1]) + before.text[end:]
    after = load(changed, "splice")
    if not isinstance(after, Document) or after.data != _with(before.data, path, value):
        raise ValueError("the edit would change more than this value")
    return ("\ufeff" if text.startswith("\ufeff") else "") + changed


def _range(text: str, span: Span) -> tuple[int, int]:
    """The offsets of a span."""
    starts = [0, *(found.end() for found in re.finditer("\r\n|\n|\r", text))]
    return starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1


def _at(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _with(data: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(data, dict):
        return {k: _with(v, rest, value) if k == head else v for k, v in data.items()}
    return [_with(v, rest, value) if i == head else v for i, v in enumerate(data)]


_SAFE = re.compile(r"[A-Za-z_/][\w./@+-]*(?::[\w./@+-]+)*", re.ASCII)


def _written(value: Any, style: str | None = None) -> str:
    """A scalar in YAML: as it was quoted before; plain where that cannot be misread."""
    if not isinstance(value, str):
        return json.dumps(value)
    if style == "'" and "\n" not in value and FORBIDDEN.search(value) is None:
        return "'" + value.replace("'", "''") + "'"
    if style != '"' and _SAFE.fullmatch(value) and value not in CONSTANTS:
        return value
    return json.dumps(value, ensure_ascii=FORBIDDEN.search(value) is not None)


Note = Callable[[Path], str]
"""A comment for the line of one value; empty for none."""


def dump(data: Any, note: Note | None = None) -> str:
    """Plain data as block YAML that loads back to the same data, with a comment where ``note`` has one."""
    return "\n".join(_lines(data, 0, (), note or (lambda _: ""))) + "\n"


def _lines(data: Any, indent: int, at: Path, note: Note) -> Iterator[str]:
    pad = "  " * indent
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from _entry(f"{pad}{_written(key)}:", value, indent + 1, (*at, key), note)
    elif isinstance(data, list | tuple) and data:
        for number, value in enumerate(data):
            yield from _entry(f"{pad}-", value, indent + 1, (*at, number), note)
    else:
        yield pad + _inline(data)


def _entry(head: str, value: Any, indent: int, at: Path, note: Note) -> Iterator[str]:
    if isinstance(value, dict | list | tuple) and value:
        yield head
        yield from _lines(value, indent, at, note)
    else:
        comment = note(at)
        yield f"{head} {_inline(value)}{f'  # {comment}' if comment else ''}"


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{}"
    return "[]" if isinstance(value, list | tuple) else _written(value)


def inline(data: Mapping[str, str]) -> str:
    """Texts as one flow mapping, to be pasted after a key."""
    return "{" + ", ".join(f"{key}: {_written(value)}" for key, value in data.items()) + "}"
