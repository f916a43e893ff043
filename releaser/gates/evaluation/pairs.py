"""Judging in pairs: an answer beside the answer that what is live gives to the same case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import Evidence
from releaser.core.evaluation.judgement import MetricVerdict, Threshold
from releaser.core.evaluation.response import Response
from releaser.core.gate import Result
from releaser.gates.evaluation.judging import Ask, Better, Judging, better
from releaser.gates.evaluation.metric import errored
from releaser.gates.evaluation.said import counted

Before = Callable[[Case], Response]
"""What is live answers a case. Raises Unscorable; Refusal when it may not be asked any more."""
_EVEN = 0.5
_WORTH: Mapping[Better, float] = {"first": 1.0, "tie": _EVEN, "second": 0.0}


def pair_scorer(judging: Judging, before: Before, ask: Ask) -> Callable[[Case, Response], float]:
    """What scores an answer beside that of what is live: 1 better, 0.5 as good, 0 worse."""

    def score(case: Case, reply: Response) -> float:
        live = before(case)
        # The same words in either order are one request: its answer cannot prefer one of them.
        same = live.text == reply.text
        return _WORTH["tie" if same else better(judging, case, reply, live, ask)]

    return score


def unpaired(threshold: Threshold, evidence: Sequence[Evidence]) -> MetricVerdict | None:
    """The verdict where evidence was not judged as the threshold asks, or where nothing was live to compare with; None
    where it can be judged."""
    ways = {j.compares for e in evidence if (j := e.subject.judges.get(threshold.metric))}
    if ways != {True} if threshold.pairwise else True in ways:
        asked = "in pairs" if threshold.pairwise else "by themselves"
        return errored(threshold, f"the answers were not judged {asked}, as the manifest asks")
    if not threshold.pairwise or any(e.subject.against for e in evidence):
        return None
    missing = sum(1 for e in evidence for o in e.observations if o.trouble)
    if missing:
        return errored(threshold, f"{counted(missing, 'result')} missing", errors=missing)
    reason = f"{threshold.metric}: nothing is approved yet to compare with"
    return MetricVerdict(threshold=threshold, result=Result.PASS, reason=reason)


def in_pairs(verdict: MetricVerdict) -> MetricVerdict:
    """With how many cases became better and worse; those that lost are the ones worth looking at."""
    if verdict.value is None:
        return verdict
    gained, lost = sum(s > _EVEN for s in verdict.scores), sum(s < _EVEN for s in verdict.scores)
    told = f"beside what is live {gained} better, {len(verdict.scores) - gained - lost} as good, {lost} worse"
    worst = tuple(one for one in verdict.worst if one.score is not None and one.score < _EVEN)
    return replace(verdict, reason=f"{verdict.reason}; {told}", worst=worst)
