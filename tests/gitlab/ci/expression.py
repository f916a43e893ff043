"""``rules:if``: GitLab's expressions (docs.gitlab.com, "CI/CD variable expressions")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ci.component import InvalidPipeline

_TOKENS = re.compile(
    r"""\s*(?:(?P<mark>&&|\|\||==|!=|=~|!~|\(|\))|(?P<variable>\$\w+)|"(?P<double>[^"]*)"|'(?P<single>[^']*)'"""
    r"""|(?P<pattern>/(?:\\.|[^/])+/i?)|(?P<null>null))"""
)


def is_true(text: str, variables: Mapping[str, str]) -> bool:
    """Whether a condition holds. Raises InvalidPipeline for what GitLab would not take."""
    reader = _Reader(_tokens(text), variables)
    found = reader.either()
    if reader.tokens:
        raise InvalidPipeline(f"invalid expression syntax: {text}")
    return _truth(found)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.strip()
    while at < len(text):
        token = _TOKENS.match(text, at)
        if token is None:
            raise InvalidPipeline(f"invalid expression syntax: {text[at:]}")
        kind = str(token.lastgroup)
        found.append((kind, token[kind]))
        at = token.end()
    return found


def _truth(value: str | bool | None) -> bool:
    return value if isinstance(value, bool) else bool(value)


@dataclass
class _Reader:
    tokens: list[tuple[str, str]]
    variables: Mapping[str, str] = field(default_factory=dict)

    def either(self) -> str | bool | None:
        found = self.both()
        while self._is("||"):
            right = self.both()
            found = _truth(found) or _truth(right)
        return found

    def both(self) -> str | bool | None:
        found = self.compared()
        while self._is("&&"):
            right = self.compared()
            found = _truth(found) and _truth(right)
        return found

    def compared(self) -> str | bool | None:
        left = self.operand()
        for mark in ("==", "!=", "=~", "!~"):
            if self._is(mark):
                right = self.operand()
                same = _matches(left, right) if "~" in mark else left == right
                return same if mark[0] == "=" else not same
        return left

    def operand(self) -> str | bool | None:
        if not self.tokens:
            raise InvalidPipeline("invalid expression syntax: it ends too soon")
        kind, text = self.tokens.pop(0)
        if (kind, text) == ("mark", "("):
            found = self.either()
            if not self._is(")"):
                raise InvalidPipeline("invalid expression syntax: a bracket is open")
            return found
        if kind == "variable":
            return self.variables.get(text[1:])
        if kind == "null":
            return None
        if kind == "mark":
            raise InvalidPipeline(f"invalid expression syntax: {text}")
        return text

    def _is(self, mark: str) -> bool:
        if self.tokens[:1] == [("mark", mark)]:
            self.tokens.pop(0)
            return True
        return False


def _matches(text: str | bool | None, pattern: str | bool | None) -> bool:
    if not isinstance(pattern, str) or not pattern.startswith("/"):
        raise InvalidPipeline(f"no pattern: {pattern}")
    body, _, flags = pattern[1:].rpartition("/")
    return isinstance(text, str) and re.search(body, text, re.IGNORECASE if flags else 0) is not None
