"""How fast a release spreads, by what the manifest says."""

from __future__ import annotations

from typing import Any

import pytest

from releaser.core.delivery import ALL_AT_ONCE, STRATEGIES, rollout

GROWTH = {"growthType": "LINEAR", "growthFactor": 25, "durationMinutes": 8, "bakeMinutes": 2}


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        ({}, ALL_AT_ONCE),
        ({"store": "appconfig"}, ALL_AT_ONCE),
        *[({"strategy": name}, found) for name, found in STRATEGIES.items()],
    ],
)
def test_a_strategy_is_found_by_its_name(delivery: dict[str, Any], expected: object) -> None:
    assert rollout({"delivery": delivery}) == expected


def test_an_own_strategy_is_named_by_what_it_is() -> None:
    found = rollout({"delivery": {"strategy": GROWTH}})
    assert (found.name, found.growth, found.factor, found.minutes, found.bake) == (
        "linear-25-8-2",
        "LINEAR",
        25.0,
        8,
        2,
    )


@pytest.mark.parametrize("strategy", [*STRATEGIES, GROWTH])
def test_the_kill_switch_waits_for_no_canary(strategy: Any) -> None:
    assert rollout({"enabled": False, "delivery": {"strategy": strategy}}) == ALL_AT_ONCE
    assert rollout({"enabled": True, "delivery": {"strategy": strategy}}) == rollout(
        {"delivery": {"strategy": strategy}}
    )
