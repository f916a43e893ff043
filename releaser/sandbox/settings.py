"""What a test may change while the sandbox runs. Kept in the store: a restart forgets none of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.sandbox.errors import BadAdminRequest

Value = bool | int | float | str


@dataclass(slots=True)
class Settings:
    """Defaults come from the kinds; overrides from the admin API. Unknown names are refused."""

    quota_defaults: Mapping[str, int]
    switch_defaults: Mapping[str, tuple[Value, ...]]
    quotas: dict[str, int] = field(default_factory=dict)
    switches: dict[str, Value] = field(default_factory=dict)
    rates: dict[str, float | None] = field(default_factory=dict)
    latency: float = 0.0
    model_latency: float = 0.0
    first_token: float = 0.0
    """Seconds on AWS until a model's first token."""
    tokens_per_second: float = 0.0
    """A model's pace on AWS; 0: all at once."""
    model_parallel: float = 0.0
    """Calls of models at once, of each account and region; 0: no limit."""

    def quota(self, name: str) -> int:
        """The quota in force."""
        return self.quotas.get(name, self.quota_defaults[name])

    def switch(self, name: str) -> Value:
        """The switch in force; the default is the first value a kind declares."""
        return self.switches.get(name, self.switch_defaults[name][0])

    def set_quotas(self, values: Mapping[str, int]) -> None:
        """Overrides quotas by name."""
        _refuse_unknown("quota", values, self.quota_defaults)
        self.quotas.update({name: int(value) for name, value in values.items()})

    def set_switches(self, values: Mapping[str, Value]) -> None:
        """Overrides switches by name; where a kind lists its values, only those."""
        _refuse_unknown("switch", values, self.switch_defaults)
        for name, value in values.items():
            allowed = self.switch_defaults[name]
            if len(allowed) > 1 and value not in allowed:
                raise BadAdminRequest(f"switch {name} is one of {list(allowed)}, not {value!r}")
            self.switches[name] = value

    def dump(self) -> dict[str, Any]:
        """The overrides, to be kept."""
        return {
            "quotas": self.quotas,
            "switches": self.switches,
            "rates": self.rates,
            "latency": self.latency,
            "modelLatency": self.model_latency,
            "firstToken": self.first_token,
            "tokensPerSecond": self.tokens_per_second,
            "modelParallel": self.model_parallel,
        }

    def load(self, kept: Mapping[str, Any]) -> None:
        """Restores what ``dump`` gave."""
        self.quotas = {k: v for k, v in kept.get("quotas", {}).items() if k in self.quota_defaults}
        self.switches = {k: v for k, v in kept.get("switches", {}).items() if k in self.switch_defaults}
        self.rates = dict(kept.get("rates", {}))
        self.latency = kept.get("latency", 0.0)
        self.model_latency = kept.get("modelLatency", 0.0)
        self.first_token = kept.get("firstToken", 0.0)
        self.tokens_per_second = kept.get("tokensPerSecond", 0.0)
        self.model_parallel = kept.get("modelParallel", 0.0)


def _refuse_unknown(noun: str, values: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise BadAdminRequest(f"unknown {noun} {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
