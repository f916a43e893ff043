"""Metrics of labels: what was expected, and what was said; what people say, and what is said."""

from __future__ import annotations

from collections.abc import Mapping

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response
from releaser.gates.evaluation.metrics.metric import Metric, Options, answers
from releaser.gates.evaluation.metrics.records import field_of, label_of
from releaser.gates.evaluation.metrics.text import words
from releaser.gates.evaluation.unscorable import Unscorable

NOTHING = "(none)"
"""What a reply without a label counts as: a label that is never right."""


def _has_label(case: Case) -> bool:
    return bool(case.category) or isinstance(case.expected, Mapping) or bool(answers(case))


def _pair(case: Case, reply: Response, options: Options) -> tuple[str, str]:
    """With ``field`` the member of that name on both sides; else the whole reply against the answer, or category."""
    name = options.get("field")
    if isinstance(name, str):
        expected = case.expected.get(name) if isinstance(case.expected, Mapping) else case.category or None
        if expected is None:
            raise Unscorable(f"the case has no {name}")
        return label_of(expected), field_of(reply.text, name) or NOTHING
    if isinstance(case.expected, Mapping):
        raise Unscorable("the case is a record: the metric needs `field`")
    wanted = (answers(case) or (case.category,))[0]
    return " ".join(words(wanted)), " ".join(words(reply.text)) or NOTHING


def _has_human(case: Case) -> bool:
    return bool(case.human)


def _agreement(case: Case, reply: Response, options: Options) -> tuple[str, str]:
    """People's label, and the reply's: the target itself judges. ``field`` names the rubric where there are several;
    of a JSON reply it is the member that is looked at."""
    name = options.get("field")
    if not isinstance(name, str):
        if len(case.human) != 1:
            raise Unscorable("people labelled several rubrics: the metric needs `field`")
        (name,) = case.human
    if case.human.get(name) is None:
        raise Unscorable(f"people gave no label for {name}")
    wanted, said = label_of(case.human[name]), field_of(reply.text, name)
    return wanted, (reply.text.strip() if said is None else said) or NOTHING


def _accuracy(case: Case, reply: Response, options: Options) -> float:
    expected, said = _pair(case, reply, options)
    return float(expected == said)


METRICS = (
    Metric("accuracy", "2", _has_label, _accuracy),
    Metric("cohensKappa", "1", _has_human, _agreement),
    Metric("macroF1", "2", _has_label, _pair),
)
