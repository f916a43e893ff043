"""A use case of every kind at once: denied reads plan nothing, and a run that meets faults ends as one without."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from test_denied import READS, deny
from test_matrix import FAULTS, converge, inject, same
from world import assembly, story
from world.desk import Desk, is_read
from world.process import Zygote

from releaser import sandbox

pytestmark = pytest.mark.sampled(2)

FULL = os.environ.get("RELEASER_LAWS") == "full"
SURROUNDINGS = ("sts.", "service-quotas.", "bedrock.ListFoundationModels", "bedrock.GetFoundationModel")
"""What is no resource of a use case."""


@pytest.fixture
def assembled(zygote: Zygote, world_box: sandbox.SandboxProcess, tmp_path: Path) -> Desk:
    """The first release is live, the change of everything committed."""
    desk, _ = assembly.new_desk(zygote, world_box, tmp_path / "desk")
    for stage in ("first", "change"):
        assembly.STAGES[stage](desk)
        desk.repo.commit(stage)
        if stage == "first":
            desk.reconcile()
    return desk


@pytest.mark.nightly
def test_a_denied_read_plans_nothing(assembled: Desk, assembly_reference: story.Reference) -> None:
    """Whatever it is that cannot be read: nothing is made anew, published or taken away on a guess."""
    desk = assembled
    desk.admin.reset_calls(desk.account)
    desk.plan("--deep")
    called = {o for o in desk.admin.calls(desk.account) if is_read(o) and not o.startswith(SURROUNDINGS)}
    assert len(called - set(READS)) > 20
    for read in sorted(called if FULL else called - set(READS)):
        deny(desk, read)
        plan = desk.plan("--deep")
        assert desk.admin.fired(), read
        verbs = {s["verb"] for s in plan["steps"]}
        assert not verbs & {"create", "publish", "delete", "retire"}, f"{read}: {sorted(verbs)}"
        said = str(plan)
        assert read.replace(".", " ") in said, f"{read} is not named: {said}"
        desk.admin.clear_faults()
    desk.reconcile()
    desk.settled()


@pytest.mark.parametrize("fault", FAULTS if FULL else ["reset-after"])
def test_every_operation_meets_the_fault_and_the_end_is_the_same(
    fault: str, assembly_reference: story.Reference, zygote: Zygote, world_box: sandbox.SandboxProcess, tmp_path: Path
) -> None:
    desk, _ = assembly.new_desk(zygote, world_box, tmp_path / "desk")
    for stage, prepare in assembly.STAGES.items():
        prepare(desk)
        desk.repo.commit(stage)
        for operation in assembly_reference.operations[stage]:
            if not operation.startswith("s3.") and (fault != "stale-list" or ".List" in operation):
                inject(desk, fault, operation)
        before = desk.mark()
        converge(desk, f"{fault} in {stage}")
        desk.admin.clear_faults()
        same(desk, assembly_reference, stage, before, fault)
