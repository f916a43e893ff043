"""Versions of agents: numbered snapshots, minted by aliases alone, read and deleted here.

Sources: service model (AgentVersion has neither orchestrationType nor customOrchestration; no operation creates
one); AWS: "Amazon Bedrock creates versions in numerical order, starting from 1". An alias whose version was
deleted in spite of the check is DISSOCIATED: "The agent alias has no version associated with it".
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import agent_content as content
from releaser.sandbox import agent_state as state
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict
from releaser.sandbox.kind import Kind
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc

KIND = Kind("agent-version", switches={"agentVersionListIncludesDraft": (True, False)})

_NOT_IN_A_VERSION = ("orchestrationType", "customOrchestration")


@KIND.operation("bedrock-agent", "GetAgentVersion")
def get_agent_version(call: Call) -> dict[str, Any]:
    """A numbered version; the DRAFT is read with GetAgent."""
    agent = state.agent(call)
    doc = state.version(call, agent, call.params["agentVersion"])
    body = {name: value for name, value in content.show(doc["body"]).items() if name not in _NOT_IN_A_VERSION}
    identity = {"agentId": agent["agentId"], "agentArn": agent["agentArn"], "version": doc["version"]}
    times = {"createdAt": doc["createdAt"], "updatedAt": doc["updatedAt"]}
    return {"agentVersion": {**body, **identity, **times, "agentStatus": state.status(call, doc)}}


@KIND.operation("bedrock-agent", "ListAgentVersions")
def list_agent_versions(call: Call) -> dict[str, Any]:
    """The DRAFT (a switch), then the versions, the newest first."""
    agent = state.agent(call)
    rows = [((-int(doc["version"]),), doc) for doc in state.versions(call, agent["agentId"])]
    if call.settings.switch("agentVersionListIncludesDraft"):
        rows.append(((-1_000_000,), {**agent, "version": "DRAFT"}))
    size, token = call.params.get("maxResults", state.PAGE), call.params.get("nextToken")
    found, more = page(call, rows, size=size, token=token, question=[agent["agentId"]])
    return {"agentVersionSummaries": [_summary(call, doc) for doc in found], "nextToken": more}


@KIND.operation("bedrock-agent", "DeleteAgentVersion")
def delete_agent_version(call: Call) -> dict[str, Any]:
    """DELETING, then gone; its number is never used again. Refused while an alias points to it."""
    agent = state.agent(call)
    doc = state.version(call, agent, call.params["agentVersion"])
    id, number = agent["agentId"], doc["version"]
    if state.status(call, doc) != "PREPARED":
        raise state.in_state(call, "Delete", "AgentVersion when it", state.status(call, doc))
    users = [alias for alias in state.aliases(call, id) if state.routes_to(alias, number)]
    if users and not call.params.get("skipResourceInUseCheck", False):
        raise conflict(f"Version {number} of agent {id} is in use by alias {users[0]['agentAliasId']}.")
    for alias in users:
        ended = [{**event, "endDate": event.get("endDate", call.clock.stamp())} for event in alias["history"]]
        cut = {"routing": [], "before": [], "settled": "DISSOCIATED", "history": ended}
        call.put(f"agent-alias/{id}", alias["agentAliasId"], {**alias, **cut})
    waiting = state.busy(call, "DELETING", "agent.delete")
    if waiting["busyUntil"] <= call.clock.now():
        call.delete(f"agent-version/{id}", number)
    else:
        call.put(f"agent-version/{id}", number, {**doc, **waiting})
    return {"agentId": id, "agentVersion": number, "agentStatus": "DELETING"}


def _summary(call: Call, doc: Doc) -> dict[str, Any]:
    row = {name: doc["body"].get(name) for name in ("agentName", "description", "guardrailConfiguration")}
    times = {"createdAt": doc["createdAt"], "updatedAt": doc["updatedAt"]}
    return {**row, **times, "agentVersion": doc["version"], "agentStatus": state.status(call, doc)}
