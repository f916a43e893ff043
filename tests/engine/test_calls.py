"""What a plan costs in calls: asserted, since a call too many is invisible in any other test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from world.desk import Desk

from benchmarks import estate


@pytest.fixture
def estate_of(new_desk: Callable[..., Desk], tmp_path: Path) -> Callable[[int], Desk]:
    """A desk whose repository holds a generated estate, released."""

    def make(use_cases: int) -> Desk:
        desk = new_desk(rates={"read": 1000.0, "write": 1000.0}, workers=24, safety={"minPopulation": 100_000})
        made = tmp_path / "estate"
        estate.write(made, use_cases)
        subprocess.run(["cp", "-r", str(made / "manifests"), str(desk.repo.root)], check=True)
        desk.repo.commit("estate")
        desk.reconcile()
        return desk

    return make


def counted(desk: Desk, *args: str) -> dict[str, int]:
    desk.admin.reset_calls(desk.account)
    assert desk.run("plan", "-e", "dev", "--detailed-exitcode", *args).code == 0
    return desk.admin.calls(desk.account)


def test_a_plan_of_a_hundred_use_cases(estate_of: Callable[[int], Desk]) -> None:
    desk = estate_of(100)
    calls = counted(desk)
    assert sum(calls.values()) <= 15, calls
    deep = counted(desk, "--deep")
    assert deep["bedrock-agent.GetPrompt"] == 100
    assert deep["bedrock.GetGuardrail"] == 100
    assert deep["ssm.GetParameters"] == 10
    assert "bedrock.GetInferenceProfile" not in deep, "the list carries the whole body"
    assert "ssm.ListTagsForResource" not in deep, "the tag index confirmed"
    assert sum(deep.values()) <= 450, deep


@pytest.mark.skipif(os.environ.get("RELEASER_LAWS") != "full", reason="half a minute: RELEASER_LAWS=full")
def test_a_plan_of_five_hundred_use_cases(estate_of: Callable[[int], Desk]) -> None:
    calls = counted(estate_of(500))
    assert sum(calls.values()) <= 60, calls
