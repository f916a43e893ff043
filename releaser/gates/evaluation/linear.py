"""Regular expressions in time that is linear in the text: no pattern and no text can make a search hang.

Python's own engine backtracks. Here the pattern's parse becomes an automaton that is made deterministic as it goes
(Thompson 1968). What no automaton can do (backreferences, lookaround, atomic groups) is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib import import_module
from typing import Any

LONGEST_PATTERN = 500
LONGEST_TEXT = 20_000
_MOST_STATES = 2_000
_MOST_CLOSURES = 20_000
_MOST_WORK = 1_000_000

Taker = Callable[[str], bool]
_CATEGORIES: dict[str, Taker] = {
    "CATEGORY_DIGIT": str.isdecimal,
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_WORD": lambda c: c.isalnum() or c == "_",
}


class Refused(ValueError):
    """Why a pattern is not taken."""


@lru_cache(maxsize=64)
def compiled(pattern: str) -> Search:
    """Raises Refused for a pattern that is wrong, too large, or not regular."""
    if len(pattern) > LONGEST_PATTERN:
        raise Refused(f"the pattern is longer than {LONGEST_PATTERN} characters")
    try:
        parsed = import_module("re._parser").parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise Refused(f"the pattern is wrong: {error}") from None
    search = Search(parsed.state.flags)
    search.build(parsed)
    return search


def found(pattern: str, text: str) -> bool:
    """Whether the pattern is anywhere in the text. Raises Refused."""
    return compiled(pattern).matches(text[:LONGEST_TEXT])


class Search:
    """One pattern. A state either takes a character, or holds at a place, or is passed through."""

    def __init__(self, flags: int) -> None:
        self._flags = flags
        self._takes: list[Taker | None] = []
        self._holds: list[str] = []
        self._next: list[list[int]] = []
        self._closures: dict[tuple[frozenset[int], tuple[bool, ...], bool], frozenset[int]] = {}
        self._start = self._state()
        self._end = -1

    def build(self, parsed: Any) -> None:
        """The automaton of a whole pattern."""
        self._end = self._sequence(parsed, self._start, self._flags)

    def matches(self, text: str) -> bool:
        """Whether it is anywhere in the text. Raises Refused when that takes far too long."""
        moves: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        active: frozenset[int] = frozenset({self._start})
        work = 0
        for at in range(len(text) + 1):
            here = self._reached(active, text, at)
            if self._end in here:
                return True
            if at == len(text):
                return False
            key = (here, text[at])
            if key not in moves:
                work += len(here)
                if work > _MOST_WORK:
                    raise Refused("the pattern takes too long on this text")
                moves[key] = frozenset(n for s in here if self._taken(s, text[at]) for n in self._next[s])
            active = moves[key] | {self._start}
        return False

    def _taken(self, state: int, character: str) -> bool:
        take = self._takes[state]
        return take is not None and take(character)

    def _reached(self, states: frozenset[int], text: str, at: int) -> frozenset[int]:
        """With all that needs no character here."""
        before, after = text[at - 1 : at], text[at : at + 1]
        kind = (not before, before == "\n", _is_word(before), not after, after == "\n", _is_word(after))
        return self._closure(states, kind, at >= len(text) - 1 and after in ("", "\n"))

    def _closure(self, states: frozenset[int], kind: tuple[bool, ...], last: bool) -> frozenset[int]:
        known = self._closures.get((states, kind, last))
        if known is not None:
            return known
        seen, waiting = set(states), list(states)
        while waiting:
            state = waiting.pop()
            if self._takes[state] is None and self._stands(self._holds[state], kind, last):
                fresh = [n for n in self._next[state] if n not in seen]
                seen.update(fresh)
                waiting += fresh
        if len(self._closures) > _MOST_CLOSURES:
            self._closures.clear()
        self._closures[states, kind, last] = frozenset(seen)
        return frozenset(seen)

    def _stands(self, hold: str, kind: tuple[bool, ...], last: bool) -> bool:
        first, after_break, word_before, end, before_break, word_after = kind
        many = bool(self._flags & re.MULTILINE)
        match hold:
            case "":
                return True
            case "AT_BEGINNING":
                return first or (many and after_break)
            case "AT_BEGINNING_STRING":
                return first
            case "AT_END":
                return end or (before_break if many else last)
            case "AT_END_STRING":
                return end
            case "AT_BOUNDARY":
                return word_before != word_after
            case "AT_NON_BOUNDARY":
                return word_before == word_after
            case _:
                raise Refused(f"the pattern uses {hold}")

    def _state(self, take: Taker | None = None, hold: str = "") -> int:
        if len(self._takes) >= _MOST_STATES:
            raise Refused("the pattern is too large")
        self._takes.append(take)
        self._holds.append(hold)
        self._next.append([])
        return len(self._takes) - 1

    def _sequence(self, items: Iterable[tuple[Any, Any]], at: int, flags: int) -> int:
        for op, value in items:
            at = self._item(str(op), value, at, flags)
        return at

    def _item(self, op: str, value: Any, at: int, flags: int) -> int:
        match op:
            case "MAX_REPEAT" | "MIN_REPEAT":
                return self._repeat(value, at, flags)
            case "SUBPATTERN":
                _, add, remove, inner = value
                return self._sequence(inner, at, (flags | add) & ~remove)
            case "BRANCH":
                end = self._state()
                for inner in value[1]:
                    first = self._state()
                    self._next[at].append(first)
                    self._next[self._sequence(inner, first, flags)].append(end)
                return end
            case "AT":
                return self._step(at, None, str(value))
            case _:
                return self._step(at, _taker(op, value, flags))

    def _step(self, at: int, take: Taker | None, hold: str = "") -> int:
        state, after = self._state(take, hold), self._state()
        self._next[at].append(state)
        self._next[state].append(after)
        return after

    def _repeat(self, value: Any, at: int, flags: int) -> int:
        least, most, inner = value
        bounded = str(most) != "MAXREPEAT"
        if max(least, most if bounded else 0) > _MOST_STATES:
            raise Refused("the pattern is too large")
        for _ in range(least):
            at = self._sequence(inner, at, flags)
        end = self._state()
        self._next[at].append(end)
        if not bounded:
            loop = self._state()
            self._next[at].append(loop)
            after = self._sequence(inner, loop, flags)
            self._next[after] += [loop, end]
            return end
        for _ in range(most - least):
            at = self._sequence(inner, at, flags)
            self._next[at].append(end)
        return end


def _is_word(text: str) -> bool:
    return bool(text) and (text.isalnum() or text == "_")


def _taker(op: str, value: Any, flags: int) -> Taker:
    plain = _plain(op, value, flags)
    if not flags & re.IGNORECASE or op == "ANY":
        return plain
    if op == "NOT_LITERAL":
        same = _cased(lambda c: c == chr(value))
        return lambda c: not same(c)
    if op == "IN" and str(value[0][0]) == "NEGATE":
        inside = _cased(_plain("IN", value[1:], flags))
        return lambda c: not inside(c)
    return _cased(plain)


def _cased(take: Taker) -> Taker:
    return lambda c: take(c) or take(c.lower()) or take(c.upper())


def _plain(op: str, value: Any, flags: int) -> Taker:
    match op:
        case "LITERAL":
            return lambda c: c == chr(value)
        case "NOT_LITERAL":
            return lambda c: c != chr(value)
        case "ANY":
            return (lambda _: True) if flags & re.DOTALL else (lambda c: c != "\n")
        case "RANGE":
            low, high = value
            return lambda c: len(c) == 1 and low <= ord(c) <= high
        case "CATEGORY":
            name = str(value)
            inner = _CATEGORIES.get(name.replace("_NOT_", "_"))
            if inner is None:
                raise Refused(f"the pattern uses {name}")
            return (lambda c: not inner(c)) if "_NOT_" in name else inner
        case "IN":
            negated = bool(value) and str(value[0][0]) == "NEGATE"
            takers = [_plain(str(o), v, flags) for o, v in (value[1:] if negated else value)]
            return lambda c: any(t(c) for t in takers) != negated
        case _:
            what = op.lower().replace("_", " ")
            raise Refused(f"the pattern uses {what}, which takes more than one look at the text")


def folded(text: str) -> str:
    """NFKC, caseless, without what is not seen: how texts are looked for in a reply."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if unicodedata.category(c) != "Cf")
