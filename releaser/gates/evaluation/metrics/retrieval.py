"""Metrics of what was found: passages against those that should be."""

from __future__ import annotations

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response
from releaser.gates.evaluation.metrics.metric import Metric, Options

K = 5


def _counts(case: Case) -> bool:
    return bool(case.relevant)


def _found(reply: Response, options: Options) -> list[str]:
    """The ids of the first k, each once."""
    most = options.get("k")
    return list(dict.fromkeys(p.id for p in reply.passages))[: most if isinstance(most, int) and most > 0 else K]


def _is(wanted: str, found: str) -> bool:
    """A key, or the end of a URI at a slash."""
    return found == wanted or found.endswith("/" + wanted)


def _recall(case: Case, reply: Response, options: Options) -> float:
    found = _found(reply, options)
    return sum(any(_is(w, f) for f in found) for w in case.relevant) / len(case.relevant)


def _precision(case: Case, reply: Response, options: Options) -> float:
    found = _found(reply, options)
    return sum(any(_is(w, f) for w in case.relevant) for f in found) / len(found) if found else 0.0


def _reciprocal(case: Case, reply: Response, options: Options) -> float:
    ranks = (i for i, f in enumerate(_found(reply, options), 1) if any(_is(w, f) for w in case.relevant))
    first = next(ranks, None)
    return 1 / first if first else 0.0


METRICS = (
    Metric("recallAtK", "1", _counts, _recall),
    Metric("precisionAtK", "1", _counts, _precision),
    Metric("mrr", "1", _counts, _reciprocal),
)
