"""The laws over a use case of every kind at once: killed at any write, and in any order that the plan's edges permit.

By default the runs of one life are killed after the effect of each kind of write that a smaller use case does not know.
``RELEASER_LAWS=full`` kills before and after every write, each in a life that is killed nowhere else in its stage, with
1 worker and with 5; and again in lives that are killed at every write in turn (an hour or more).
"""

from __future__ import annotations

import json
import os
from itertools import zip_longest
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from world import assembly, story
from world.crash import Point
from world.desk import Desk
from world.process import Zygote

from releaser import sandbox
from releaser.core.kind import Kind
from releaser.kinds import registry

pytestmark = pytest.mark.sampled(3)

FULL = os.environ.get("RELEASER_LAWS") == "full"
SHARDS = 120 if FULL else 0
"""At least as many as the longest stage has points; those beyond are skipped."""


def operations_of(kind: Kind) -> set[str]:
    """Every write that a use case may need of a kind."""
    calls = kind.calls
    own = {calls.create, calls.update, calls.prepare, calls.publish, calls.delete}
    for part in kind.parts:
        own |= {part.create, part.update, part.delete}
    if kind.mint is not None:
        own |= {kind.mint.create, kind.mint.update}
    if kind.ingestion is not None:
        own.add(kind.ingestion.start)
    return {f"{kind.service}.{operation}" for operation in own if operation}


UNUSED = {
    "ssm.DeleteParameter",  # the runtime configuration stays as long as the use case
    "bedrock.DeleteGuardrail",
    "bedrock-agent.DeletePrompt",
}
"""Written in the smaller life, or never."""


def test_no_kind_is_missing(assembly_reference: story.Reference) -> None:
    """A new kind fails here until the use case has it, with every write that it knows."""
    approved = json.dumps([after.approved for after in assembly_reference.after.values()])
    assert [name for name, k in registry().items() if not k.on_demand and f"mail/{name}/" not in approved] == []
    done = {operation for after in assembly_reference.after.values() for operation in after.writes}
    known = {operation for kind in registry().values() if not kind.on_demand for operation in operations_of(kind)}
    assert sorted(known - done - UNUSED) == []


def first_of_each(reference: story.Reference, *, after: bool) -> dict[str, list[Point]]:
    """Each kind of write where it comes first, in the order of the stages."""
    seen: set[str] = set()
    chosen: dict[str, list[Point]] = {stage: [] for stage in reference.points}
    for stage, points in reference.points.items():
        for point in points:
            if point.where == "aws" and point.after is after and point.key not in seen and is_new(point.key):
                seen.add(point.key)
                chosen[stage].append(Point("aws", point.key, 1, after))
    return chosen


def is_new(operation: str) -> bool:
    """Whether the smaller use case has no such write."""
    service, _, name = operation.partition(".")
    if name in ("CreatePromptRouter", "DeletePromptRouter"):
        return True
    return service == "bedrock-agent" and not name.endswith(("Prompt", "PromptVersion", "TagResource"))


@pytest.mark.parametrize("after", [False, True] if FULL else [True], ids=lambda after: "after" if after else "before")
def test_killed_at_each_kind_of_write(
    after: bool, assembly_reference: story.Reference, zygote: Zygote, world_box: sandbox.SandboxProcess, tmp_path: Path
) -> None:
    desk, _ = assembly.new_desk(zygote, world_box, tmp_path / "desk")
    chosen = first_of_each(assembly_reference, after=after)
    chosen["removal"].append(Point("aws", "bedrock-agent.TagResource", 4, after))  # marked already: not again
    assert story.harass(desk, assembly_reference, chosen, assembly.STAGES) >= 30


def every_write(reference: story.Reference) -> dict[str, list[Point]]:
    """After each write of each stage: the next one of its kind, in a run that finds all before it done."""
    return {s: [Point("aws", p.key, 1, after=True) for p in ps if p.after] for s, ps in aws(reference).items()}


def aws(reference: story.Reference) -> dict[str, list[Point]]:
    return {stage: [p for p in points if p.where == "aws"] for stage, points in reference.points.items()}


@pytest.mark.skipif(not FULL, reason="RELEASER_LAWS=full")
def test_killed_after_every_write(
    assembly_reference: story.Reference, zygote: Zygote, world_box: sandbox.SandboxProcess, tmp_path: Path
) -> None:
    desk, _ = assembly.new_desk(zygote, world_box, tmp_path / "desk")
    story.harass(desk, assembly_reference, every_write(assembly_reference), assembly.STAGES)


@pytest.mark.parametrize("workers", [1, 5])
@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_a_write_then_run_again(
    shard: int,
    workers: int,
    assembly_reference: story.Reference,
    zygote: Zygote,
    world_box: sandbox.SandboxProcess,
    tmp_path: Path,
) -> None:
    columns = [[(stage, p) for p in points] for stage, points in aws(assembly_reference).items()]
    lives = [dict(pair for pair in row if pair) for row in zip_longest(*columns)]
    assert len(lives) <= SHARDS
    if shard >= len(lives):
        pytest.skip("fewer points than shards")
    desk, tripwire = assembly.new_desk(zygote, world_box, tmp_path / "desk")
    story.relive(desk, tripwire, assembly_reference, lives[shard], workers, assembly.STAGES)


def lived(desk: Desk, reference: story.Reference, workers: int, where: str) -> None:
    """The whole life; asserts that every stage leaves what it leaves in the reference."""
    for stage, prepare in assembly.STAGES.items():
        prepare(desk)
        desk.repo.commit(stage)
        before = desk.mark()
        desk.reconcile("--workers", str(workers))
        story.compare(story.look(desk, before), reference.after[stage], 0, f"{stage} {where}")
    desk.settled()


LAST_FIRST = [-1]


@settings(
    max_examples=30,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, *([Phase.generate] if FULL else [])],
    suppress_health_check=list(HealthCheck),
)
@pytest.mark.nightly
@example(order=LAST_FIRST)
@given(order=st.lists(st.integers(0, 11), min_size=40, max_size=40))
def test_any_order_that_the_edges_permit(
    order: list[int],
    assembly_reference: story.Reference,
    zygote: Zygote,
    world_box: sandbox.SandboxProcess,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder: Path = tmp_path_factory.mktemp("order") / "desk"
    desk, _ = assembly.new_desk(zygote, world_box, folder)
    desk.order = order
    lived(desk, assembly_reference, 1, f"in the order {order}")


@pytest.mark.parametrize("workers", [8])
def test_many_at_once(
    workers: int,
    assembly_reference: story.Reference,
    zygote: Zygote,
    world_box: sandbox.SandboxProcess,
    tmp_path: Path,
) -> None:
    desk, _ = assembly.new_desk(zygote, world_box, tmp_path / "desk")
    lived(desk, assembly_reference, workers, f"with {workers} workers")
