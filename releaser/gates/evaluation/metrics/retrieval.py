"""Metrics of what was found: passages against those that should be. Of several passages of one source the first
counts."""

from __future__ import annotations

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response
from releaser.gates.evaluation.metrics.metric import Metric, Options

K = 5


def _counts(case: Case) -> bool:
    return bool(case.relevant)


def _k(options: Options) -> int:
    most = options.get("k")
    return most if type(most) is int and most > 0 else K


def _found(reply: Response) -> list[str]:
    """Ids, best first, each once."""
    return list(dict.fromkeys(p.id for p in reply.passages))


def _is(wanted: str, found: str) -> bool:
    """A key, or the end of a URI at a slash."""
    return found == wanted or found.endswith("/" + wanted)


def _recall(case: Case, reply: Response, options: Options) -> float:
    found, wanted = _found(reply)[: _k(options)], frozenset(case.relevant)
    return sum(any(_is(w, f) for f in found) for w in wanted) / len(wanted)


def _precision(case: Case, reply: Response, options: Options) -> float:
    """Of k: what was not found is not right either."""
    k = _k(options)
    return sum(any(_is(w, f) for w in case.relevant) for f in _found(reply)[:k]) / k


def _reciprocal(case: Case, reply: Response, _: Options) -> float:
    ranks = (i for i, f in enumerate(_found(reply), 1) if any(_is(w, f) for w in case.relevant))
    first = next(ranks, None)
    return 1 / first if first else 0.0


METRICS = (
    Metric("recallAtK", "2", _counts, _recall),
    Metric("precisionAtK", "2", _counts, _precision),
    Metric("mrr", "2", _counts, _reciprocal),
)
