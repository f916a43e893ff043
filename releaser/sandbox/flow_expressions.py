"""The two small languages in a flow's definition: what is wrong with an expression (in words, or None), and its value.

Source: user guide, "Use expressions to define inputs" (a subset of JsonPath that begins with ``$.data``) and
"Node types for your flow", Condition (relational and logical operators over the node's inputs).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import Any

_STEP = re.compile(
    r"""\.(?:\*|[^\s.\[\]"'()]+)                 # .name or .*
      | \[\s*(?:\*
               | -?\d+(?:\s*,\s*-?\d+)*          # one index, or several
               | -?\d*\s*:\s*-?\d*               # a slice
               | '[^']+' | "[^"]+" )\s*\]""",
    re.VERBOSE,
)
_TOKEN = re.compile(
    r"""\s*(?:(?P<operator>==|!=|>=|<=|>|<)
            | (?P<paren>[()])
            | (?P<text>"[^"]*"|'[^']*')
            | (?P<number>-?\d+(?:\.\d+)?)
            | (?P<word>[a-zA-Z][0-9a-zA-Z_]*))""",
    re.VERBOSE,
)
_LITERALS = {"true": "Boolean", "false": "Boolean", "True": "Boolean", "False": "Boolean"}
_COMPARABLE = ("String", "Number", "Boolean")
_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {"==": eq, "!=": ne, ">": gt, "<": lt, ">=": ge, "<=": le}


def input_problem(expression: str) -> str | None:
    """What is wrong with the expression of a node's input."""
    if not expression.startswith("$.data"):
        return "The expression must begin with $.data"
    at = len("$.data")
    while at < len(expression):
        step = _STEP.match(expression, at)
        if step is None:
            return f"Unexpected text at position {at + 1}"
        at = step.end()
    return None


def input_value(expression: str, data: Any) -> Any:
    """What a well-formed expression finds in ``data``. Several values are a list; LookupError when there is none."""
    found, several, at = [data], False, len("$.data")
    while at < len(expression):
        step = _STEP.match(expression, at)
        assert step is not None
        inner = step[0][1:] if step[0][0] == "." else step[0][1:-1].strip()
        quoted = inner[:1] in ("'", '"')
        several = several or (not quoted and (inner == "*" or ":" in inner or "," in inner))
        found = [value for one in found for value in _step(one, inner.strip("'\""), dotted=step[0][0] == "." or quoted)]
        at = step.end()
    if several:
        return found
    if not found:
        raise LookupError(f"The expression {expression} finds nothing")
    return found[0]


def _step(value: Any, inner: str, *, dotted: bool) -> list[Any]:
    """One step from one value: a member's name, or what is in brackets."""
    if inner == "*":
        return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    if dotted:
        return [value[inner]] if isinstance(value, dict) and inner in value else []
    if not isinstance(value, list):
        return []
    if ":" in inner:
        first, last = (int(end) if end.strip() else None for end in inner.split(":"))
        return value[first:last]
    places = [int(place) for place in inner.split(",")]
    return [value[place] for place in places if -len(value) <= place < len(value)]


def condition_holds(expression: str, inputs: Mapping[str, str], values: Mapping[str, Any]) -> bool:
    """Whether a well-formed condition is true of the values of the inputs."""
    return _Condition(_tokens(expression), inputs, values).either()


def condition_problem(expression: str, inputs: Mapping[str, str]) -> str | None:
    """What is wrong with a condition over these inputs (data types by name)."""
    try:
        parsed = _Condition(_tokens(expression), inputs)
        parsed.either()
        parsed.end()
    except _Malformed as malformed:
        return str(malformed)
    return None if parsed.used else "The expression must refer to at least one of the node's inputs"


class _Malformed(Exception):
    pass


Token = tuple[str, str]


def _tokens(expression: str) -> list[Token]:
    found, at, text = [], 0, expression.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _Malformed(f"Unexpected character at position {at + 1}")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Condition:
    """``or`` of ``and`` of ``not`` of comparisons, read by descent, and computed where there are values."""

    def __init__(self, tokens: list[Token], inputs: Mapping[str, str], values: Mapping[str, Any] | None = None) -> None:
        self._rest = tokens[::-1]
        self._inputs = inputs
        self._values = values
        self.used: set[str] = set()

    def either(self) -> bool:
        found = self._both()
        while self._take("word", "or"):
            found = self._both() or found
        return found

    def end(self) -> None:
        if self._rest:
            raise _Malformed(f"Unexpected {self._rest[-1][1]}")

    def _both(self) -> bool:
        found = self._maybe_not()
        while self._take("word", "and"):
            found = self._maybe_not() and found
        return found

    def _maybe_not(self) -> bool:
        turned = False
        while self._take("word", "not"):
            turned = not turned
        if not self._take("paren", "("):
            return self._comparison() != turned
        found = self.either()
        if not self._take("paren", ")"):
            raise _Malformed("A parenthesis is not closed")
        return found != turned

    def _comparison(self) -> bool:
        left, mine = self._operand()
        if not self._rest or self._rest[-1][0] != "operator":
            if left != "Boolean":
                raise _Malformed("A value that is not a Boolean must be compared")
            return bool(mine)
        operator = self._rest.pop()[1]
        right, theirs = self._operand()
        if left not in _COMPARABLE or left != right:
            raise _Malformed(f"{left} and {right} cannot be compared")
        if operator not in ("==", "!=") and left != "Number":
            raise _Malformed(f"The operator {operator} compares Numbers, not {left}s")
        return self._values is not None and bool(_OPERATORS[operator](mine, theirs))

    def _operand(self) -> tuple[str, Any]:
        """A data type and, where there are values, a value."""
        if not self._rest:
            raise _Malformed("The expression ends where a value is expected")
        group, value = self._rest.pop()
        if group == "text":
            return "String", value[1:-1]
        if group == "number":
            return "Number", float(value)
        if value in self._inputs:
            self.used.add(value)
            return self._inputs[value], None if self._values is None else self._values[value]
        if value in _LITERALS:
            return _LITERALS[value], value.lower() == "true"
        raise _Malformed(f"{value} is not an input of the node" if group == "word" else f"Unexpected {value}")

    def _take(self, group: str, value: str) -> bool:
        if self._rest and self._rest[-1] == (group, value):
            self._rest.pop()
            return True
        return False
