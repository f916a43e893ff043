"""What people say of answers: reviews in git, counted when all are there."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from releaser.core.evaluation.evidence import Evidence, Observation
from releaser.core.evaluation.judgement import MetricVerdict, Threshold
from releaser.core.evaluation.reading import Wrong
from releaser.core.gate import Result
from releaser.core.suggest import did_you_mean
from releaser.core.values import EMPTY

_MEMBERS = ("case", "by", "score", "response", "note", "answer", "input")
"""``answer`` and ``input`` are for those who review; what counts is the answer that ``response`` names."""


@dataclass(frozen=True, slots=True)
class Reviews:
    """``scores``: case -> the mean of its reviews. ``missing``: cases without one. ``wrong``: lines that cannot be
    read; with any of them nothing counts."""

    scores: Mapping[str, float]
    missing: tuple[str, ...]
    wrong: tuple[Wrong, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every case has its score."""
        return not self.missing and not self.wrong


def human_scores(content: bytes, cases: Collection[str], responses: Mapping[str, Collection[str]] = EMPTY) -> Reviews:
    """Reviews of JSON Lines with ``case``, ``by`` and ``score``; a line with ``response`` is about that answer alone
    (``responses``: case -> digests of its answers), one without is about whatever was answered. A score that is null
    is still to come."""
    wrong: list[Wrong] = []
    found: dict[str, dict[tuple[str, str], float]] = {}
    for line, row in _rows(content, wrong):
        problem = _problem(row, cases, found)
        if problem:
            wrong.append(Wrong(line, "E704", problem))
        elif _is_open(row):
            continue
        elif "response" not in row or row["response"] in responses.get(row["case"], ()):
            found.setdefault(row["case"], {})[_whose(row)] = float(row["score"])
    scores = {case: math.fsum(by.values()) / len(by) for case, by in sorted(found.items())}
    return Reviews(scores, tuple(sorted(set(cases) - scores.keys())), tuple(wrong))


def reviewed(evidence: Sequence[Evidence], metric: str, content: bytes) -> tuple[tuple[Evidence, ...], Reviews]:
    """The evidence with people's scores for a metric, and what there is of them."""
    counted = {c.id for e in evidence for c in e.cases if metric in c.metrics}
    answers: dict[str, set[str]] = {case: set() for case in counted}
    for one in (o for e in evidence for o in e.observations):
        if one.case in counted and one.response:
            answers[one.case].add(one.response)
    found = human_scores(content, counted, answers)
    return tuple(_scored(e, metric, found.scores) for e in evidence), found


def _scored(evidence: Evidence, metric: str, scores: Mapping[str, float]) -> Evidence:
    def scored(one: Observation) -> Observation:
        has = one.response and one.case in scores
        return replace(one, scores={**one.scores, metric: scores[one.case]}) if has else one

    return replace(evidence, observations=tuple(map(scored, evidence.observations)))


def awaited(threshold: Threshold, reviews: Reviews) -> MetricVerdict | None:
    """The verdict while reviews are missing or cannot be read; None when all are there."""
    if reviews.wrong:
        first, many = reviews.wrong[0], len(reviews.wrong)
        reason = f"{threshold.metric}: line {first.line} of the reviews: {first.message}"
        hint = "mend the file of reviews"
        return MetricVerdict(threshold=threshold, result=Result.ERROR, reason=reason, hint=hint, errors=many)
    if reviews.missing or not reviews.scores:
        done, all_of_them = len(reviews.scores), len(reviews.scores) + len(reviews.missing)
        reason = f"{threshold.metric}: people reviewed {done} of {all_of_them} cases"
        hint = f"review {', '.join(reviews.missing[:3]) or 'the cases'}" + (" ..." if len(reviews.missing) > 3 else "")
        return MetricVerdict(threshold=threshold, result=Result.PENDING, reason=reason, hint=hint, n=done)
    return None


def _rows(content: bytes, wrong: list[Wrong]) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, raw in enumerate(content.split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            row = json.loads(raw)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            yield line, row
        else:
            wrong.append(Wrong(line, "E702", "this line is no JSON object"))


def _whose(row: Mapping[str, Any]) -> tuple[str, str]:
    """Who says it, and of which answer; empty: of whatever was answered."""
    return row["by"].strip(), row.get("response", "")


def _is_open(row: Mapping[str, Any]) -> bool:
    return "score" in row and row["score"] is None


def _problem(
    row: Mapping[str, Any], cases: Collection[str], found: Mapping[str, Mapping[tuple[str, str], float]]
) -> str:
    unknown = sorted(row.keys() - set(_MEMBERS))
    if unknown:
        return f"a review has no member {unknown[0][:60]!r}: {did_you_mean(unknown[0], _MEMBERS)}"
    case, by, score = row.get("case"), row.get("by"), row.get("score")
    if not isinstance(case, str) or case not in cases:
        return f"there is no case {str(case)[:60]!r}"
    if _is_open(row):
        return ""
    if not isinstance(by, str) or not by.strip():
        return "a review says who gave it (by)"
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        return "score is a number from 0 to 1"
    if not isinstance(row.get("response", ""), str):
        return "response is the sha256 of an answer"
    if _whose(row) in found.get(case, {}):
        return f"{by[:60]} reviewed {case[:60]} twice"
    return ""
