"""Evidence as one row a case: the unit of all statistics. What is missing or broken is told, never left out."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from releaser.core.evaluation.evidence import CaseFacts, Evidence, Observation
from releaser.core.evaluation.judgement import Threshold
from releaser.core.metrics import METRICS, RUBRIC
from releaser.gates.evaluation.thresholds import better_of, statistic_of

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One case under one metric. ``score``: the mean over repeats and runs; of labels, the share that agrees."""

    case: str
    digest: str
    critical: bool
    score: float
    pairs: tuple[Pair, ...] = ()
    times: tuple[float, ...] = ()
    response: str = ""
    """Of its responses the one with the worst score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The rows in the order of their ids, and what is wrong. A table with ``wrong`` proves nothing."""

    rows: tuple[Row, ...]
    wrong: tuple[str, ...] = ()

    @property
    def scores(self) -> tuple[float, ...]:
        return tuple(r.score for r in self.rows)


def flaws(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """What makes a whole suite's evidence useless, in words."""
    return tuple(dict.fromkeys(_flaws(evidence)))


def _flaws(evidence: Sequence[Evidence]) -> Iterator[str]:
    if len({e.key for e in evidence}) > 1:
        yield "evidence of different things cannot be judged together"
    if len({tuple(sorted((c.id, c.digest) for c in e.cases)) for e in evidence}) > 1:
        yield "the runs have different cases"
    for item in evidence:
        if not item.run.complete:
            yield "a run was stopped before every case was asked"
        if not item.cases:
            yield "there is no case"
        twice = sorted(i for i, n in Counter(c.id for c in item.cases).items() if n > 1)
        if twice:
            yield f"case {twice[0]} is there twice"
        unknown = sorted({o.case for o in item.observations} - {c.id for c in item.cases})
        if unknown:
            yield f"there are answers to {unknown[0]}, which is no case"


def tabulate(evidence: Sequence[Evidence], threshold: Threshold) -> Table:
    """The table of one metric. Every case must be there as often as was asked, and as often as any other of its run."""
    facts = {c.id: c for e in evidence for c in e.cases if threshold.metric in c.metrics}
    wrong: list[str] = []
    rows: list[Row] = []
    seen: dict[str, list[Observation]] = defaultdict(list)
    for item in evidence:
        by_case: dict[str, list[Observation]] = defaultdict(list)
        for found in item.observations:
            by_case[found.case].append(found)
        wanted = max(threshold.repeats, len({o.repeat for o in item.observations}))
        for case in sorted(facts):
            wrong.extend(_gaps(case, by_case[case], wanted))
            seen[case].extend(by_case[case])
    for case, fact in sorted(facts.items()):
        row, problems = _row(fact, seen[case], threshold)
        wrong.extend(problems)
        if row is not None:
            rows.append(row)
    return Table(rows=tuple(rows), wrong=tuple(dict.fromkeys(wrong)))


def _gaps(case: str, found: Sequence[Observation], wanted: int) -> Iterator[str]:
    """What is missing among one run's answers to a case."""
    repeats = sorted({o.repeat for o in found})
    if len(repeats) < wanted:
        yield f"{case}: asked {len(repeats)} of {wanted} times"
    elif repeats[0] > 1 or repeats[-1] - repeats[0] + 1 != len(repeats):
        yield f"{case}: a repeat is missing"


def _row(fact: CaseFacts, found: Sequence[Observation], threshold: Threshold) -> tuple[Row | None, list[str]]:
    metric, sign = threshold.metric, 1 if better_of(threshold) == "more" else -1
    wrong: list[str] = []
    groups: dict[tuple[str, int], list[Observation]] = defaultdict(list)
    for item in found:
        groups[item.run, item.repeat].append(item)
    values: list[tuple[float, str]] = []
    pairs: list[Pair] = []
    times: list[float] = []
    for (_, repeat), group in sorted(groups.items()):
        if len({o.response for o in group}) > 1:
            wrong.append(f"{fact.id}: two answers to repeat {repeat} of one run")
        scored = []
        for item in group:
            value = _value(item, metric)
            if isinstance(value, str):
                wrong.append(f"{fact.id}: {value}")
            elif value is not None:
                scored.append(value)
        if not scored:
            continue
        if METRICS.get(metric, RUBRIC).unit == "time":
            slowest = sorted(v for v in scored if isinstance(v, float))[-1:]
            times.extend(slowest)
            values.extend((v, group[0].response) for v in slowest)
            continue
        if statistic_of(metric) in ("macroF1", "kappa"):
            labels = [v for v in scored if isinstance(v, tuple)]
            pairs.append(min(labels, key=lambda p: (p[0] == p[1], p)))
            values.append((float(pairs[-1][0] == pairs[-1][1]), group[0].response))
            continue
        numbers = [v for v in scored if isinstance(v, float)]
        values.append((math.fsum(numbers) / len(numbers), group[0].response))
    if not values:
        return None, wrong
    row = Row(
        case=fact.id,
        digest=fact.digest,
        critical=fact.critical,
        score=math.fsum(v for v, _ in values) / len(values),
        pairs=tuple(sorted(pairs)),
        times=tuple(sorted(times)),
        response=min(values, key=lambda v: (sign * v[0], v[1]))[1],
    )
    return row, wrong


def _value(found: Observation, metric: str) -> float | Pair | str | None:
    """The value of one answer; text says why there is none, None that nothing was measured and nothing is wrong."""
    if found.trouble is not None:
        return f"no answer ({found.trouble})" + (f": {found.message[:160]}" if found.message else "")
    if not found.response:
        return "neither an answer nor why there is none"
    if metric in found.unscored:
        return f"{metric} has no score: {found.unscored[metric][:80]}"
    meaning = METRICS.get(metric, RUBRIC)
    if metric not in found.scores:
        return _measured(found, metric) if is_measured(metric) else f"{metric} has no score"
    value = found.scores[metric]
    if meaning.statistic in ("macroF1", "kappa"):
        return _labels(value) or f"{metric} has no two labels"
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return f"{metric} is no number"
    if value < 0 or (meaning.unit == "share" and value > 1):
        return f"{metric} is out of its range"
    return float(value)


def is_measured(metric: str) -> bool:
    """Whether it comes from the times of calls that were made, where there is no score. An answer that was there
    already has none: it does not count, and nothing is wrong."""
    return METRICS.get(metric, RUBRIC).unit == "time" or metric in ("tokensPerSecond", "throttleRate", "errorRate")


def _measured(found: Observation, metric: str) -> float | str | None:
    timing = found.timing
    if timing is None or timing.warm_up:
        return None
    if metric in ("throttleRate", "errorRate"):
        return float((timing.throttles if metric == "throttleRate" else timing.failures) > 0)
    first, last = timing.first_token, timing.last_token
    if metric == "tokensPerSecond":
        spent = last - (first or 0.0)
        if found.usage is None or not math.isfinite(spent) or spent <= 0:
            return f"{metric} needs tokens and a time above 0"
        return found.usage.output_tokens * 1000 / spent
    value = first if "FirstToken" in metric else last
    if value is None:
        return f"{metric} needs a reply that streams"
    return float(value) if math.isfinite(value) and value >= 0 else f"{metric} is no time"


def _labels(value: Any) -> Pair | None:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    if any(not isinstance(v, str | int | bool) for v in value):
        return None
    return str(value[0]), str(value[1])
