"""A document for people, before it is Markdown or HTML: blocks of text whose content no printer takes for markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from releaser.core.kind import Effect


class Span(NamedTuple):
    """Some text in one style. ``address``: where it leads, when that is http(s)."""

    text: str
    style: Literal["code", "strong"] | None = None
    address: str = ""


Inline: TypeAlias = tuple[str | Span, ...]
"""Strings are plain text."""


def code(text: str) -> Span:
    return Span(text, "code")


def strong(text: str) -> Span:
    return Span(text, "strong")


@dataclass(frozen=True, slots=True)
class Heading:
    """``level`` 1 is the document's title."""

    level: Literal[1, 2]
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some sentences."""

    text: Inline


@dataclass(frozen=True, slots=True)
class WordDiff:
    """Two texts, compared word by word when they are printed."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Bullet:
    """One item of a list. ``effect``: weaker and stronger are marked by a word and by shape, never by colour alone."""

    text: Inline
    effect: Effect = "neutral"
    below: Inline = ()
    diff: WordDiff | None = None


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: tuple[Bullet, ...]


@dataclass(frozen=True, slots=True)
class Callout:
    """Something that nobody should read past."""

    text: str
    items: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """``caption``: for those who cannot see where it stands."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Inline, ...], ...]


Block: TypeAlias = Heading | Paragraph | Bullets | Callout | Table
Document: TypeAlias = tuple[Block, ...]
