"""One suite, ready to be run: its cases, what it calls, what scores the replies, and what it may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.evidence import Subject
from releaser.core.evaluation.response import Response
from releaser.core.values import digest
from releaser.gates.evaluation.asker import Calls
from releaser.gates.evaluation.judging import Ask, Judging, scorer
from releaser.gates.evaluation.metrics import Metric
from releaser.gates.evaluation.metrics import registry as metrics
from releaser.gates.evaluation.metrics.custom import custom
from releaser.gates.evaluation.metrics.measured import MEASURED
from releaser.gates.evaluation.pairs import Before, pair_scorer
from releaser.gates.evaluation.ports import Answer, Request, Target
from releaser.gates.evaluation.prices import Prices
from releaser.gates.evaluation.runner import Scorer
from releaser.gates.evaluation.targets import Live
from releaser.gates.evaluation.unscorable import Unscorable

SEED = 20260101
"""Of samples that do not say their own: fixed, so that nobody chooses the luckiest."""
_OPTIONS = ("pattern", "schema", "tolerance", "k", "field")


@dataclass(frozen=True, slots=True)
class Sampled:
    """How many of the cases, and which; ``size`` 0: all."""

    size: int = 0
    seed: int = SEED

    def __str__(self) -> str:
        return f"{self.size} of seed {self.seed}" if self.size else ""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one run of a suite may use; None: as much as it needs."""

    cases: int | None = None
    tokens: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class SuitePlan:
    """One suite, ready to be run."""

    subject: Subject
    target: Target
    cases: tuple[Case, ...]
    repeats: int
    options: Mapping[str, Mapping[str, Any]]
    """Metric -> its entry in the manifest."""
    want_timing: bool
    prices: Prices
    sample: Sampled = Sampled()
    allowed: Allowed = Allowed()
    judgings: Mapping[str, Judging] = field(default_factory=dict)
    """Judged metric -> its judge."""
    labelled: Mapping[str, tuple[Case, ...]] = field(default_factory=dict)
    """Judged metric -> the answers that its judge is calibrated on."""
    aliased: tuple[tuple[str, Live], ...] = ()
    """(kind, resource) of what is called by an alias."""
    against: SuitePlan | None = None
    """The same of what is live, where a judge compares with it and something is."""

    def is_scored(self, metric: str) -> bool:
        """False for a judge that compares, while nothing is live to compare with."""
        return self.against is not None or not (metric in self.judgings and self.judgings[metric].pairwise)

    def counts(self, case: Case) -> tuple[str, ...]:
        """The metrics that count a case, decided without its answer."""
        return tuple(n for n, entry in self.options.items() if self.is_scored(n) and _counts(n, entry, case))

    def scorers(self, calls: Calls, ask: Ask, before: Before) -> Mapping[str, Scorer]:
        """What scores each reply: code, or a judge, asked through the limits and the store of the run. What is measured
        and what people score has none. ``ask``: one try of a judge's request."""
        found: dict[str, Scorer] = {}
        asker = calls.asker(ask)

        def once(request: Request) -> Answer:
            return asker.ask(request, 1)

        for name, options in self.options.items():
            judging = self.judgings.get(name)
            if judging is not None and judging.pairwise:
                found[name] = pair_scorer(judging, before, once)
            elif judging is not None:
                found[name] = scorer(judging, once)
            elif options.get("custom"):
                found[name] = partial(_brought, custom(str(options["custom"]))[0], options)
            elif name not in MEASURED and not options.get("human"):
                found[name] = partial(_score, name, {**options, "prices": self.prices})
        return found


def _counts(name: str, entry: Mapping[str, Any], case: Case) -> bool:
    if entry.get("custom"):
        return custom(str(entry["custom"]))[0].counts(case)
    return name not in metrics() or metrics()[name].counts(case)


def _brought(metric: Metric, options: Mapping[str, Any], case: Case, reply: Response) -> float:
    """A score from 0 to 1. What goes wrong in other people's code is no score; it stops no other."""
    try:
        found = metric.score(case, reply, options)
    except Unscorable:
        raise
    except Exception as error:
        raise Unscorable(f"the metric failed: {type(error).__name__}") from error
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= 1:
        raise Unscorable("the metric gave no score from 0 to 1")
    return float(found)


def _score(name: str, options: Mapping[str, Any], case: Case, reply: Response) -> float | tuple[str, str]:
    if name not in metrics():
        raise Unscorable("this version cannot compute it")
    try:
        return metrics()[name].score(case, reply, options)
    except Unscorable:
        raise
    except Exception as error:
        # A reply may be anything. One that our code cannot bear is no score, and no end of the run.
        raise Unscorable(f"it cannot be computed: {type(error).__name__}") from error


def evaluator_of(metric: str, entry: Mapping[str, Any], prices: Prices) -> str:
    """The version of a metric's code, with the options that it goes by; thresholds are no part of it."""
    options = {k: entry[k] for k in _OPTIONS if entry.get(k) is not None}
    if metric == "costPerThousandRequests":
        options["prices"] = prices.sha256
    if entry.get("custom"):
        return custom(str(entry["custom"]))[1]
    version = metrics()[metric].version if metric in metrics() else "0"
    return version + (f"+{digest(options)[:12]}" if options else "")


def allowed_of(suite: Mapping[str, Any]) -> Allowed:
    """A suite's budget."""
    found = suite.get("budget") or {}
    return Allowed(found.get("cases"), found.get("tokens"), found.get("cost"))


def sampled_of(suite: Mapping[str, Any], asked: int = 0) -> Sampled:
    """The sample that is asked for, or the suite's own."""
    if asked:
        return Sampled(asked)
    found = suite.get("sample")
    return Sampled(int(found["size"]), int(found["seed"])) if found else Sampled()
