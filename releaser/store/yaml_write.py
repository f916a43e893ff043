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


def put(text: str, path: Path, key: str, value: str) -> str:
    """The text with one more member in the mapping at ``path``, which is made when its parent has none. Comments and
    layout stay. ValueError: it cannot be added to such a layout, or is there already."""
    before = _document(text)
    holder = _found(before.data, path)
    if isinstance(holder, dict) and key in holder:
        raise ValueError(f"{key} is there already")
    if isinstance(holder, dict) and holder:
        changed = _added(before, path, [f"{_written(key)}: {_written(value)}"])
    elif holder is None or holder == {}:
        if path in before.positions.values and holder == {}:
            start, end = _range(before.text, before.positions.values[path])
            changed = f"{before.text[:start]}{{{_written(key)}: {_written(value)}}}{before.text[end:]}"
        else:
            changed = _added(before, path[:-1], [f"{path[-1]}:", f"  {_written(key)}: {_written(value)}"])
    else:
        raise ValueError("not a mapping")
    after = _document(changed)
    if after.data != _with_member(before.data, path, key, value):
        raise ValueError("the edit would change more than this member")
    return changed


def drop(text: str, path: Path) -> str:
    """The text without the line of one member with a value on that line. ValueError: it shares the line."""
    before = _document(text)
    key, value = before.positions.keys.get(path), before.positions.values.get(path)
    if key is None or value is None or value.end_line != key.line:
        raise ValueError("not a member on one line")
    lines = before.text.split("\n")
    del lines[key.line - 1]
    changed = "\n".join(lines)
    kept = {k: v for k, v in _found(before.data, path[:-1]).items() if k != path[-1]}
    if _document(changed).data != _with(before.data, path[:-1], kept):
        raise ValueError("the edit would change more than this member")
    return changed


def _document(text: str) -> Document:
    found = load(text, "edit")
    if not isinstance(found, Document):
        raise ValueError(found[0].message)
    return found


def _found(data: Any, path: Path) -> Any:
    for part in path:
        data = data.get(part) if isinstance(data, dict) else data[int(part)] if isinstance(data, list) else None
    return data


def _with_member(data: Any, path: Path, key: str, value: Any) -> Any:
    if not path:
        return {**(data or {}), key: value}
    if isinstance(data, list):
        return [_with_member(v, path[1:], key, value) if i == path[0] else v for i, v in enumerate(data)]
    return {**data, path[0]: _with_member(data.get(path[0]), path[1:], key, value)}


def _added(before: Document, path: Path, lines: list[str]) -> str:
    """Lines after the last member of a mapping, or its one line before the brace that ends it."""
    text, where = before.text, before.positions
    span = where.values[path]
    if text[_offset(text, span.line, span.column)] == "{":
        end = _range(text, span)[1]
        said = lines[0] if len(lines) == 1 else f"{lines[0]} {{{lines[1].strip()}}}"
        kept = text[: end - 1].rstrip()
        return f"{kept}, {said}{text[len(kept) : end - 1]}{text[end - 1 :]}"
    below = [p for p in where.keys if p[:-1] == path]
    indent = " " * (where.keys[below[0]].column - 1)
    leaves = [s for p, s in where.values.items() if p[: len(path)] == path and not _found_container(before.data, p)]
    last = max(_range(text, span)[1] for span in leaves)
    newline = text.find("\n", max(last - 1, 0))
    at = len(text) if newline < 0 else newline
    return f"{text[:at]}\n" + "\n".join(indent + line for line in lines) + text[at:]


def _found_container(data: Any, path: Path) -> bool:
    found = _found(data, path)
    return isinstance(found, dict | list) and bool(found)


def _range(text: str, span: Span) -> tuple[int, int]:
    """The offsets of a span."""
    return _offset(text, span.line, span.column), _offset(text, span.end_line, span.end_column)


def _offset(text: str, line: int, column: int) -> int:
    starts = [0, *(found.end() for found in re.finditer("\r\n|\n|\r", text))]
    return starts[line - 1] + column - 1


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
