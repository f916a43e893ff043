"""What a reply cost."""

from __future__ import annotations

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response
from releaser.gates.evaluation.metrics.metric import Metric, Options, always
from releaser.gates.evaluation.prices import Prices, bundled


def _cost(_: Case, reply: Response, options: Options) -> float:
    """A thousand such replies. ``prices``: another table than the one that comes with this version."""
    table = options.get("prices")
    prices = table if isinstance(table, Prices) else bundled()
    return 1000 * prices.cost(reply.usage, reply.model)


METRICS = (Metric("costPerThousandRequests", "1", always, _cost),)
