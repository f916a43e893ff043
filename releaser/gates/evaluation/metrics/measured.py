"""Metrics that are measured, not scored: the gate reads them from the times of calls."""

from __future__ import annotations

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response
from releaser.gates.evaluation.metrics.metric import Metric, Options, always
from releaser.gates.evaluation.unscorable import Unscorable

MEASURED = frozenset(
    {
        *(f"timeTo{which}Token{percentile}" for which in ("First", "Last") for percentile in ("P50", "P95")),
        "tokensPerSecond",
        "errorRate",
        "throttleRate",
    }
)


def _never(_: Case, __: Response, ___: Options) -> float:
    raise Unscorable("it is measured, not scored")


METRICS = tuple(Metric(name, "1", always, _never) for name in sorted(MEASURED))
