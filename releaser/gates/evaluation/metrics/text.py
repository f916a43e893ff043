"""Metrics of words: normalised as SQuAD's are, in any script."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response
from releaser.gates.evaluation.metrics.metric import Metric, Options, answers
from releaser.gates.evaluation.unscorable import Unscorable

_ARTICLES = frozenset({"a", "an", "the"})
_LONGEST = 20_000
"""Words of a reply that are looked at; characters that a pattern is tried on."""
_PATTERN = 500
_NESTED = re.compile(r"[+*}]\)?[+*{]|\([^()]*[+*}][^()]*\)[+*{]")


def words(text: str) -> list[str]:
    """Lower case, NFKC, without punctuation and articles (Rajpurkar et al. 2016)."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(" " if unicodedata.category(c)[0] in "PSZC" else c for c in folded)
    return [w for w in kept.split()[:_LONGEST] if w not in _ARTICLES]


def token_f1(said: str, wanted: str) -> float:
    """The harmonic mean of precision and recall over words."""
    left, right = words(said), words(wanted)
    if not left or not right:
        return float(left == right)
    common = sum((Counter(left) & Counter(right)).values())
    return 2 * common / (len(left) + len(right))


def rouge_l(said: str, wanted: str) -> float:
    """F1 of the longest common subsequence of words (Lin 2004, with beta 1)."""
    left, right = words(said), words(wanted)
    if not left or not right:
        return float(left == right)
    return 2 * _longest_common(left, right) / (len(left) + len(right))


def _longest_common(left: Sequence[str], right: Sequence[str]) -> int:
    row = [0] * (len(right) + 1)
    for word in left:
        diagonal = 0
        for i, other in enumerate(right, 1):
            diagonal, row[i] = row[i], diagonal + 1 if word == other else max(row[i], row[i - 1])
    return row[-1]


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
    text = unicodedata.normalize("NFKC", reply.text).casefold()

    def there(wanted: str) -> bool:
        return unicodedata.normalize("NFKC", wanted).casefold() in text

    return float(all(map(there, case.must_contain)) and not any(map(there, case.must_not_contain)))


def _regex(case: Case, reply: Response, options: Options) -> float:
    pattern = options.get("pattern")
    if not isinstance(pattern, str) or len(pattern) > _PATTERN or _NESTED.search(pattern):
        raise Unscorable("the pattern is missing, too long, or repeats what repeats")
    try:
        return float(re.search(pattern, reply.text[:_LONGEST]) is not None)
    except re.error as error:
        raise Unscorable(f"the pattern is wrong: {error}") from None


METRICS = (
    Metric("exactMatch", "1", _has_answer, _exact),
    Metric("tokenF1", "1", _has_answer, _f1),
    Metric("rougeL", "1", _has_answer, _rouge),
    Metric("contains", "1", _says, _contains),
    Metric("regex", "1", lambda _: True, _regex),
)
