"""Action groups: what an agent can do. Parts of the working draft; read also in any version.

Sources: service model (``parentActionGroupSignature`` comes back as ``parentActionSignature``; with a signature
"you must leave the description, apiSchema, and actionGroupExecutor fields blank"); quota page: 20 action groups
an agent, 15 of them enabled; users: an enabled group is deleted only with ``skipResourceInUseCheck``; functions
come back with ``required`` and ``requireConfirmation`` filled in (switch).
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import agent_state as state
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict, quota_exceeded, validation
from releaser.sandbox.kind import Kind
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc
from releaser.sandbox.tokens import once

_RENAMED = {"parentActionGroupSignature": "parentActionSignature"}
_CONTENT = (
    "actionGroupName",
    "description",
    "parentActionGroupSignature",
    "parentActionGroupSignatureParams",
    "actionGroupExecutor",
    "apiSchema",
    "functionSchema",
)
_BLANK_WITH_SIGNATURE = ("description", "apiSchema", "functionSchema", "actionGroupExecutor")
_SUMMARY = ("actionGroupId", "actionGroupName", "actionGroupState", "description", "updatedAt")

KIND = Kind(
    "agent-action-group",
    quotas={"agentActionGroups": 20, "agentActionGroupsEnabled": 15},
    switches={"agentFunctionDefaults": ("all", "none")},
    rates={
        "bedrock-agent.CreateAgentActionGroup": Rate(12),
        "bedrock-agent.UpdateAgentActionGroup": Rate(6),
        "bedrock-agent.GetAgentActionGroup": Rate(20),
    },
)


@KIND.operation("bedrock-agent", "CreateAgentActionGroup")
def create_action_group(call: Call) -> dict[str, Any]:
    """A new action group of the draft; the agent is NOT_PREPARED afterwards."""
    return once(call, lambda: _create(call))


def _create(call: Call) -> dict[str, Any]:
    agent = state.agent(call)
    state.refuse_while_busy(call, agent, "Create")
    table = f"{state.ACTION_GROUP}/{agent['agentId']}"
    body = _accept(call, table)
    if len(call.rows(table)) >= call.settings.quota("agentActionGroups"):
        raise quota_exceeded("You have reached the maximum number of action groups for this agent.")
    id, now = state.fresh_id(call.rows(table)), call.clock.stamp()
    identity = {"agentId": agent["agentId"], "agentVersion": "DRAFT", "actionGroupId": id}
    doc = {**body, **identity, "clientToken": call.params.get("clientToken"), "createdAt": now, "updatedAt": now}
    call.put(table, id, doc)
    state.unprepare(call, agent)
    return {"agentActionGroup": doc}


@KIND.operation("bedrock-agent", "UpdateAgentActionGroup")
def update_action_group(call: Call) -> dict[str, Any]:
    """Replaces an action group of the draft; what is left out is cleared."""
    agent = state.agent(call)
    old = state.part(call, state.ACTION_GROUP, "actionGroupId")
    state.refuse_while_busy(call, agent, "Update")
    table = f"{state.ACTION_GROUP}/{agent['agentId']}"
    body = _accept(call, table, old["actionGroupId"])
    kept = {name: old[name] for name in ("agentId", "agentVersion", "actionGroupId", "clientToken", "createdAt")}
    doc = {**body, **kept, "updatedAt": call.clock.stamp()}
    call.put(table, old["actionGroupId"], doc)
    state.unprepare(call, agent)
    return {"agentActionGroup": doc}


@KIND.operation("bedrock-agent", "GetAgentActionGroup")
def get_action_group(call: Call) -> dict[str, Any]:
    """An action group of the draft or of a version."""
    return {"agentActionGroup": dict(state.part(call, state.ACTION_GROUP, "actionGroupId"))}


@KIND.operation("bedrock-agent", "ListAgentActionGroups")
def list_action_groups(call: Call) -> dict[str, Any]:
    """The action groups of the draft or of a version, the newest first."""
    rows = [((-doc["createdAt"], id), doc) for id, doc in state.parts(call, state.ACTION_GROUP).items()]
    size, token = call.params.get("maxResults", state.PAGE), call.params.get("nextToken")
    question = [call.params["agentId"], call.params["agentVersion"]]
    found, more = page(call, rows, size=size, token=token, question=question)
    return {"actionGroupSummaries": [{name: doc.get(name) for name in _SUMMARY} for doc in found], "nextToken": more}


@KIND.operation("bedrock-agent", "DeleteAgentActionGroup")
def delete_action_group(call: Call) -> dict[str, Any]:
    """Gone from the draft at once; versions keep it. An enabled one needs skipResourceInUseCheck."""
    agent = state.agent(call)
    doc = state.part(call, state.ACTION_GROUP, "actionGroupId")
    state.refuse_while_busy(call, agent, "Delete")
    if doc["actionGroupState"] == "ENABLED" and not call.params.get("skipResourceInUseCheck", False):
        raise conflict(f"Action group {doc['actionGroupId']} is ENABLED and in use. Disable it before you delete it.")
    call.delete(f"{state.ACTION_GROUP}/{agent['agentId']}", doc["actionGroupId"])
    state.unprepare(call, agent)
    return {}


def _accept(call: Call, table: str, id: str = "") -> dict[str, Any]:
    """The body in read shape, checked against what the model does not say."""
    params = call.params
    _check_shape(params)
    others = [doc for doc in call.rows(table).values() if doc["actionGroupId"] != id]
    if any(doc["actionGroupName"] == params["actionGroupName"] for doc in others):
        raise conflict(f"The agent already has an action group named {params['actionGroupName']}.")
    enabled = params.get("actionGroupState", "ENABLED")
    most = call.settings.quota("agentActionGroupsEnabled")
    if enabled == "ENABLED" and sum(doc["actionGroupState"] == "ENABLED" for doc in others) >= most:
        raise quota_exceeded("You have reached the maximum number of enabled action groups for this agent.")
    body = {_RENAMED.get(name, name): params[name] for name in _CONTENT if name in params}
    if "functionSchema" in body and call.settings.switch("agentFunctionDefaults") == "all":
        body["functionSchema"] = {"functions": [_filled(one) for one in body["functionSchema"]["functions"]]}
    return {**body, "actionGroupState": enabled}


def _check_shape(params: dict[str, Any]) -> None:
    signature = params.get("parentActionGroupSignature")
    if signature is not None:
        surplus = [name for name in _BLANK_WITH_SIGNATURE if name in params]
        if surplus:
            raise validation(f"With parentActionGroupSignature {signature} leave {', '.join(surplus)} blank.")
    elif ("apiSchema" in params) == ("functionSchema" in params):
        raise validation("An action group has either apiSchema or functionSchema.")
    if "parentActionGroupSignatureParams" in params and not str(signature).startswith("ANTHROPIC."):
        raise validation("parentActionGroupSignatureParams belong to a computer use action.")
    names = [one["name"] for one in params.get("functionSchema", {}).get("functions", [])]
    if len(set(names)) != len(names):
        raise validation("The functions of an action group have different names.")


def _filled(function: Doc) -> dict[str, Any]:
    """A function with the defaults of the server."""
    filled: dict[str, Any] = {"requireConfirmation": "DISABLED", **function}
    if "parameters" in function:
        filled["parameters"] = {name: {"required": False, **one} for name, one in function["parameters"].items()}
    return filled
