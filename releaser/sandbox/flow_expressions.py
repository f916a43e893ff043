"""The two small languages in a flow's definition: what is wrong with an expression, in words, or None.

Source: user guide, "Use expressions to define inputs" (a subset of JsonPath that begins with ``$.data``) and
"Node types for your flow", Condition (relational and logical operators over the node's inputs).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

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
    """``or`` of ``and`` of ``not`` of comparisons, read by descent."""

    def __init__(self, tokens: list[Token], inputs: Mapping[str, str]) -> None:
        self._rest = tokens[::-1]
        self._inputs = inputs
        self.used: set[str] = set()

    def either(self) -> None:
        self._both()
        while self._take("word", "or"):
            self._both()

    def end(self) -> None:
        if self._rest:
            raise _Malformed(f"Unexpected {self._rest[-1][1]}")

    def _both(self) -> None:
        self._maybe_not()
        while self._take("word", "and"):
            self._maybe_not()

    def _maybe_not(self) -> None:
        while self._take("word", "not"):
            pass
        if not self._take("paren", "("):
            self._comparison()
            return
        self.either()
        if not self._take("paren", ")"):
            raise _Malformed("A parenthesis is not closed")

    def _comparison(self) -> None:
        left = self._operand()
        if not self._rest or self._rest[-1][0] != "operator":
            if left != "Boolean":
                raise _Malformed("A value that is not a Boolean must be compared")
            return
        operator = self._rest.pop()[1]
        right = self._operand()
        if left not in _COMPARABLE or left != right:
            raise _Malformed(f"{left} and {right} cannot be compared")
        if operator not in ("==", "!=") and left != "Number":
            raise _Malformed(f"The operator {operator} compares Numbers, not {left}s")

    def _operand(self) -> str:
        if not self._rest:
            raise _Malformed("The expression ends where a value is expected")
        group, value = self._rest.pop()
        if group in ("text", "number"):
            return "String" if group == "text" else "Number"
        if value in self._inputs:
            self.used.add(value)
            return self._inputs[value]
        if value in _LITERALS:
            return _LITERALS[value]
        raise _Malformed(f"{value} is not an input of the node" if group == "word" else f"Unexpected {value}")

    def _take(self, group: str, value: str) -> bool:
        if self._rest and self._rest[-1] == (group, value):
            self._rest.pop()
            return True
        return False
