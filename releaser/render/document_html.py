"""A document as HTML, for a page of its own or for a part of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from releaser.core.kind import Effect
from releaser.core.word_diff import word_diff
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
from releaser.render.html import Markup, element, joined, link
from releaser.render.line import Piece
from releaser.render.text import diff_lines

_MARKS: dict[Effect, str] = {"weaker": "▼ weaker", "stronger": "▲ stronger", "changed": "", "neutral": ""}


def html_of(document: Document, *, below: int = 0) -> Markup:
    """The blocks, one after the other. ``below``: how many levels of headings stand above it on the page."""
    return joined((_block(found, below), Markup("\n")) for found in document)


def _block(found: Block, below: int) -> Markup:
    match found:
        case Heading(level, text):
            return element(f"h{min(level + below, 4)}", text)
        case Paragraph(text):
            return element("p", inline(text))
        case Bullets(items):
            return element("ul", (_bullet(item) for item in items), class_="notes")
        case Callout(text, items):
            return _callout(text, items)
        case Table():
            return _table(found)
        case _:
            assert_never(found)


def _callout(text: str, items: tuple[Inline, ...]) -> Markup:
    listed = element("ul", (element("li", inline(item)) for item in items)) if items else None
    title = element("p", element("span", "⚠ ", aria_hidden="true"), element("strong", text))
    return element("aside", title, listed, class_="callout", aria_label="Warning")


def _bullet(item: Bullet) -> Markup:
    mark = _MARKS[item.effect]
    shown = joined(element("span", mark, class_=f"mark {item.effect}"), " ") if mark else None
    below = element("div", inline(item.below), class_="below") if item.below else None
    return element("li", shown, inline(item.text), below, _diff(item.diff) if item.diff else None)


def _diff(found: WordDiff) -> Markup:
    lines = diff_lines(word_diff(found.before, found.after))
    return element("pre", joined(_lines([_changed(line) for line in lines])), class_="diff", tabindex="0")


def _lines(lines: list[Markup]) -> Iterator[Markup]:
    for number, line in enumerate(lines):
        if number:
            yield Markup("\n")
        yield line


_CHANGED = {"red": "del", "green": "ins"}


def _changed(line: list[Piece]) -> Markup:
    return joined(
        element(_CHANGED[piece.style], piece.text[2:-2]) if piece.style in _CHANGED else piece.text for piece in line
    )


def _table(found: Table) -> Markup:
    head = element("tr", (element("th", name or "State", scope="col") for name in found.head))
    rows = (
        element("tr", element("th", inline(row[0]), scope="row"), (element("td", inline(c)) for c in row[1:]))
        for row in found.rows
    )
    table = element(
        "table", element("caption", found.caption, class_="unseen"), element("thead", head), element("tbody", rows)
    )
    return element("div", table, class_="wide", tabindex="0", role="region", aria_label=found.caption)


def inline(text: Inline) -> Markup:
    """Text with its styles."""
    return joined(_span(part) for part in text)


def _span(part: str | Span) -> Markup | str:
    if isinstance(part, str):
        return part
    shown: Markup | str = element(part.style, part.text) if part.style else part.text
    return link(shown, part.address) if part.address else shown
