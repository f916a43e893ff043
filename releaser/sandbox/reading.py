"""A text's sentences, each with the marker of the passage that it stands in, as ``[§4.1]``.

A line that begins with a marker has its markers before what they mark; any other line has them behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from releaser.sandbox.passages import sentences, words

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_MARKER = re.compile(r"\s*(\[[^\[\]\n]{1,40}\])(?!\()")
_BULLET = re.compile(r"^[-*•]\s+")
_HEADING = re.compile(r"(?m)^[ \t]*(?:#+[^\n]*|[^\W\d][\w -]{0,30}:[ \t]*)$")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with the marker of the passage that it stands in."""

    text: str
    marker: str = ""

    @property
    def shown(self) -> str:
        """The sentence with its marker, once."""
        return f"{self.text} {self.marker}" if self.marker and self.marker not in self.text else self.text


def read(text: str) -> list[Sentence]:
    """The sentences of a text, without its tags and headings.

    A marker before sentences goes with all of them, up to the next one or a blank line; one behind a sentence goes
    with that sentence.
    """
    found: list[Sentence] = []
    for block in re.split(r"\n\s*\n", _HEADING.sub("\n\n\\g<0>\n\n", _TAG.sub("\n\n", text))):
        marker = ""
        for line in re.split(r"\n(?=\s*(?:[-*•]\s+)?\[)", block):
            of_line, marker = _line(line, marker)
            found += of_line
    return found


def _line(line: str, marker: str) -> tuple[list[Sentence], str]:
    """A line's sentences, and the marker that goes on behind them."""
    found: list[Sentence] = []
    pieces = [piece for piece in _pieces(line) if any(piece)]
    before = bool(pieces and pieces[0][0])
    for marked, text in pieces:
        if marked and found and not (before and text):
            found[-1] = replace(found[-1], marker=marked)
        elif marked:
            marker = marked
        if words(text) and not _HEADING.fullmatch(text):
            found.append(Sentence(text, "" if _MARKER.search(text) else marker))
    return found, marker


def _pieces(line: str) -> Iterator[tuple[str, str]]:
    """The line's sentences, each parted from the markers that stand before it."""
    for start, end in sentences(line):
        text = _BULLET.sub("", re.sub(r"\s+", " ", line[start:end]))
        markers = []
        while begin := _MARKER.match(text):
            markers.append(begin[1])
            text = text[begin.end() :].strip()
        yield " ".join(markers), text
