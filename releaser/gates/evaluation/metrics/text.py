"""Metrics of words, in any script."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response
from releaser.gates.evaluation.linear import Refused, folded, found
from releaser.gates.evaluation.metrics.metric import Metric, Options, always, answers
from releaser.gates.evaluation.unscorable import Unscorable

_ARTICLES = frozenset({"a", "an", "the"})
_LONGEST = 20_000
"""Words of a reply that are looked at."""
_UNSPACED = re.compile(r"([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff])")
"""Scripts without spaces between words: each character is one, as in MLQA (Lewis et al. 2020)."""
_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """As SQuAD normalises (Rajpurkar et al. 2016): no case, no punctuation, no articles; NFKC, and symbols count as
    punctuation in every script."""
    kept = "".join(c for c in folded(text) if unicodedata.category(c)[0] not in "PS")
    spaced = "".join(" " if unicodedata.category(c) == "Cc" else c for c in _UNSPACED.sub(r" \1 ", kept))
    return [w for w in spaced.split()[:_LONGEST] if w not in _ARTICLES]


def token_f1(said: str, wanted: str) -> float:
    """The harmonic mean of precision and recall over words."""
    left, right = words(said), words(wanted)
    if not left or not right:
        return float(left == right)
    common = sum((Counter(left) & Counter(right)).values())
    return 2 * common / (len(left) + len(right))


def rouge_l(said: str, wanted: str) -> float:
    """F1 of the longest common subsequence of words (Lin 2004, with beta 1). Articles count, stems do not."""
    left, right = (_WORD.findall(_UNSPACED.sub(r" \1 ", folded(t)))[:_LONGEST] for t in (said, wanted))
    if not left or not right:
        return float(left == right)
    return 2 * _longest_common(left, right) / (len(left) + len(right))


def _longest_common(left: Sequence[str], right: Sequence[str]) -> int:
    """In bits, a row at a time (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for i, word in enumerate(left):
        places[word] = places.get(word, 0) | 1 << i
    full = (1 << len(left)) - 1
    row = full
    for word in right:
        matched = row & places.get(word, 0)
        row = ((row + matched) | (row - matched)) & full
    return len(left) - row.bit_count()


def _has_answer(case: Case) -> bool:
    return bool(answers(case))


def _exact(case: Case, reply: Response, _: Options) -> float:
    return float(any(words(reply.text) == words(a) for a in answers(case)))


def _f1(case: Case, reply: Response, _: Options) -> float:
    return max(token_f1(reply.text, a) for a in answers(case))


def _rouge(case: Case, reply: Response, _: Options) -> float:
    return max(rouge_l(reply.text, a) for a in answers(case))


def _says(case: Case) -> bool:
    return bool(case.must_contain or case.must_not_contain)


def _contains(case: Case, reply: Response, _: Options) -> float:
    text = folded(reply.text)

    def there(wanted: str) -> bool:
        return folded(wanted) in text

    return float(all(map(there, case.must_contain)) and not any(map(there, case.must_not_contain)))


def _regex(_: Case, reply: Response, options: Options) -> float:
    pattern = options.get("pattern")
    if not isinstance(pattern, str) or not pattern:
        raise Unscorable("the metric needs a pattern")
    try:
        return float(found(pattern, reply.text))
    except Refused as refused:
        raise Unscorable(str(refused)) from None


METRICS = (
    Metric("exactMatch", "2", _has_answer, _exact),
    Metric("tokenF1", "2", _has_answer, _f1),
    Metric("rougeL", "2", _has_answer, _rouge),
    Metric("contains", "2", _says, _contains),
    Metric("regex", "2", always, _regex),
)
