"""The fault matrix: every operation that a run calls, read or write, meets every fault.

By default all operations of a stage meet the fault in the same life; ``RELEASER_LAWS=full`` lives a life
for each operation alone. A run ends well, or stops and says why; the same command again goes on; the end is the
same as without a fault.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from world import story
from world.desk import Desk
from world.process import Ended, Zygote

from releaser import sandbox

pytestmark = pytest.mark.sampled(3)

FULL = os.environ.get("RELEASER_LAWS") == "full"
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "throttled-three-times": {"kind": "throttle", "times": 3},
    "internal-error": {"kind": "error", "code": "InternalServerException", "status": 500, "message": "try again"},
    "unavailable": {"kind": "error", "code": "ServiceUnavailableException", "status": 503, "message": "busy"},
    "reset-before": {"kind": "reset-before"},
    "reset-after": {"kind": "reset-after"},
    "truncated-short": {"kind": "truncate", "form": "short", "keep": 20},
    "truncated-cut": {"kind": "truncate", "form": "cut", "keep": 20},
    "latency": {"kind": "latency", "seconds": 0.1},
    "stale-list": {"kind": "stale-list", "writes": 3},
}
ALIKE = ("unavailable", "latency", "truncated-short")
"""Much like others: in the full mode only."""
RUNS = 12
"""How often the same command may be needed: each run gets further."""


@pytest.mark.parametrize("fault", FAULTS if FULL else [f for f in FAULTS if f not in ALIKE])
def test_every_operation_meets_the_fault_and_the_end_is_the_same(
    fault: str, reference: story.Reference, story_desk: Desk
) -> None:
    desk = story_desk
    expected: set[str] = set()
    met: set[str] = set()
    for stage, prepare in story.STAGES.items():
        prepare(desk)
        desk.repo.commit(stage)
        wanted = [o for o in reference.operations[stage] if fault != "stale-list" or ".List" in o or ".Desc" in o]
        for operation in wanted:
            inject(desk, fault, operation)
        before = desk.mark()
        converge(desk, f"{fault} in {stage}")
        expected |= set(wanted)
        met |= {f["operation"] for f in desk.admin.fired()}
        desk.admin.clear_faults()
        same(desk, reference, stage, before, fault)
    assert met == expected, f"never met: {expected - met}"


@pytest.mark.skipif(not FULL, reason="RELEASER_LAWS=full only: a life for each operation alone")
@pytest.mark.parametrize("stage", story.STAGES)
@pytest.mark.parametrize("fault", FAULTS)
def test_one_operation_alone(
    fault: str,
    stage: str,
    reference: story.Reference,
    zygote: Zygote,
    world_box: sandbox.SandboxProcess,
    tmp_path: Path,
) -> None:
    for operation in reference.operations[stage]:
        if fault == "stale-list" and ".List" not in operation and ".Desc" not in operation:
            continue
        desk, _ = story.new_desk(zygote, world_box, tmp_path / operation, server=False)
        for name, prepare in story.STAGES.items():
            prepare(desk)
            desk.repo.commit(name)
            before = desk.mark()
            if name == stage:
                inject(desk, fault, operation)
            converge(desk, f"{fault} at {operation}")
            if name == stage:
                desk.admin.clear_faults()
                same(desk, reference, stage, before, f"{fault} at {operation}")
                break


def inject(desk: Desk, fault: str, operation: str) -> None:
    service, _, name = operation.partition(".")
    rule = dict(FAULTS[fault])
    desk.admin.add_fault(rule.pop("kind"), service=service, operation=name, account=desk.account, **rule)


def converge(desk: Desk, where: str) -> None:
    for _ in range(RUNS):
        ended = desk.reconcile(ok=None)
        if ended.code == 0:
            return
        demand_clear_stop(ended, where)
    raise AssertionError(f"{where}: no end after {RUNS} runs: {ended.said}")


def demand_clear_stop(ended: Ended, where: str) -> None:
    """A non-zero exit that says which problem (a code), and what to do (a hint), without a traceback."""
    assert ended.code in (1, 4), f"{where}: exit {ended.code}: {ended.said}"
    assert "Traceback" not in ended.said, where
    assert "[" in ended.said, f"{where}: no code: {ended.said}"
    assert "hint" in ended.said.lower() or "again" in ended.said, f"{where}: no hint: {ended.said}"


def same(desk: Desk, reference: story.Reference, stage: str, before: str, where: str) -> None:
    """Content, versions and releases are as without a fault; every record is closed and chained."""
    expected = reference.after[stage]
    assert desk.content() == expected.content, f"{where} in {stage}"
    assert desk.repo.tags() == expected.tags
    assert all("closed.json" in entries for entries in desk.releases().values())
    assert set(desk.effects(before)) <= set(expected.writes), f"{where} in {stage}"
    desk.settled()
