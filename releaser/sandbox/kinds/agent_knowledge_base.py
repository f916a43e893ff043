"""Knowledge bases that an agent asks: associations, parts of the working draft; read also in any version.

Sources: service model (AssociateAgentKnowledgeBase takes no idempotency token: a repeat is a conflict); quota
page: 2 knowledge bases an agent (adjustable). An association is named by the knowledge base's id.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import agent_state as state
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict, not_found, quota_exceeded
from releaser.sandbox.kind import Kind
from releaser.sandbox.paging import page

_SUMMARY = ("knowledgeBaseId", "description", "knowledgeBaseState", "updatedAt")

KIND = Kind(
    "agent-knowledge-base",
    quotas={"agentKnowledgeBases": 2},
    rates={
        "bedrock-agent.AssociateAgentKnowledgeBase": Rate(6),
        "bedrock-agent.DisassociateAgentKnowledgeBase": Rate(4),
    },
)


@KIND.operation("bedrock-agent", "AssociateAgentKnowledgeBase")
def associate_knowledge_base(call: Call) -> dict[str, Any]:
    """A knowledge base for the draft; the agent is NOT_PREPARED afterwards."""
    agent, id = state.agent(call), call.params["knowledgeBaseId"]
    state.refuse_while_busy(call, agent, "Associate")
    _require_knowledge_base(call, id)
    table = f"{state.KNOWLEDGE_BASE}/{agent['agentId']}"
    if call.row(table, id) is not None:
        raise conflict(f"Knowledge base {id} is already associated with agent {agent['agentId']}.")
    if len(call.rows(table)) >= call.settings.quota("agentKnowledgeBases"):
        raise quota_exceeded("You have reached the maximum number of knowledge bases for this agent.")
    now = call.clock.stamp()
    doc = {
        "agentId": agent["agentId"],
        "agentVersion": "DRAFT",
        "knowledgeBaseId": id,
        "description": call.params["description"],
        "knowledgeBaseState": call.params.get("knowledgeBaseState", "ENABLED"),
        "createdAt": now,
        "updatedAt": now,
    }
    call.put(table, id, doc)
    state.unprepare(call, agent)
    return {"agentKnowledgeBase": doc}


@KIND.operation("bedrock-agent", "UpdateAgentKnowledgeBase")
def update_knowledge_base(call: Call) -> dict[str, Any]:
    """Changes an association of the draft. What is left out stays: output requires the description, input does not."""
    agent = state.agent(call)
    old = state.part(call, state.KNOWLEDGE_BASE, "knowledgeBaseId")
    state.refuse_while_busy(call, agent, "Update")
    new: dict[str, Any] = {
        name: call.params[name] for name in ("description", "knowledgeBaseState") if name in call.params
    }
    doc = {**old, **new, "updatedAt": call.clock.stamp()}
    call.put(f"{state.KNOWLEDGE_BASE}/{agent['agentId']}", old["knowledgeBaseId"], doc)
    state.unprepare(call, agent)
    return {"agentKnowledgeBase": doc}


@KIND.operation("bedrock-agent", "GetAgentKnowledgeBase")
def get_knowledge_base(call: Call) -> dict[str, Any]:
    """An association of the draft or of a version."""
    return {"agentKnowledgeBase": dict(state.part(call, state.KNOWLEDGE_BASE, "knowledgeBaseId"))}


@KIND.operation("bedrock-agent", "ListAgentKnowledgeBases")
def list_knowledge_bases(call: Call) -> dict[str, Any]:
    """The associations of the draft or of a version, the newest first."""
    rows = [((-doc["createdAt"], id), doc) for id, doc in state.parts(call, state.KNOWLEDGE_BASE).items()]
    size, token = call.params.get("maxResults", state.PAGE), call.params.get("nextToken")
    question = [call.params["agentId"], call.params["agentVersion"]]
    found, more = page(call, rows, size=size, token=token, question=question)
    summaries = [{name: doc[name] for name in _SUMMARY} for doc in found]
    return {"agentKnowledgeBaseSummaries": summaries, "nextToken": more}


@KIND.operation("bedrock-agent", "DisassociateAgentKnowledgeBase")
def disassociate_knowledge_base(call: Call) -> dict[str, Any]:
    """Gone from the draft at once; versions keep it."""
    agent = state.agent(call)
    doc = state.part(call, state.KNOWLEDGE_BASE, "knowledgeBaseId")
    state.refuse_while_busy(call, agent, "Disassociate")
    call.delete(f"{state.KNOWLEDGE_BASE}/{agent['agentId']}", doc["knowledgeBaseId"])
    state.unprepare(call, agent)
    return {}


def _require_knowledge_base(call: Call, id: str) -> None:
    """It must exist, where the sandbox plays knowledge bases at all."""
    if not call.settings.switch("agentChecksReferences"):
        return
    arn = call.arn("bedrock", f"knowledge-base/{id}")
    kinds = [one for one in call.catalogue.taggables() if one.prefix == "knowledge-base/"]
    if kinds and not any(one.exists(call, arn.split(":", 5)[5]) for one in kinds):
        raise not_found(f"Knowledge base {id} was not found.")
