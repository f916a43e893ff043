"""Two texts, word by word: what stays, what goes, what comes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

Change = Literal["same", "removed", "added"]

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_MOST = 4000
"""Words beyond which lines are compared instead: the work grows with the square."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text and its fate."""

    change: Change
    text: str


@lru_cache(maxsize=128)
def word_diff(before: str, after: str) -> tuple[Piece, ...]:
    """The pieces of both texts in order: ``same`` and ``removed`` give the old text, ``same`` and ``added`` the new."""
    old, new = _tokens(before), _tokens(after)
    if max(len(old), len(new)) > _MOST:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if max(len(old), len(new)) > _MOST:
        return tuple(p for p in (Piece("removed", before), Piece("added", after)) if p.text)
    return tuple(_joined(_pieces(old, new)))


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(old[i1:i2]))
            continue
        if i2 > i1:
            yield Piece("removed", "".join(old[i1:i2]))
        if j2 > j1:
            yield Piece("added", "".join(new[j1:j2]))


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """A lone blank between two changes reads better as part of them."""
    removed = added = ""
    for piece in pieces:
        if piece.change == "removed":
            removed += piece.text
        elif piece.change == "added":
            added += piece.text
        elif piece.text in (" ", "\n") and (removed or added):
            removed, added = removed + piece.text, added + piece.text
        else:
            yield from _flush(removed, added)
            removed = added = ""
            yield piece
    yield from _flush(removed, added)


def _flush(removed: str, added: str) -> Iterator[Piece]:
    """What both sides end with is no change."""
    tail = ""
    while removed and added and removed[-1] == added[-1] and removed[-1].isspace():
        tail = removed[-1] + tail
        removed, added = removed[:-1], added[:-1]
    if removed:
        yield Piece("removed", removed)
    if added:
        yield Piece("added", added)
    if tail:
        yield Piece("same", tail)


def words_changed(texts: tuple[str, str]) -> tuple[int, int]:
    """How many words went, and how many came."""
    pieces = word_diff(*texts)
    removed, added = ("".join(p.text for p in pieces if p.change == c) for c in ("removed", "added"))
    return len(re.findall(r"\w+", removed)), len(re.findall(r"\w+", added))
