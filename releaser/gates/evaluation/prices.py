"""What calls cost: a dated table of prices, ours or one that is brought. What has no price has no cost: never 0."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from releaser.core.evaluation.response import Response, Usage
from releaser.gates.evaluation.unscorable import Unscorable

FORMAT = "releaser.prices/v1"
_KINDS = ("input", "output", "cacheRead", "cacheWrite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices in one currency: of models per 1,000 tokens, of guardrail policies per 1,000 text units."""

    date: str
    currency: str
    source: str
    sha256: str
    models: Mapping[str, Mapping[str, float]]
    """Model or inference profile id, exactly as it is called -> kind of tokens -> price."""
    guardrails: Mapping[str, float]

    @property
    def identity(self) -> str:
        """As evidence names the table."""
        return f"{self.date} {self.sha256}"

    def known_as(self, names: Mapping[str, str]) -> Prices:
        """The same table with further names of models, as ARNs of profiles of our own: name -> what is behind it."""
        further = {name: self.models[base_of(model)] for name, model in names.items() if base_of(model) in self.models}
        return replace(self, models={**self.models, **further})

    def of(self, reply: Response) -> float | None:
        """What one call cost; None where that is not known."""
        try:
            return self.cost(reply.usage, reply.model)
        except Unscorable:
            return None

    def cost(self, usage: Usage, model: str) -> float:
        """What one call cost. Cache tokens stand outside input tokens: they are added. Raises Unscorable for what the
        table does not know."""
        tokens = dict(
            zip(
                _KINDS,
                (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.cache_write_tokens),
                strict=True,
            )
        )
        units = {policy: n for policy, n in usage.guardrail_units.items() if n}
        if any(n < 0 for n in (*tokens.values(), *units.values())):
            raise Unscorable("the service counted fewer than no tokens")
        parts = [n * self._price(model, kind) for kind, n in tokens.items() if n]
        parts += [n * self._unit(policy) for policy, n in units.items()]
        if not parts:
            raise Unscorable("the usage is not known")
        return math.fsum(parts) / 1000

    def _price(self, model: str, kind: str) -> float:
        prices = self.models.get(model) or self.models.get(base_of(model))
        if prices is None:
            raise Unscorable(f"the price table of {self.date} has no {model[:120] or 'model without a name'}")
        if kind not in prices:
            raise Unscorable(f"the price table of {self.date} has no price of {kind} for {model[:120]}")
        return prices[kind]

    def _unit(self, policy: str) -> float:
        if policy not in self.guardrails:
            raise Unscorable(f"the price table of {self.date} has no price of {policy[:60]}")
        return self.guardrails[policy]


def base_of(model: str) -> str:
    """The id that is priced: of an ARN of a foundation model or a system profile its last part."""
    if model.startswith("arn:") and (":foundation-model/" in model or ":inference-profile/" in model):
        return model.rpartition("/")[2]
    return model


def read_prices(content: bytes) -> Prices:
    """A table from a file. Raises ValueError for what is none."""
    try:
        data: Any = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("a price table is JSON") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"a price table says format: {FORMAT}")
    for member in ("date", "currency", "source"):
        if not isinstance(data.get(member), str) or not data[member]:
            raise ValueError(f"a price table says its {member}")
    models, guardrails = data.get("models"), data.get("guardrails", {})
    if not isinstance(models, dict) or not isinstance(guardrails, dict):
        raise ValueError("a price table has models and guardrails")
    for name, prices in models.items():
        if not isinstance(prices, dict) or not prices.keys() <= set(_KINDS) or not all(map(_is_price, prices.values())):
            raise ValueError(f"{name[:120]}: prices of {', '.join(_KINDS)} are numbers of at least 0")
    for policy, price in guardrails.items():
        if not _is_price(price):
            raise ValueError(f"{policy[:120]}: a price is a number of at least 0")
    return Prices(
        date=data["date"],
        currency=data["currency"],
        source=data["source"],
        sha256=hashlib.sha256(content).hexdigest(),
        models=models,
        guardrails=guardrails,
    )


def _is_price(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


@cache
def bundled() -> Prices:
    """The table that comes with this version."""
    return read_prices(files("releaser.gates.evaluation").joinpath("prices.json").read_bytes())
