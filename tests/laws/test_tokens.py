"""Killed after a create, and then the list does not show it yet: the token finds it again. Nothing is made twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from world import story
from world.crash import Point, crash
from world.process import Zygote

from releaser import sandbox

pytestmark = pytest.mark.sampled(2)

LISTED_BY = {
    "bedrock.CreateGuardrail": "bedrock.ListGuardrails",
    "bedrock.CreateGuardrailVersion": "bedrock.ListGuardrails",
    "bedrock.CreateInferenceProfile": "bedrock.ListInferenceProfiles",
    "bedrock-agent.CreatePrompt": "bedrock-agent.ListPrompts",
    "bedrock-agent.CreatePromptVersion": "bedrock-agent.ListPrompts",
    "ssm.PutParameter": "ssm.DescribeParameters",
}


@pytest.mark.parametrize("operation", LISTED_BY)
def test_a_create_that_no_list_shows_yet_is_not_repeated(
    operation: str, reference: story.Reference, zygote: Zygote, world_box: sandbox.SandboxProcess, tmp_path: Path
) -> None:
    desk, tripwire = story.new_desk(zygote, world_box, tmp_path / "desk", server=False)
    stage, prepare = next(iter(story.STAGES.items()))
    prepare(desk)
    desk.repo.commit()
    before = desk.mark()
    crash(desk, tripwire, Point("aws", operation, 1, after=True), "reconcile", "-e", "dev", "--workers", "1")
    service, _, listing = LISTED_BY[operation].partition(".")
    desk.admin.add_fault(
        "stale-list", service=service, operation=listing, account=desk.account, writes=1000, times=None
    )
    for _ in range(3):
        if desk.reconcile(ok=None).code == 0:
            break
        desk.admin.clear_faults()  # a conflict that no list explains: the next run sees
    desk.admin.clear_faults()
    desk.reconcile()
    story.compare(story.look(desk, before), reference.after[stage], 2, operation)
    desk.settled()
