"""What a gate says of evidence: a verdict for every metric, with the bound it went by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from releaser.core.gate import Result
from releaser.core.shape import OPTIONAL

Tier = Literal["critical", "supporting", "advisory"]
ORDER = (Result.ERROR, Result.FAIL, Result.PENDING, Result.INCONCLUSIVE, Result.PASS)
"""Worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What one metric must keep, as the manifest says, in numbers: shares, milliseconds, currency."""

    suite: str
    metric: str
    floor: float | None = None
    ceiling: float | None = None
    max_regression: float | None = None
    relative: bool = False
    """Whether ``max_regression`` is a share of the baseline's value."""
    min_n: int = 0
    repeats: int = 1
    tier: Tier = "supporting"
    judge: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """A verdict that people let pass, in git: who, why, until when (2026-12-08)."""

    by: str
    reason: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Against the approved baseline, paired by case. Positive: more than before."""

    release: str
    baseline: float
    difference: float
    lower: float
    upper: float
    n: int
    test: str
    p: float | None = None
    detectable: float | None = None
    """The smallest drop that this many cases show in 4 of 5 runs."""
    better: int = 0
    worse: int = 0
    """Cases that flipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A case worth looking at. ``response``: digest of the stored response; its text is looked up for reports only."""

    case: str
    score: float | None
    before: float | None = None
    response: str = ""
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricVerdict:
    """One metric of one suite."""

    threshold: Threshold
    result: Result
    reason: str
    """One sentence, with the numbers."""
    hint: str = field(default="", metadata=OPTIONAL)
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    n: int = 0
    """Cases that count."""
    errors: int = 0
    test: str = ""
    p: float | None = None
    """That the threshold is broken by chance alone; the smaller, the surer the FAIL."""
    p_adjusted: float | None = None
    """After Holm over the critical metrics."""
    needed: int | None = None
    """Cases that would decide an INCONCLUSIVE."""
    comparison: Comparison | None = None
    worst: tuple[Sample, ...] = ()
    waived: Waived | None = None
    scores: tuple[float, ...] = field(default=(), metadata=OPTIONAL)
    """By case, for distributions."""
    baseline_scores: tuple[float, ...] = field(default=(), metadata=OPTIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteVerdict:
    """One suite."""

    suite: str
    result: Result
    key: str
    evidence: tuple[str, ...]
    """Digests of the evidence it was judged from; several runs of the same thing all count."""
    metrics: tuple[MetricVerdict, ...]
    reason: str = ""
    hint: str = ""
    accepted_from: str = ""
    """The environment whose evidence was accepted."""
    cost: Mapping[str, float] = field(default_factory=dict, metadata=OPTIONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All suites of a use case that the gate asks for."""

    use_case: str
    environment: str
    release: str
    result: Result
    suites: tuple[SuiteVerdict, ...]
    format: str = "releaser.gate/v1"


def worst(results: tuple[Result, ...]) -> Result:
    """The verdict of several: nothing at all is an ERROR, never a pass."""
    return next((r for r in ORDER if r in results), Result.ERROR)
