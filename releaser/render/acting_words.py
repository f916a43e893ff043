"""Which words of a text mean something to GitLab, CommonMark or GFM, and so are shown as code, where nothing acts.

A backslash is not enough: GitLab looks for links, commits, issues of other trackers and much more in the text of the
finished HTML, where the backslash is gone (gitlabhq: ``lib/banzai/filter``). It leaves ``<code>`` alone, but for two
filters: ``color_filter`` paints a code that is a colour, ``table_of_contents_tag_filter`` replaces one that is [TOC].
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple


class Atom(NamedTuple):
    """A stretch of one line: as text, or as code."""

    text: str
    is_code: bool


# Issues #1, merge requests !1, epics &1, snippets $1, labels ~x, milestones %x, alerts ^alert, people @x, emoji :x:,
# commits, issues as GL-1, links, HTML, placeholders %{x}, inline diffs {+ +}, math, emphasis, code.
_ACTS = re.compile(
    r"[\\`*\[\]{}@#~$^]|(?<![^\W_])_|_(?![^\W_])|[&](?=\S)|[%!](?=[\w\"'])|:[\w+-]+:|://|[Ww][Ww][Ww]\."
    r"|[0-9A-Fa-f]{7}|[A-Za-z]\w*-\d"
)
_ARROW = re.compile(r"[-=+<>.,:;()]+")
"""A word that may hold ``<`` or ``>``: ``->``, ``>=``."""
_COLOUR = re.compile(r"#[0-9A-Fa-f]{3,8}|(?:rgb|hsl)a?\(.*\)", re.IGNORECASE)
_CONTENTS = re.compile(r"\[toc\]", re.IGNORECASE)
_WORD = re.compile(r"`[^`|]+`|\s+|\||[^\s|`]+|`+")
"""A command in backticks is one."""
_BEFORE, _AFTER = "(\"'“", ",.;:)\"'”"
"""What surrounds a word and is no part of it."""


def atoms(line: str) -> Iterator[Atom]:
    """The line in its order; words that would act are code. Bars stand alone: in a table they would end the cell."""
    for word in _WORD.findall(line):
        if not acts(word):
            yield Atom(word, False)
            continue
        core = word.lstrip(_BEFORE)
        yield Atom(word[: len(word) - len(core)], False)
        word, core = core, core.rstrip(_AFTER)
        yield from (Atom(core, True), Atom(word[len(core) :], False))


def acts(word: str) -> bool:
    """Whether a word would be more than itself."""
    return bool(_ACTS.search(word) or (re.search(r"[<>]", word) and not _ARROW.fullmatch(word)))


def joined(found: Iterable[Atom]) -> Iterator[Atom]:
    """Neighbours of one sort as one atom, since two code spans side by side are neither; then no code acts as code."""
    for is_code, group in groupby((atom for atom in found if atom.text), lambda atom: atom.is_code):
        text = "".join(atom.text for atom in group)
        yield from _inert(text) if is_code else (Atom(text, False),)


def _inert(text: str) -> tuple[Atom, ...]:
    bare = text.strip()
    if _CONTENTS.fullmatch(bare):
        start = text.index("[")
        return Atom(text[: start + 1], False), Atom(text[start + 1 : start + 4], True), Atom(text[start + 4 :], False)
    if not _COLOUR.fullmatch(bare):
        return (Atom(text, True),)
    start = text.index(bare) + 1
    return Atom(text[:start], False), Atom(text[start:], True)
