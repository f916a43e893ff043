"""A document as Markdown, readable as it is on a terminal too. Nothing in it can become markup, a link or a mention."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import assert_never

from releaser.core.kind import Effect
from releaser.core.word_diff import word_diff
from releaser.render.acting_words import Atom, atoms
from releaser.render.document import (
    Block,
    Bullet,
    Bullets,
    Callout,
    Document,
    Heading,
    Inline,
    Paragraph,
    Span,
    Table,
    WordDiff,
)
from releaser.render.escape import block, edged, marked, prose, safe, whole
from releaser.render.text import diff_lines

_MARKS: dict[Effect, str] = {"weaker": "⚠ **weaker** ", "stronger": "**stronger** ", "changed": "", "neutral": ""}


def markdown(document: Document) -> str:
    """The whole document, one final newline."""
    lines = [line for found in document for line in (*_block(found), "")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n"


def _block(found: Block) -> Iterator[str]:
    match found:
        case Heading(level, text):
            yield f"{'#' * level} {prose(text)}"
        case Paragraph(text):
            yield _inline(text)
        case Bullets(items):
            for item in items:
                yield from _bullet(item)
        case Callout(text, items):
            yield from _callout(text, items)
        case Table():
            yield from _table(found)
        case _:
            assert_never(found)


def _callout(text: str, items: tuple[Inline, ...]) -> Iterator[str]:
    yield f"> ⚠ **{prose(text)}**"
    if items:
        yield ">"
    yield from (f"> - {_inline(item)}" for item in items)


def _bullet(item: Bullet) -> Iterator[str]:
    yield f"- {_MARKS[item.effect]}{_inline(item.text)}"
    if item.below:
        yield f"  {_inline(item.below)}"
    if item.diff is not None:
        yield ""
        yield from (f"  {line}".rstrip() for line in _diff(item.diff))
        yield ""


def _diff(found: WordDiff) -> list[str]:
    lines = diff_lines(word_diff(found.before, found.after))
    return block(["".join(piece.text for piece in line) for line in lines], "text")


def _table(found: Table) -> Iterator[str]:
    yield f"| {' | '.join(prose(name) for name in found.head)} |".replace("|  |", "| |")
    yield "|" + "---|" * len(found.head)
    for row in found.rows:
        yield f"| {' | '.join(_inline(cell, cell=True) for cell in row)} |"


def _inline(text: Inline, *, cell: bool = False) -> str:
    parts = []
    said = [part for part in text if (part.text if isinstance(part, Span) else part)]
    for is_strong, group in groupby(said, lambda part: isinstance(part, Span) and part.style == "strong"):
        shown = marked(_atoms(group), cell=cell)
        parts.append(f"**{shown}**" if is_strong else shown)
    return edged("".join(parts)) if cell else whole("".join(parts))


def _atoms(parts: Iterable[str | Span]) -> Iterator[Atom]:
    """What stands side by side is read as one text: words may be made of two parts."""
    for is_code, group in groupby(parts, lambda part: isinstance(part, Span) and part.style == "code"):
        text = safe("".join(part.text if isinstance(part, Span) else part for part in group))
        yield from (Atom(text, True),) if is_code else atoms(text)
