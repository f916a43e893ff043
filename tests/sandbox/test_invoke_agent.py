"""InvokeAgent: aliases, knowledge bases, traces, sessions, actions that the caller takes."""

from __future__ import annotations

import pytest

from sandbox.checks import new_agent, new_alias, refused
from sandbox.test_retrieve import CATS, DOGS, library

INSTRUCTION = "You know about weather. Rain falls in April. Answer what you are asked and nothing else."


def talk(client, id, alias, text="When does rain fall?", session="s1", **more):
    given = {"inputText": text} if text is not None else {}
    reply = client("bedrock-agent-runtime").invoke_agent(
        agentId=id, agentAliasId=alias, sessionId=session, **given, **more
    )
    assert (reply["sessionId"], reply["contentType"]) == (session, "application/json")
    return list(reply["completion"])


def said(events):
    (chunk,) = [one["chunk"] for one in events if "chunk" in one]
    return chunk["bytes"].decode()


def test_an_alias_answers_with_its_version(client):
    agents = client("bedrock-agent")
    id = new_agent(agents, instruction=INSTRUCTION)
    with refused("ValidationException", 400, "prepared"):
        talk(client, id, "TSTALIASID")
    alias = new_alias(agents, id)
    (event,) = talk(client, id, alias)
    assert "April" in said([event]) and "attribution" not in event["chunk"]
    agent = agents.get_agent(agentId=id)["agent"]
    kept = {name: agent[name] for name in ("agentName", "foundationModel", "agentResourceRoleArn")}
    agents.update_agent(agentId=id, **kept, instruction=INSTRUCTION.replace("April", "October"))
    agents.prepare_agent(agentId=id)
    assert "April" in said(talk(client, id, alias, session="s2"))
    assert "October" in said(talk(client, id, "TSTALIASID", session="s2"))


def test_refusals(client, box):
    agents = client("bedrock-agent")
    id = new_agent(agents, instruction=INSTRUCTION)
    alias = new_alias(agents, id)
    for agent, name in ((id, "A" * 10), ("A" * 10, alias)):
        with refused("ResourceNotFoundException", 404):
            talk(client, agent, name)
    with refused("ValidationException", 400, "inputText"):
        talk(client, id, alias, text=None)
    agents.update_agent_alias(
        agentId=id, agentAliasId=alias, agentAliasName="live",
        routingConfiguration=[{"agentVersion": "1"}], aliasInvocationState="REJECT_INVOCATIONS",
    )  # fmt: skip
    with refused("ValidationException", 400, "REJECT_INVOCATIONS"):
        talk(client, id, alias)
    box.admin.set_switches(agentAliasRejects="AccessDeniedException")
    try:
        with refused("AccessDeniedException", 403):
            talk(client, id, alias)
    finally:
        box.admin.set_switches(agentAliasRejects="ValidationException")


@pytest.fixture
def librarian(client):
    """An agent with a knowledge base: its ids."""
    where, _ = library(client, {"cats.txt": CATS, "dogs.txt": DOGS})
    agents = client("bedrock-agent")
    id = new_agent(agents, instruction="Answer from the search results, please, and say nothing besides.")
    base = where["knowledgeBaseId"]
    agents.associate_agent_knowledge_base(agentId=id, agentVersion="DRAFT", knowledgeBaseId=base, description="Pets")
    return id, new_alias(agents, id), base


def test_knowledge_bases_and_traces(client, librarian):
    id, alias, base = librarian
    *traces, last = talk(client, id, alias, "When do cats hunt?", enableTrace=True)
    assert "dusk" in said([last])
    (citation,) = last["chunk"]["attribution"]["citations"]
    assert [one["content"]["text"] for one in citation["retrievedReferences"]] == [CATS]
    assert all(one["trace"]["agentVersion"] == "1" and one["trace"]["sessionId"] == "s1" for one in traces)
    steps = [one["trace"]["trace"]["orchestrationTrace"] for one in traces]
    assert [next(iter(one)) for one in steps] == [
        "invocationInput", "observation", "modelInvocationInput", "modelInvocationOutput", "observation"
    ]  # fmt: skip
    lookup = steps[0]["invocationInput"]
    assert lookup["knowledgeBaseLookupInput"] == {"knowledgeBaseId": base, "text": "When do cats hunt?"}
    found = steps[1]["observation"]["knowledgeBaseLookupOutput"]["retrievedReferences"]
    assert found[0]["content"]["text"] == CATS
    assert steps[-1]["observation"]["finalResponse"]["text"] == said([last])


def test_a_request_may_narrow_the_search(client, librarian):
    id, alias, base = librarian
    search = {"vectorSearchConfiguration": {"numberOfResults": 1}}
    state = {"knowledgeBaseConfigurations": [{"knowledgeBaseId": base, "retrievalConfiguration": search}]}
    traces = talk(client, id, alias, "They cats dogs", enableTrace=True, sessionState=state)
    output = traces[1]["trace"]["trace"]["orchestrationTrace"]["observation"]["knowledgeBaseLookupOutput"]
    assert len(output["retrievedReferences"]) == 1


def controlled(client):
    agents = client("bedrock-agent")
    id = new_agent(agents, instruction=INSTRUCTION)
    function = {
        "name": "cancelOrder",
        "description": "Cancel an order",
        "parameters": {"orderId": {"type": "string", "required": True}, "days": {"type": "integer"}},
    }
    agents.create_agent_action_group(
        agentId=id, agentVersion="DRAFT", actionGroupName="orders",
        actionGroupExecutor={"customControl": "RETURN_CONTROL"}, functionSchema={"functions": [function]},
    )  # fmt: skip
    return id, new_alias(agents, id)


def test_control_is_returned_and_taken_up_again(client):
    id, alias = controlled(client)
    (event,) = talk(client, id, alias, "Please cancel my order A-17 within 3 days")
    control = event["returnControl"]
    (call,) = [one["functionInvocationInput"] for one in control["invocationInputs"]]
    assert (call["actionGroup"], call["function"], call["actionInvocationType"]) == ("orders", "cancelOrder", "RESULT")
    assert {one["name"]: one["value"] for one in call["parameters"]} == {"orderId": "A-17", "days": "3"}
    result = {"actionGroup": "orders", "function": "cancelOrder",
              "responseBody": {"TEXT": {"body": "The order A-17 is cancelled."}}}  # fmt: skip
    state = {"invocationId": control["invocationId"], "returnControlInvocationResults": [{"functionResult": result}]}
    with refused("ValidationException", 400, "invocationId"):
        talk(client, id, alias, text=None, sessionState={**state, "invocationId": "other"})
    assert "cancelled" in said(talk(client, id, alias, text=None, sessionState=state))
    with refused("ValidationException", 400, "invocationId"):
        talk(client, id, alias, text=None, sessionState=state)
    assert "April" in said(talk(client, id, alias))


def test_sessions_end(client, box):
    id, alias = controlled(client)

    def resumed(invocation):
        result = {"functionResult": {"actionGroup": "orders", "responseBody": {"TEXT": {"body": "Done."}}}}
        state = {"invocationId": invocation, "returnControlInvocationResults": [result]}
        return talk(client, id, alias, text=None, sessionState=state)

    def begun():
        return talk(client, id, alias, "Cancel an order")[0]["returnControl"]["invocationId"]

    first = begun()
    assert "terminated" in said(talk(client, id, alias, endSession=True))
    with refused("ValidationException", 400, "invocationId"):
        resumed(first)
    first = begun()
    box.admin.advance(601)
    with refused("ValidationException", 400, "invocationId"):
        resumed(first)
