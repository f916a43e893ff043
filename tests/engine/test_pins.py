"""What a pinned environment gets is what its pins name, whatever the working tree and main hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from world import estate
from world.desk import Desk
from world.estate import Estate
from world.manifest import HAIKU, guardrail, use_case
from world.repository import LETTER

OTHER = {"answer": LETTER.replace("three", "nine")}


@pytest.fixture
def stages(new_desk: Callable[..., Desk]) -> Estate:
    """r1 released in dev."""
    found = estate.create(new_desk)
    found.dev.repo.declare(use_case())
    found.dev.repo.commit("first")
    found.run("dev", "reconcile")
    return found


def move_on(stages: Estate) -> None:
    """main and the working tree go elsewhere: another model, guardrail and prompt, and a prompt that is not
    committed."""
    stages.dev.repo.declare(use_case(guardrails={"main": guardrail("HIGH")}, model=HAIKU), OTHER)
    stages.dev.repo.commit("second")
    stages.dev.repo.write("manifests/mail/prompts/answer.md", "Nobody reviewed {{letter}}.\n")


def content(stages: Estate, environment: str) -> Any:
    """All that an account holds, without the names of environment and account, which stamps know too."""
    found = stages.desks[environment].content()
    for document in found.values():
        document["tags"].pop("releaser:environment")
    text = re.sub(r"(releaser:1:|_)[0-9a-f]{8,16}\b", r"\1<stamp>", json.dumps(found, sort_keys=True))
    return json.loads(text)


def test_prod_gets_what_was_gated_in_preprod_though_main_moved_on(stages: Estate) -> None:
    stages.promote("preprod", "r1")
    move_on(stages)
    stages.promote("prod", "r1")
    assert content(stages, "prod") == content(stages, "preprod") == content(stages, "dev")
    assert stages.live("prod")["release"] == "r1"
    assert stages.plan("prod", "--deep")["steps"] == []
