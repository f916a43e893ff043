"""Collaborators of a supervisor: aliases of other agents, parts of its working draft; read also in any version.

Sources: service model; AWS (multi-agent collaboration): a collaborator is added by the ARN of one of its aliases,
to an agent whose ``agentCollaboration`` is SUPERVISOR or SUPERVISOR_ROUTER; quota page: 1,000 an agent
(adjustable); ListAgentCollaborators always has ``relayConversationHistory``, so it has a default.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import agent_state as state
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict, not_found, quota_exceeded, validation
from releaser.sandbox.kind import Kind
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc
from releaser.sandbox.tokens import once

_CONTENT = ("agentDescriptor", "collaboratorName", "collaborationInstruction")

KIND = Kind("agent-collaborator", quotas={"agentCollaborators": 1000})


@KIND.operation("bedrock-agent", "AssociateAgentCollaborator")
def associate_collaborator(call: Call) -> dict[str, Any]:
    """A collaborator for the draft; the agent is NOT_PREPARED afterwards."""
    return once(call, lambda: _associate(call))


def _associate(call: Call) -> dict[str, Any]:
    agent = state.agent(call)
    state.refuse_while_busy(call, agent, "Associate")
    if agent["body"]["agentCollaboration"] == "DISABLED":
        raise validation("The agent's agentCollaboration is DISABLED: set it to SUPERVISOR or SUPERVISOR_ROUTER first.")
    table = f"{state.COLLABORATOR}/{agent['agentId']}"
    body = _accept(call, agent)
    if len(call.rows(table)) >= call.settings.quota("agentCollaborators"):
        raise quota_exceeded("You have reached the maximum number of collaborators for this agent.")
    id, now = state.fresh_id(call.rows(table)), call.clock.stamp()
    identity = {"agentId": agent["agentId"], "agentVersion": "DRAFT", "collaboratorId": id}
    times = {"createdAt": now, "lastUpdatedAt": now}
    doc = {**body, **identity, **times, "clientToken": call.params.get("clientToken")}
    call.put(table, id, doc)
    state.unprepare(call, agent)
    return {"agentCollaborator": doc}


@KIND.operation("bedrock-agent", "UpdateAgentCollaborator")
def update_collaborator(call: Call) -> dict[str, Any]:
    """Replaces a collaborator of the draft."""
    agent = state.agent(call)
    old = state.part(call, state.COLLABORATOR, "collaboratorId")
    state.refuse_while_busy(call, agent, "Update")
    body = _accept(call, agent, old["collaboratorId"])
    doc = {**old, **body, "lastUpdatedAt": call.clock.stamp()}
    call.put(f"{state.COLLABORATOR}/{agent['agentId']}", old["collaboratorId"], doc)
    state.unprepare(call, agent)
    return {"agentCollaborator": doc}


@KIND.operation("bedrock-agent", "GetAgentCollaborator")
def get_collaborator(call: Call) -> dict[str, Any]:
    """A collaborator of the draft or of a version."""
    return {"agentCollaborator": dict(state.part(call, state.COLLABORATOR, "collaboratorId"))}


@KIND.operation("bedrock-agent", "ListAgentCollaborators")
def list_collaborators(call: Call) -> dict[str, Any]:
    """The collaborators of the draft or of a version, the newest first: everything but the token."""
    rows = [((-doc["createdAt"], id), doc) for id, doc in state.parts(call, state.COLLABORATOR).items()]
    size, token = call.params.get("maxResults", state.PAGE), call.params.get("nextToken")
    question = [call.params["agentId"], call.params["agentVersion"]]
    found, more = page(call, rows, size=size, token=token, question=question)
    summaries = [{name: value for name, value in doc.items() if name != "clientToken"} for doc in found]
    return {"agentCollaboratorSummaries": summaries, "nextToken": more}


@KIND.operation("bedrock-agent", "DisassociateAgentCollaborator")
def disassociate_collaborator(call: Call) -> dict[str, Any]:
    """Gone from the draft at once; what was last prepared, and versions, keep it."""
    agent = state.agent(call)
    doc = state.part(call, state.COLLABORATOR, "collaboratorId")
    state.refuse_while_busy(call, agent, "Disassociate")
    call.delete(f"{state.COLLABORATOR}/{agent['agentId']}", doc["collaboratorId"])
    state.unprepare(call, agent)
    return {}


def _accept(call: Call, agent: Doc, id: str = "") -> dict[str, Any]:
    name = call.params["collaboratorName"]
    others = [d for d in call.rows(f"{state.COLLABORATOR}/{agent['agentId']}").values() if d["collaboratorId"] != id]
    if any(doc["collaboratorName"] == name for doc in others):
        raise conflict(f"The agent already has a collaborator named {name}.")
    _require_alias(call, agent, call.params["agentDescriptor"].get("aliasArn"))
    relay = call.params.get("relayConversationHistory", "DISABLED")
    return {**{member: call.params[member] for member in _CONTENT}, "relayConversationHistory": relay}


def _require_alias(call: Call, agent: Doc, arn: str | None) -> None:
    """An existing alias here, of another agent, to a version: not the test alias."""
    if arn is None:
        raise validation("agentDescriptor.aliasArn cannot be null")
    prefix = call.arn("bedrock", "agent-alias/")
    id, _, alias_id = arn.rpartition(":agent-alias/")[2].partition("/")
    if id == agent["agentId"]:
        raise validation("An agent cannot be a collaborator of itself.")
    if alias_id == state.TEST_ALIAS:
        raise validation("The test alias cannot be a collaborator: create an alias of the collaborator agent.")
    if not call.settings.switch("agentChecksReferences"):
        return
    if not arn.startswith(prefix) or state.find_alias(call, id, alias_id) is None:
        raise not_found(f"The agent alias {arn} was not found.")
