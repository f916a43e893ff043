"""What a prompt lets a model choose from: labels, and what it says of each.

They stand together (``a|b``, "one of: a, b"), in a list under a heading that names them, or each in quotation marks
with the case that it is for (``"high" when it burns, otherwise "low"``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from releaser.sandbox.extraction import share, shared, topics
from releaser.sandbox.passages import sentences, words

ROW = re.compile(r"(?m)^\s*[-*]\s*[`\"*]*([\w-]+)[`\"*]*\s*(?::|\(|-|–|—|=)\s*(.+)$")
_ITEM = re.compile(r"\s*[-*•]\s*[`\"*]*(\w(?:[\w /-]{0,30}\w)?)[`\"*]*\s*(?:(?::|\(|\s-|–|—|=)\s*(.+))?$")
_HEADER = re.compile(r"^(?:[\s#*]*([^\n:\"{]{1,60}?)[\s*]*:[\s*]*(.*)|[ \t]*(?:#|\*\*)\W*([^\n:\"{]{1,60}?)[\s*]*)$")
_PIPED = re.compile(r"[\"'`<]?([\w -]+?[\"'`]?(?:\s*\|\s*[\"'`]?[\w -]+[\"'`]?)+)")
_ONE_OF = re.compile(r"(?i)\b(?:one of|either|einer? (?:von|aus))\b[:\s]*([^.\n)\]}]+)")
_QUOTED = re.compile(r"[\"“„]([^\"“”„\n]{1,40})[\"”“]")
_ELSEWISE = re.compile(r"(?i)\b(?:otherwise|else|sonst|in all other cases)\b")
_CASES = re.compile(r"(?i)[,;]|\b(?:when|if|or|wenn|falls|oder|bei|for)\b")
_ELSE = ("other", "none", "unknown", "unclear", "neutral", "general", "sonstiges", "unklar")
_MOST = 0.6


@dataclass(frozen=True, slots=True)
class Label:
    """One label. ``cases``: when it holds; ``rest``: it holds when no other does."""

    name: str
    about: str = ""
    cases: tuple[str, ...] = ()
    rest: bool = False

    def score(self, text: str) -> float:
        """How much of it is in a text: words in common; of a case, most of it or nothing."""
        if not self.cases:
            return shared(f"{self.name} {self.about}", text)
        best = max(share(case, text) for case in self.cases)
        return best if best >= _MOST else 0.0


def chosen(labels: tuple[Label, ...], text: str) -> str:
    """The label that has most in common with a text; with nothing in common the one for the rest, else the first."""
    scores = [label.score(text) for label in labels]
    best = max(range(len(labels)), key=lambda place: scores[place])
    if scores[best]:
        return labels[best].name
    rest = (one.name for one in labels if one.rest or one.name.casefold() in _ELSE)
    return next(rest, labels[best].name)


def found(name: str, about: str, instructions: str) -> tuple[Label, ...]:
    """The labels of a field: those that stand where it is described, else those that the instructions list for it."""
    said = dict(ROW.findall(instructions))
    together = inline(about) or _elsewhere(name, instructions)
    if together:
        return tuple(Label(one, said.get(one, "")) for one in together)
    return listed(name, instructions) or _in_cases(name, instructions)


def inline(text: str) -> tuple[str, ...]:
    """The names in ``a|b`` or in "one of: a, b"."""
    piped, one_of = _PIPED.search(text), _ONE_OF.search(text)
    if piped:
        return _names(piped[1].split("|"))
    return _names(re.split(r",|\bor\b|\boder\b|\band\b", one_of[1])) if one_of else ()


def listed(name: str, instructions: str) -> tuple[Label, ...]:
    """The rows under a heading that names the field, or what stands behind the heading's colon."""
    lines = instructions.splitlines()
    for place, line in enumerate(lines):
        header = _HEADER.match(line)
        if header is None or _ITEM.match(line) or not _means(name, header[1] or header[3]):
            continue
        rows = tuple(_rows(lines[place + 1 :]))
        behind = _names(re.split(r"[,|]|\bor\b|\boder\b|\band\b", (header[2] or "").rstrip(" .")))
        if len(rows) > 1 and all(row.name != name for row in rows):
            return rows
        if len(behind) > 1 and all(len(one) <= 30 for one in behind):
            return tuple(Label(one) for one in behind)
    return ()


def _rows(lines: list[str]) -> Iterator[Label]:
    for line in lines:
        item = _ITEM.match(line)
        if item:
            yield Label(item[1], item[2] or "")
        elif line.strip():
            return


def _elsewhere(name: str, instructions: str) -> tuple[str, ...]:
    told = re.search(rf"(?im)\b{re.escape(name)}\b[^.\n]{{0,60}}?(?:one of|either)\b[^.\n]*", instructions)
    return inline(told[0]) if told else ()


def _in_cases(name: str, instructions: str) -> tuple[Label, ...]:
    """The labels of a sentence about the field, each with the case that it is for."""
    for start, end in sentences(instructions):
        text = instructions[start:end]
        quoted = list(_QUOTED.finditer(text))
        if len(quoted) < 2 or "{" in text or not _means(name, text[: quoted[0].start()]):
            continue
        return tuple(_in_case(text, one, quoted) for one in quoted)
    return ()


def _in_case(text: str, one: re.Match[str], all: Sequence[re.Match[str]]) -> Label:
    """One of a sentence's labels: the case stands behind it, "otherwise" before it."""
    led = text[max((other.end() for other in all if other.end() <= one.start()), default=0) : one.start()]
    stop = min((other.start() for other in all if other.start() >= one.end()), default=len(text))
    return Label(one[1], rest=True) if _ELSEWISE.search(led) else Label(one[1], cases=_cases(text[one.end() : stop]))


def _cases(text: str) -> tuple[str, ...]:
    parts = _CASES.split(_ELSEWISE.sub("", text))
    return tuple(part for part in parts if topics(part))


def _means(name: str, header: str) -> bool:
    """Whether a heading has the field's name, in the singular or the plural."""
    wanted = [_singular(word) for word in words(name.replace("_", " "))]
    said = [_singular(word) for word in words(header)]
    return bool(wanted) and all(word in said for word in wanted)


def _singular(word: str) -> str:
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")


def _names(parts: list[str]) -> tuple[str, ...]:
    names = [part.strip(" \t\"'`<>:") for part in parts]
    return tuple(name for name in names if name) if len(parts) > 1 else ()
