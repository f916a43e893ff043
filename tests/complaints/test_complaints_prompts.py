"""Prompts and their versions, and the pointer that Bedrock has no place for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from world.manifest import use_case

from complaints.conftest import LifeMaker
from complaints.life import Life

FIRST, SECOND = "Answer {{letter}} in two sentences.", "Answer {{letter}} in three sentences."


def alone() -> dict[str, Any]:
    """A use case of one prompt: no guardrail, no profile, and no section for what it does not use."""
    found = use_case(profile=False)
    del found["spec"]["guardrails"]
    return found


@pytest.fixture(scope="module")
def life(new_life: LifeMaker) -> Life:
    """There, and back again."""
    found = new_life()
    for name, text in (("first", FIRST), ("second", SECOND), ("back", FIRST)):
        found.release(name, alone(), {"answer": text})
        found.keep(name, lambda: pointer(found))
    found.keep("versions", lambda: versions(found))
    return found


def pointer(life: Life) -> dict[str, Any]:
    """What applications are told of prompts."""
    value = life.desk.client("ssm").get_parameter(Name="/releaser/mail/runtime")["Parameter"]["Value"]
    found: dict[str, Any] = json.loads(value)["prompts"]
    return found


def versions(life: Life) -> dict[str, str]:
    """Number -> text."""
    agent = life.desk.client("bedrock-agent")
    (row,) = agent.list_prompts()["promptSummaries"]
    rows = agent.list_prompts(promptIdentifier=row["id"])["promptSummaries"]
    numbers = sorted(r["version"] for r in rows if r["version"] != "DRAFT")
    found = {n: agent.get_prompt(promptIdentifier=row["id"], promptVersion=n) for n in numbers}
    return {n: p["variants"][0]["templateConfiguration"]["text"]["text"] for n, p in found.items()}


def test_aws_42616_a_prompt_has_versions(life: Life) -> None:
    assert life["second"].ended.code == 0, life["second"].ended.said
    assert life.kept["versions"] == {"1": FIRST, "2": SECOND}


def test_boto3_4671_one_version_is_the_one_in_production(life: Life) -> None:
    """Exactly one, always a number; going back moves the pointer and cuts nothing."""
    assert [life.kept[n]["answer"]["arn"].rpartition(":")[2] for n in ("first", "second", "back")] == ["1", "2", "1"]
    assert life["back"].count("CreatePromptVersion") == 0


def test_module_66_prompts_alone_need_prompts_alone(life: Life) -> None:
    assert life["first"].ended.code == 0, life["first"].ended.said
    assert life["first"].effects == [
        "bedrock-agent.CreatePrompt",
        "bedrock-agent.CreatePromptVersion",
        "ssm.PutParameter",
    ]
