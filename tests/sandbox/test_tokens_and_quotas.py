"""Idempotency tokens and the counts AWS allows."""

from __future__ import annotations

import pytest

from sandbox.checks import MESSAGES, body, refused

TOKEN = "t" * 40
MODEL = "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-micro-v1:0"


def test_the_same_token_gives_the_same_resource(client):
    agent, bedrock = client("bedrock-agent"), client("bedrock")
    one = agent.create_prompt(name="p", clientToken=TOKEN)
    assert body(agent.create_prompt(name="p", clientToken=TOKEN)) == body(one)
    version = agent.create_prompt_version(promptIdentifier=one["id"], clientToken=TOKEN)
    again = agent.create_prompt_version(promptIdentifier=one["id"], clientToken=TOKEN)
    assert body(version) == body(again) and version["version"] == "1"
    guardrail = bedrock.create_guardrail(name="g", clientRequestToken=TOKEN, **MESSAGES)
    assert body(bedrock.create_guardrail(name="g", clientRequestToken=TOKEN, **MESSAGES)) == body(guardrail)
    id = guardrail["guardrailId"]
    for _ in range(2):
        made = bedrock.create_guardrail_version(guardrailIdentifier=id, clientRequestToken=TOKEN)
        assert made["version"] == "1"
    profiles = [
        bedrock.create_inference_profile(
            inferenceProfileName="p", modelSource={"copyFrom": MODEL}, clientRequestToken=TOKEN
        )
        for _ in range(2)
    ]
    assert body(profiles[0]) == body(profiles[1])
    assert len(agent.list_prompts()["promptSummaries"]) == 1


def test_the_same_token_with_other_parameters(client, box):
    agent = client("bedrock-agent")
    one = agent.create_prompt(name="p", clientToken=TOKEN)
    with refused("ConflictException", 409, "different parameters"):
        agent.create_prompt(name="q", clientToken=TOKEN)
    box.admin.set_switches(tokenMismatch="ignore")
    try:
        assert agent.create_prompt(name="q", clientToken=TOKEN)["id"] == one["id"]
    finally:
        box.admin.set_switches(tokenMismatch="conflict")


def test_a_replay_answers_even_when_the_resource_is_gone(client):
    agent = client("bedrock-agent")
    one = agent.create_prompt(name="p", clientToken=TOKEN)
    agent.delete_prompt(promptIdentifier=one["id"])
    assert agent.create_prompt(name="p", clientToken=TOKEN)["id"] == one["id"]
    assert agent.list_prompts()["promptSummaries"] == []


def test_tokens_are_forgotten_after_a_while(slow, paced):
    agent = slow("bedrock-agent")
    one = agent.create_prompt(name="p", clientToken=TOKEN)
    paced.admin.advance(601)
    assert agent.create_prompt(name="p", clientToken=TOKEN)["id"] != one["id"]


def test_a_failed_create_does_not_use_up_its_token(client):
    bedrock = client("bedrock")
    taken = bedrock.create_guardrail(name="g", **MESSAGES)["guardrailId"]
    with refused("ConflictException"):
        bedrock.create_guardrail(name="g", clientRequestToken=TOKEN, **MESSAGES)
    bedrock.delete_guardrail(guardrailIdentifier=taken)
    assert bedrock.create_guardrail(name="g", clientRequestToken=TOKEN, **MESSAGES)["guardrailId"] != taken


def test_ten_versions_a_prompt_twenty_a_guardrail(client):
    agent, bedrock = client("bedrock-agent"), client("bedrock")
    prompt = agent.create_prompt(name="p")["id"]
    guardrail = bedrock.create_guardrail(name="g", **MESSAGES)["guardrailId"]
    for _ in range(10):
        agent.create_prompt_version(promptIdentifier=prompt)
    for _ in range(20):
        bedrock.create_guardrail_version(guardrailIdentifier=guardrail)
    with refused("ServiceQuotaExceededException", 402):
        agent.create_prompt_version(promptIdentifier=prompt)
    with refused("ServiceQuotaExceededException", 400):
        bedrock.create_guardrail_version(guardrailIdentifier=guardrail)
    agent.delete_prompt(promptIdentifier=prompt, promptVersion="3")
    assert agent.create_prompt_version(promptIdentifier=prompt)["version"] == "11"


def test_a_hundred_guardrails_an_account_and_region(client):
    bedrock = client("bedrock")
    for number in range(100):
        bedrock.create_guardrail(name=f"g{number}", **MESSAGES)
    with refused("ServiceQuotaExceededException", 400):
        bedrock.create_guardrail(name="one-too-many", **MESSAGES)
    client("bedrock", region="us-east-1").create_guardrail(name="elsewhere", **MESSAGES)


def test_quotas_by_admin(client, box):
    defaults = box.admin.settings()["quotas"]
    expected = {"prompts": 500, "promptVersions": 10, "guardrails": 100, "guardrailVersions": 20}
    assert expected.items() <= defaults.items()
    assert defaults["applicationInferenceProfiles"] == 1000
    box.admin.set_quotas(prompts=1, applicationInferenceProfiles=0)
    try:
        client("bedrock-agent").create_prompt(name="p")
        with refused("ServiceQuotaExceededException", 402):
            client("bedrock-agent").create_prompt(name="q")
        with refused("ServiceQuotaExceededException", 400):
            client("bedrock").create_inference_profile(inferenceProfileName="p", modelSource={"copyFrom": MODEL})
    finally:
        box.admin.set_quotas(**defaults)
    with pytest.raises(Exception, match="unknown quota promts"):
        box.admin.set_quotas(promts=1)
