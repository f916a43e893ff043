"""The one YAML door: bulk loading with positions. Writing is ``yaml_write``.

Loading is PyYAML's C ``compose`` under a YAML 1.2 core resolver: no timestamps, no ``yes`` and ``no``, no
merge
keys, no tags. Every defect becomes a diagnostic; hostile input costs bounded time and memory.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from releaser.core.diagnostic import Diagnostic, in_order
from releaser.core.document import Document, Positions, Span
from releaser.core.values import Path

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
MAX_NODES = 50_000

_PLAIN, _OTHER = " plain", " other"  # no tag can contain a space

# libyaml reads NEL, LS and PS as line ends (YAML 1.1), YAML 1.2 does not: refused, so that nobody guesses.
FORBIDDEN = re.compile("[^\\t\\n\\r\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
# Each level of block style stands further right, or is a list under its key: a text of short lines cannot
# be deep.
_LONG_LINE, _MANY_BRACKETS, _LONG_TEXT = 500, 500, 100_000

CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMERIC_START = frozenset("0123456789+-.")
_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


class _Resolver:
    """Keeps explicit tags visible and leaves all typing to ``_scalar``."""

    def resolve(self, kind: type, value: Any, implicit: Any) -> str:
        return _PLAIN if kind is yaml.ScalarNode and implicit[0] else _OTHER

    def descend_resolver(self, current: Any, index: Any) -> None: ...

    def ascend_resolver(self) -> None: ...


class _Pure(_Resolver, yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer):
    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        yaml.composer.Composer.__init__(self)


def _fast() -> type | None:
    if not yaml.__with_libyaml__:
        return None
    from yaml import cyaml

    return type("_Fast", (_Resolver, cyaml.CParser), {})  # type: ignore[attr-defined]


_Parser: Any = _fast() or _Pure


class _Stop(Exception):
    """Loading cannot go on: carries the diagnostic."""

    def __init__(self, code: str, message: str, mark: Any = None, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.mark, self.hint = code, mark, hint


def load(source: str | bytes, path: str) -> Document | tuple[Diagnostic, ...]:
    """The document, or every diagnostic that stands in its way. Never raises on content, never hangs."""
    try:
        text = _decode(source)
        root = _compose(text)
        builder = _Builder()
        data = builder.value(root, 0)
    except _Stop as stop:
        return (_diagnostic(path, stop),)
    if builder.problems:
        return in_order(_diagnostic(path, stop) for stop in builder.problems)
    if not isinstance(data, dict):
        empty = data is None
        what = "the file is empty" if empty else "the file must be a mapping of keys to values"
        return (_diagnostic(path, _Stop("E115", what, root.start_mark if root else None)),)
    return Document(path, text, data, lambda: _index(text))


def _decode(source: str | bytes) -> str:
    if isinstance(source, str):
        source = source.encode("utf-8", "surrogatepass")
    if len(source) > MAX_BYTES:
        raise _Stop("E104", f"the file has {len(source):,} bytes; the limit is {MAX_BYTES:,}")
    try:
        text = source.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = source[: error.start].decode("utf-8", "replace")
        raise _Stop("E103", f"byte {error.start} is not UTF-8", _at(before, len(before))) from None
    if found := FORBIDDEN.search(text):
        char = f"U+{ord(found.group()):04X}"
        hint = f'write it as an escape in double quotes: "\\u{ord(found.group()):04x}"'
        raise _Stop("E112", f"the character {char} may not stand here", _at(text, found.start()), hint)
    return text


class _at:
    """A mark made from an offset."""

    def __init__(self, text: str, offset: int) -> None:
        lines = re.split("\r\n|\n|\r", text[:offset])
        self.line, self.column = len(lines) - 1, len(lines[-1])


def _compose(text: str) -> Any:
    """The node tree. A text that could be deep or wide has its events counted first: compose recurses in
    C."""
    try:
        if _suspicious(text):
            _check_events(text)
        return _Parser(text).get_single_node()
    except RecursionError:
        raise _Stop("E105", f"nested more than {MAX_DEPTH} levels deep") from None
    except yaml.MarkedYAMLError as error:
        raise _syntax(text, error) from None
    except yaml.YAMLError as error:
        raise _Stop("E101", _clean(str(error))) from None


def _suspicious(text: str) -> bool:
    if len(text) > _LONG_TEXT or text.count("[") + text.count("{") > _MANY_BRACKETS:
        return True
    return max(map(len, text.splitlines()), default=0) > _LONG_LINE


def _check_events(text: str) -> None:
    parser = _Parser(text)
    depth = count = 0
    while True:
        event = parser.get_event()
        count += 1
        if count > 2 * MAX_NODES:
            raise _Stop("E106", f"the file holds more than {MAX_NODES:,} values", event.start_mark)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _Stop("E105", f"nested more than {MAX_DEPTH} levels deep", event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.StreamEndEvent):
            return


def _syntax(text: str, error: yaml.MarkedYAMLError) -> _Stop:
    mark = error.problem_mark or error.context_mark
    problem = _clean(str(error.problem or error.context or "not valid YAML"))
    if "another document" in problem:
        hint = "keep one document in a file: remove the `---`"
        return _Stop("E108", "the file holds more than one document", mark, hint)
    if "undefined alias" in problem:
        return _Stop("E111", problem, mark, "define it with & above, or quote a text that begins with *")
    line = re.split("\r\n|\n|\r", text)[mark.line] if mark and mark.line <= text.count("\n") else ""
    if line[: (mark.column if mark else 0) + 1].strip(" -") == "\t" or re.match(r"[ -]*\t", line):
        return _Stop("E110", "a tab may not be used for indentation", mark, "indent with spaces")
    return _Stop("E101", f"this is not valid YAML: {problem}", mark, _syntax_hint(problem))


def _syntax_hint(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "look at the indentation here, or quote a text that contains `: `"
    if "cannot start any token" in problem:
        return "quote a text that begins with @, ` or %"
    if "did not find expected" in problem:
        return "look at the indentation here and in the line above, and at what was opened and not closed"
    return ""


def _clean(problem: str) -> str:
    return " ".join(problem.split())


def _clip(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


class _Builder:
    """Nodes to plain data; collects what is wrong on the way. Aliases are expanded, within a budget."""

    def __init__(self) -> None:
        self.problems: list[_Stop] = []
        self.budget = MAX_NODES

    def report(self, code: str, message: str, mark: Any, hint: str = "") -> None:
        self.problems.append(_Stop(code, message, mark, hint))

    def value(self, node: Any, depth: int) -> Any:
        if node is None:
            return None
        self.budget -= 1
        if self.budget < 0:
            raise _Stop("E106", f"the file expands to more than {MAX_NODES:,} values", node.start_mark)
        tag = node.tag
        if tag is not _PLAIN and tag is not _OTHER:
            hint = "remove the tag; quote the text if it begins with !"
            self.report("E107", f"the tag {_clip(tag)} is not allowed", node.start_mark, hint)
        if type(node) is yaml.ScalarNode:
            return self.scalar(node) if tag is _PLAIN else node.value
        if depth >= MAX_DEPTH:
            raise _Stop("E105", f"nested more than {MAX_DEPTH} levels deep", node.start_mark)
        if type(node) is yaml.SequenceNode:
            return [self.value(item, depth + 1) for item in node.value]
        return self.mapping(node, depth + 1)

    def mapping(self, node: Any, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.key(key_node)
            value = self.value(value_node, depth)
            if key is None:
                continue
            if key in result:
                self.report("E102", f"the key {_clip(key)!r} stands twice", key_node.start_mark)
            result[key] = value
        return result

    def key(self, node: Any) -> str | None:
        mark = node.start_mark
        if type(node) is not yaml.ScalarNode:
            self.report("E109", "a key must be a text", mark)
            return None
        key = self.scalar(node) if node.tag is _PLAIN else node.value
        if key == "<<" and node.tag is _PLAIN:
            self.report("E114", "merge keys are not part of YAML 1.2", mark, "write the keys out")
            return None
        if not isinstance(key, str):
            hint = f'quote it: "{_clip(node.value)}"'
            self.report("E109", f"a key must be a text, not {_kind(key)}", mark, hint)
            return None
        return key

    def scalar(self, node: Any) -> Any:
        text = node.value
        if text in CONSTANTS:
            return CONSTANTS[text]
        if text[0] not in _NUMERIC_START:
            return text
        try:
            return _number(text)
        except ValueError:
            hint = "quote it if it is a text"
            self.report("E113", "this number is out of range", node.start_mark, hint)
            return 0


def _number(text: str) -> Any:
    """YAML 1.2 core: an int, a float, or the text itself. ValueError when it does not fit JSON's numbers."""
    if _INT.fullmatch(text) or _BASED.fullmatch(text):
        if len(text) > 24:
            raise ValueError
        value = int(text, 0) if text[1:2] in ("o", "x") else int(text)
        if not -(1 << 63) <= value < 1 << 63:
            raise ValueError
        return value
    if _NOT_FINITE.fullmatch(text):
        raise ValueError
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise ValueError
        return number
    return text


def _kind(value: Any) -> str:
    return {bool: "a boolean", int: "a number", float: "a number"}.get(type(value), "empty")


def _diagnostic(path: str, stop: _Stop) -> Diagnostic:
    line, column = (stop.mark.line + 1, stop.mark.column + 1) if stop.mark else (1, 1)
    return Diagnostic(stop.code, str(stop), path, line, column, hint=stop.hint)


def _index(text: str) -> Positions:
    positions = Positions({}, {})
    _walk(_compose(text), (), positions.keys, positions.values)  # type: ignore[arg-type]
    return positions


def _walk(node: Any, at: Path, keys: dict[Path, Span], values: dict[Path, Span]) -> None:
    values[at] = _span(node)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            keys[(*at, key.value)] = _span(key)
            _walk(value, (*at, key.value), keys, values)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _walk(item, (*at, number), keys, values)


def _span(node: Any) -> Span:
    start, end = node.start_mark, node.end_mark
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)
