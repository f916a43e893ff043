"""From a document's bytes to its passages, and which of them answer a question.

Sources: user guide, "How content chunking works for knowledge bases": about 300 tokens in whole sentences unless told,
fixed size with overlap, hierarchical (small passages are found, the large ones around them are given), semantic, none.
A token is a word or a sign here. Ranking is BM25 over case-folded words, where AWS compares embeddings; the score is
the part that a passage has of what the question's words could add up to.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Any

_TOKEN = re.compile(r"\w+|[^\w\s]")
_WORD = re.compile(r"\w+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n\s*\n|\n(?=\s*(?:[-*#|]|\d+\.))")
_NOT_READ = (".pdf", ".doc", ".xls", ".xlsx", ".jpg", ".jpeg", ".png")
_DEFAULT_TOKENS = 300
_K1, _B = 1.2, 0.75


@dataclass(frozen=True)
class Passage:
    """A piece of a document: what is searched, and what is given when it is found."""

    text: str
    given: str
    number: int

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each word is in it."""
        return Counter(words(self.text))

    @cached_property
    def length(self) -> int:
        """How many words it has."""
        return sum(self.counts.values())


def words(text: str) -> list[str]:
    """The words of a text, case-folded."""
    return _WORD.findall(text.casefold())


def tokens(text: str) -> int:
    """How many tokens a text has."""
    return sum(1 for _ in _TOKEN.finditer(text))


def read(key: str, body: bytes) -> str:
    """The text of a document; nothing where the format is not read here."""
    suffix = PurePosixPath(key).suffix.lower()
    if suffix == ".docx":
        return _docx(body)
    if suffix in _NOT_READ:
        return ""
    text = body.decode(errors="replace")
    return _html(text) if suffix == ".html" else text


def split(text: str, chunking: Mapping[str, Any]) -> list[Passage]:
    """A text's passages by a data source's ``chunkingConfiguration``; nothing means the default."""
    if not text.strip():
        return []
    strategy = chunking.get("chunkingStrategy", "")
    if strategy == "NONE":
        pairs = [(text, text)]
    elif strategy == "HIERARCHICAL":
        body = chunking["hierarchicalChunkingConfiguration"]
        large, small = (level["maxTokens"] for level in body["levelConfigurations"])
        overlap = body["overlapTokens"]
        parents = _windows(text, large, min(overlap, large - 1))
        pairs = [(child, parent) for parent in parents for child in _windows(parent, small, min(overlap, small - 1))]
    elif strategy == "FIXED_SIZE" and "fixedSizeChunkingConfiguration" in chunking:
        body = chunking["fixedSizeChunkingConfiguration"]
        size = body["maxTokens"]
        pairs = [(one, one) for one in _windows(text, size, size * body["overlapPercentage"] // 100)]
    else:
        size = chunking.get("semanticChunkingConfiguration", {}).get("maxTokens", _DEFAULT_TOKENS)
        pairs = [(one, one) for one in _packed(text, size)]
    return [Passage(found, given.strip(), number) for number, (found, given) in enumerate(pairs)]


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a text begin and end, without the space around them."""
    found, at = [], 0
    for mark in [*_SENTENCE_END.finditer(text), None]:
        end = mark.start() if mark else len(text)
        piece = text[at:end]
        start = at + len(piece) - len(piece.lstrip())
        if piece.strip():
            found.append((start, start + len(piece.strip())))
        at = mark.end() if mark else end
    return found


def rank(question: str, passages: Sequence[Passage]) -> list[tuple[float, int]]:
    """Scores and places of the passages that share a word with the question, the best first."""
    wanted = Counter(words(question))
    average = sum(one.length for one in passages) / len(passages) if passages else 0.0
    weights = {word: _idf(len(passages), sum(word in one.counts for one in passages)) for word in wanted}
    best = sum(weights[word] * times * (_K1 + 1) for word, times in wanted.items())
    scored = []
    for place, one in enumerate(passages):
        stretch = _K1 * (1 - _B + _B * one.length / average) if average else _K1
        score = sum(
            weights[word] * times * one.counts[word] * (_K1 + 1) / (one.counts[word] + stretch)
            for word, times in wanted.items()
            if word in one.counts
        )
        if score > 0:
            scored.append((score / best, place))
    return sorted(scored, key=lambda row: (-row[0], row[1]))


def _idf(all: int, having: int) -> float:
    return math.log(1 + (all - having + 0.5) / (having + 0.5))


def _windows(text: str, size: int, overlap: int) -> list[str]:
    """Windows of ``size`` tokens, each with the last ``overlap`` tokens of the one before."""
    spans = [mark.span() for mark in _TOKEN.finditer(text)]
    found, at = [], 0
    while at < len(spans):
        last = min(at + size, len(spans))
        found.append(text[spans[at][0] : spans[last - 1][1]])
        if last == len(spans):
            break
        at = max(last - overlap, at + 1)
    return found


def _packed(text: str, size: int) -> list[str]:
    """Whole sentences, as many as ``size`` tokens hold; a longer sentence is cut."""
    found: list[tuple[int, int]] = []
    used = 0
    for start, end in sentences(text):
        many = tokens(text[start:end])
        if found and used + many <= size:
            found[-1], used = (found[-1][0], end), used + many
        else:
            found.append((start, end))
            used = many
    return [piece for start, end in found for piece in _windows(text[start:end], size, 0)]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")
        if tag in ("p", "div", "li", "tr", "title") or re.fullmatch(r"h\d", tag):
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def _html(text: str) -> str:
    parser = _Text()
    parser.feed(text)
    return "".join(parser.parts)


def _docx(body: bytes) -> str:
    """The paragraphs of a Word document; nothing when it is none."""
    from xml.etree import ElementTree

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            root = ElementTree.fromstring(archive.read("word/document.xml"))
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError):
        return ""
    space = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    paragraphs = ("".join(t.text or "" for t in p.iter(f"{space}t")) for p in root.iter(f"{space}p"))
    return "\n\n".join(paragraphs)
