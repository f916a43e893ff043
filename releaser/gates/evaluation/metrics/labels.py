"""Metrics of labels: what was expected, and what was said."""

from __future__ import annotations

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response
from releaser.gates.evaluation.metrics.metric import Metric, Options, answers
from releaser.gates.evaluation.metrics.records import field_of
from releaser.gates.evaluation.metrics.text import words
from releaser.gates.evaluation.unscorable import Unscorable

NOTHING = "(none)"
"""What a reply without a label counts as: a label that is never right."""


def _has_label(case: Case) -> bool:
    return bool(case.category) or isinstance(case.expected, dict) or bool(answers(case))


def _pair(case: Case, reply: Response, options: Options) -> tuple[str, str]:
    """With ``field`` the member of that name on both sides; else the whole reply against the answer, or category."""
    name = options.get("field")
    if isinstance(name, str):
        expected = case.expected.get(name) if isinstance(case.expected, dict) else case.category or None
        if expected is None:
            raise Unscorable(f"the case has no {name}")
        return str(expected), field_of(reply.text, name) or NOTHING
    if isinstance(case.expected, dict):
        raise Unscorable("the case is a record: the metric needs `field`")
    wanted = (answers(case) or (case.category,))[0]
    return " ".join(words(wanted)), " ".join(words(reply.text)) or NOTHING


def _accuracy(case: Case, reply: Response, options: Options) -> float:
    expected, said = _pair(case, reply, options)
    return float(expected == said)


METRICS = (
    Metric("accuracy", "1", _has_label, _accuracy),
    Metric("macroF1", "1", _has_label, _pair),
)
