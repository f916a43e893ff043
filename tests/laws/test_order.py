"""Every legal order: the steps of a plan in any order that its own edges permit lead to the same end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from world import story
from world.process import Zygote

from releaser import sandbox

LAST_FIRST = [-1]
BY_TURNS = [0, -1] * 20


@settings(
    max_examples=30,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, *([Phase.generate] if os.environ.get("RELEASER_LAWS") == "full" else [])],
    suppress_health_check=list(HealthCheck),
)
@example(order=LAST_FIRST)
@example(order=BY_TURNS)
@given(order=st.lists(st.integers(0, 11), min_size=25, max_size=25))
def test_any_order_that_the_edges_permit(
    order: list[int],
    reference: story.Reference,
    zygote: Zygote,
    world_box: sandbox.SandboxProcess,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder: Path = tmp_path_factory.mktemp("order") / "desk"
    desk, _ = story.new_desk(zygote, world_box, folder, server=False)
    desk.order = order
    for stage, prepare in story.STAGES.items():
        prepare(desk)
        desk.repo.commit(stage)
        before = desk.mark()
        desk.reconcile("--workers", "1")
        story.compare(story.look(desk, before), reference.after[stage], 0, f"{stage} in the order {order}")
    desk.settled()
