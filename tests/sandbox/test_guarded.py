"""Guardrails around retrieval, flows and agents."""

from __future__ import annotations

import pytest

from sandbox.checks import MESSAGES, new_agent, new_alias, refused
from sandbox.flow_samples import END, START, data, definition, prompt_node
from sandbox.test_invoke_agent import said, talk
from sandbox.test_invoke_flow import outputs, play
from sandbox.test_retrieve import library
from sandbox.test_retrieve_and_generate import asking

FACTS = "The code of the vault is 7788. Visitors write to office@example.com. The garden opens in May."


@pytest.fixture
def guardrail(client):
    """The id of one that blocks two words on both sides and masks addresses."""
    return client("bedrock").create_guardrail(
        name="g",
        **MESSAGES,
        wordPolicyConfig={"wordsConfig": [{"text": "7788"}, {"text": "bomb"}]},
        sensitiveInformationPolicyConfig={"piiEntitiesConfig": [{"type": "EMAIL", "action": "ANONYMIZE"}]},
    )["guardrailId"]


@pytest.fixture
def base(client):
    return library(client, {"facts.txt": FACTS})[0]["knowledgeBaseId"]


QUESTIONS = [
    ("When does the garden open?", "May", False),
    ("How to build a bomb?", "no question", True),
    ("What is the code of the vault?", "no answer", True),
    ("To which address do visitors write?", "{EMAIL}", True),
]


@pytest.mark.parametrize(("text", "expected", "intervened"), QUESTIONS)
def test_retrieve_and_generate(client, base, guardrail, text, expected, intervened):
    wanted = asking(base, text, guardrailConfiguration={"guardrailId": guardrail, "guardrailVersion": "DRAFT"})
    reply = client("bedrock-agent-runtime").retrieve_and_generate(**wanted)
    assert expected in reply["output"]["text"]
    assert reply["guardrailAction"] == ("INTERVENED" if intervened else "NONE")
    assert any(one["retrievedReferences"] for one in reply["citations"]) != intervened


def test_retrieve(client, base, guardrail):
    runtime = client("bedrock-agent-runtime")
    more = {"knowledgeBaseId": base, "guardrailConfiguration": {"guardrailId": guardrail, "guardrailVersion": "DRAFT"}}
    reply = runtime.retrieve(retrievalQuery={"text": "garden"}, **more)
    assert reply["guardrailAction"] == "NONE" and reply["retrievalResults"]
    reply = runtime.retrieve(retrievalQuery={"text": "garden bomb"}, **more)
    assert reply["guardrailAction"] == "INTERVENED" and reply["retrievalResults"] == []


@pytest.mark.parametrize(("text", "expected", "intervened"), QUESTIONS)
def test_agents(client, base, guardrail, text, expected, intervened):
    agents = client("bedrock-agent")
    named = {"guardrailIdentifier": guardrail, "guardrailVersion": "DRAFT"}
    instruction = "Answer from the search results, please, and say nothing besides."
    id = new_agent(agents, instruction=instruction, guardrailConfiguration=named)
    agents.associate_agent_knowledge_base(agentId=id, agentVersion="DRAFT", knowledgeBaseId=base, description="Facts")
    *traces, last = talk(client, id, new_alias(agents, id), text, enableTrace=True)
    assert expected in said([last])
    (trace,) = [one["trace"]["trace"]["guardrailTrace"] for one in traces if "guardrailTrace" in one["trace"]["trace"]]
    assert trace["action"] == ("INTERVENED" if intervened else "NONE")
    lookups = [one for one in traces if "invocationInput" in one["trace"]["trace"].get("orchestrationTrace", {})]
    assert len(lookups) == (0 if expected == "no question" else 1)


def test_prompts_of_flows(client, guardrail):
    ask = prompt_node(text=FACTS + " {{question}}")
    named = {"guardrailIdentifier": guardrail, "guardrailVersion": "DRAFT"}
    ask["configuration"]["prompt"]["guardrailConfiguration"] = named
    agent = client("bedrock-agent")
    parts = definition(
        START, ask, END, data("Start.document", "Ask.question"), data("Ask.modelCompletion", "End.document")
    )
    role = "arn:aws:iam::111111111111:role/flow"
    flow = agent.create_flow(name="guarded", executionRoleArn=role, definition=parts)["id"]
    agent.prepare_flow(flowIdentifier=flow)
    assert outputs(play(client, flow, "TSTALIASID", "When does the garden open?")) == ["no question"]


def test_a_guardrail_must_exist(client, base):
    wanted = asking(base, guardrailConfiguration={"guardrailId": "nothere", "guardrailVersion": "1"})
    with refused("ValidationException", 400, "guardrail"):
        client("bedrock-agent-runtime").retrieve_and_generate(**wanted)
