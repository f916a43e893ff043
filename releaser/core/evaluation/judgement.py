"""What a gate says of evidence: a verdict for every metric, with the bound it went by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
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
    pairwise: bool = field(default=False, metadata=OPTIONAL)
    """Whether the judge compares with what is live: 1 better, 0.5 as good, 0 worse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """A verdict that people let pass, in git: who, why, until when (2026-12-08)."""

    by: str
    reason: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Lets listed verdicts of one metric pass until a day, that day included. ERROR cannot be waived."""

    suite: str
    metric: str
    verdicts: tuple[Result, ...]
    by: str
    reason: str
    until: date
    key: str = ""
    """Only of evidence with this key; empty: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How far a judge agrees with people: Cohen's kappa, with its one-sided 95 % bound. None: not known."""

    floor: float
    kappa: float | None = None
    lower: float | None = None
    n: int = 0
    missing: str = ""
    """Why it cannot be told: to be asked again."""


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
    certain: bool = field(default=False, metadata=OPTIONAL)
    """A FAIL by rule and not by chance (a critical case, a judge that is not calibrated): Holm leaves it."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One metric of two releases, side by side: no verdict."""

    suite: str
    metric: str
    unit: str
    before: float | None
    after: float | None
    obstacle: str = ""
    """Why they cannot be compared."""
    comparison: Comparison | None = None
    better: tuple[str, ...] = ()
    """Cases that did better after."""
    worse: tuple[str, ...] = ()
    worst: tuple[Sample, ...] = ()
    scores: tuple[float, ...] = field(default=(), metadata=OPTIONAL)
    baseline_scores: tuple[float, ...] = field(default=(), metadata=OPTIONAL)


def worst(results: tuple[Result, ...]) -> Result:
    """The verdict of several: nothing at all is an ERROR, never a pass."""
    return next((r for r in ORDER if r in results), Result.ERROR)
