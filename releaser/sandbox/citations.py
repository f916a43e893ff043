"""Which parts of an answer rest on which passages.

AWS's own attribution is the model's; here a sentence rests on the passages that have most of its words. Published
replies: a span's ``end`` is its last character, and a part without a source is a citation without references.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from releaser.sandbox.passages import sentences, words
from releaser.sandbox.retrieval import Hit

_ENOUGH = 0.7


def cite(answer: str, hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """Citations that together cover the answer's sentences; neighbours with the same sources are one."""
    parts: list[tuple[int, int, list[int]]] = []
    known = [set(words(hit.text)) for hit in hits]
    for start, end in sentences(answer):
        sources = _sources(answer[start:end], known)
        if parts and parts[-1][2] == sources:
            parts[-1] = (parts[-1][0], end, sources)
        else:
            parts.append((start, end, sources))
    return [_citation(answer, start, end, [hits[place] for place in sources]) for start, end, sources in parts]


def references(citations: Sequence[dict[str, Any]]) -> int:
    """How many references there are in all."""
    return sum(len(one["retrievedReferences"]) for one in citations)


def _sources(sentence: str, known: Sequence[set[str]]) -> list[int]:
    """The passages that have the most of the sentence's words, when that is most of them."""
    mine = set(words(sentence))
    shares = [len(mine & theirs) / len(mine) if mine else 0.0 for theirs in known]
    best = max(shares, default=0.0)
    return [place for place, share in enumerate(shares) if share == best] if best >= _ENOUGH else []


def _citation(answer: str, start: int, end: int, sources: Sequence[Hit]) -> dict[str, Any]:
    part = {"textResponsePart": {"text": answer[start:end], "span": {"start": start, "end": end - 1}}}
    return {"generatedResponsePart": part, "retrievedReferences": [hit.reference() for hit in sources]}
