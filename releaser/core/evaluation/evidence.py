"""Evidence: the stored results of one suite, bound to exact behaviour, data and evaluators. Format v1.

The key says what was tested; evidence under one key never serves another. Scores are kept by case and repeat, so that
a gate can judge again under new thresholds without a call. What differs between two runs of the same thing (times,
attempts, who) stands in ``run`` and is no part of the digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from releaser.core.evaluation.response import Timing, Trouble, Usage
from releaser.core.shape import OPTIONAL, plain, typed
from releaser.core.values import digest

FORMAT = "releaser.evidence/v1"
Via = Literal["published", "inline", "application", "brought"]
"""How the target was reached: published versions; a rendering that publishes nothing; HTTP; brought results."""


PAIRS = "pairs-"
"""Begins the version of a judge that says which of two answers is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A model that judges, pinned apart from what it judges."""

    model: str
    rubric: str
    """sha256 of the rubric's text."""
    version: str
    """Of the judge's own prompt and parser."""
    calibration: str = field(default="", metadata=OPTIONAL)
    """sha256 of the answers that people labelled."""

    @property
    def compares(self) -> bool:
        """Whether it says which of two answers is better, and not how good one is."""
        return self.version.startswith(PAIRS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What was tested. Its digest is the evidence's key."""

    use_case: str
    suite: str
    region: str
    via: Via
    target: Mapping[str, str]
    """As the suite says: ``{prompt: answer, guardrail: main}``."""
    behaviour: Mapping[str, str]
    """Address -> behaviour stamp of all that the target consists of."""
    models: Mapping[str, str]
    """Name under ``models`` -> resolved id."""
    dataset: str
    """sha256."""
    evaluators: Mapping[str, str]
    """Metric -> version of its code."""
    judges: Mapping[str, Judge] = field(default_factory=dict, metadata=OPTIONAL)
    sample: str = field(default="", metadata=OPTIONAL)
    """``N of seed S`` when not all cases were asked."""
    against: Mapping[str, str] = field(default_factory=dict, metadata=OPTIONAL)
    """Behaviour and models of what was live, where answers were judged in pairs with it: of no use once
    something else is live."""

    @property
    def key(self) -> str:
        return digest(plain(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What the gate needs to know of a case, so that it needs no data set."""

    id: str
    digest: str
    critical: bool = field(default=False, metadata=OPTIONAL)
    label: str = field(default="", metadata=OPTIONAL)
    slices: tuple[str, ...] = field(default=(), metadata=OPTIONAL)
    metrics: tuple[str, ...] = ()
    """The metrics that count this case, decided from the case alone: a reply never takes a case out of a count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One case asked once. Exactly one of ``response`` and ``trouble`` is there."""

    case: str
    repeat: int
    run: str
    """Which run asked: several runs of the same thing all count."""
    response: str = field(default="", metadata=OPTIONAL)
    """sha256 of the stored response."""
    trouble: Trouble | None = field(default=None, metadata=OPTIONAL)
    message: str = field(default="", metadata=OPTIONAL)
    scores: Mapping[str, Any] = field(default_factory=dict, metadata=OPTIONAL)
    """Metric -> a number; or ``[expected, said]`` for metrics of labels."""
    unscored: Mapping[str, str] = field(default_factory=dict, metadata=OPTIONAL)
    """Metric -> why it has no score (a judge that could not be parsed): ERROR, never a score."""
    usage: Usage | None = field(default=None, metadata=OPTIONAL)
    timing: Timing | None = field(default=None, metadata=OPTIONAL)
    """Only in suites that measure time; never of an answer that came from the store of another run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One answer that people labelled, and what the judge said of it; both from 0 to 1."""

    case: str
    label: float
    said: float | None = None
    """None: the judge gave no score."""
    why: str = field(default="", metadata=OPTIONAL)
    trouble: Trouble | None = field(default=None, metadata=OPTIONAL)
    """The judge gave no answer: to be asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """How the results came about; no part of the digest."""

    started_at: datetime
    ended_at: datetime
    actor: str
    trigger: str
    calls: int = 0
    reused: int = 0
    throttles: int = 0
    retries: int = 0
    cost: float | None = field(default=None, metadata=OPTIONAL)
    currency: str = field(default="", metadata=OPTIONAL)
    complete: bool = True
    """False: stopped by a budget or by hand; what was not asked is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that one suite's gate needs."""

    format: str
    key: str
    subject: Subject
    tool_version: str
    seed: int
    cases: tuple[CaseFacts, ...]
    observations: tuple[Observation, ...]
    calibrations: Mapping[str, tuple[Agreement, ...]] = field(default_factory=dict, metadata=OPTIONAL)
    """Judged metric -> its judge beside people."""
    responses: str
    """sha256 over the digests of all stored responses."""
    lifecycle: Mapping[str, Any] = field(default_factory=dict, metadata=OPTIONAL)
    """Resolved model -> its status and dates in AWS at the time."""
    prices: str = field(default="", metadata=OPTIONAL)
    """Date and digest of the price table."""
    experiment: str = field(default="", metadata=OPTIONAL)
    """Run id in an experiment tracker such as MLflow."""
    run: RunFacts

    @property
    def digest(self) -> str:
        """What proves it: all but how it came about."""
        data = plain(self)
        del data["run"]
        return digest(data)


def read_evidence(data: Any) -> Evidence:
    """Evidence from its JSON form. Raises ShapeError; ValueError for another format, or a key that is not that of its
    subject."""
    found: Evidence = typed(Evidence, data)
    if found.format != FORMAT:
        raise ValueError(f"evidence of format {found.format[:60]!r}; this version reads {FORMAT}")
    if found.key != found.subject.key:
        raise ValueError("the key of this evidence is not that of its subject: it was changed")
    return found
