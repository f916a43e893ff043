"""What exists already is found, and a manifest is written of it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from world.manifest import guardrail
from world.process import until

from complaints.conftest import LifeMaker
from complaints.life import Life


@pytest.fixture(scope="module")
def life(new_life: LifeMaker) -> Life:
    """A guardrail and an agent that somebody made by hand."""
    found = new_life()
    bedrock, agent = found.desk.client("bedrock"), found.desk.client("bedrock-agent")
    made = bedrock.create_guardrail(name="claims-main", **guardrail())["guardrailId"]
    settle(lambda: bedrock.get_guardrail(guardrailIdentifier=made)["status"], "READY")
    bedrock.create_guardrail_version(guardrailIdentifier=made)
    clerk = agent.create_agent(
        agentName="claims-clerk",
        instruction="Look up claims for adjusters, and never promise a payment.",
        foundationModel="eu.amazon.nova-pro-v1:0",
        agentResourceRoleArn=f"arn:aws:iam::{found.desk.account}:role/agent",
    )["agent"]["agentId"]

    def status() -> Any:
        return agent.get_agent(agentId=clerk)["agent"]["agentStatus"]

    settle(status, "NOT_PREPARED")
    agent.prepare_agent(agentId=clerk)
    settle(status, "PREPARED")
    agent.create_agent_alias(agentId=clerk, agentAliasName="claims-clerk")
    settle(status, "PREPARED")
    found.desk.repo.commit("empty")
    found.run(
        "found", "adopt", "-e", "dev", "--use-case", "claims", "--name", "claims-*", "--take-first", "--output", "json"
    )
    return found


def settle(status: Any, wanted: str) -> None:
    until(lambda: status() == wanted)


def spec(life: Life) -> dict[str, Any]:
    path = life.desk.repo.root / "manifests/claims/manifest.yaml"
    assert path.exists(), life["found"].ended.said
    found: dict[str, Any] = yaml.safe_load(path.read_text())["spec"]
    return found


def test_aws_44180_guardrails_are_found_by_name(life: Life) -> None:
    (found,) = spec(life)["guardrails"].values()
    assert found["blockedInputMessaging"] == guardrail()["blockedInputMessaging"]
    assert life["found"].effects == []


def test_aws_43052_an_agent_is_found_by_name(life: Life) -> None:
    (found,) = spec(life)["agents"].values()
    assert found["foundationModel"] == "eu.amazon.nova-pro-v1:0"
    assert life["found"].effects == []
