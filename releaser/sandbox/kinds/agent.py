"""Agents (Bedrock Agents Classic): one thing at a time, full-replace updates, prepared before they are used.

Sources: bedrock-agent service model (operations, shapes, statuses); quota page: 1,000 agents an account
(adjustable), request rates; users: aws provider 42845 and 42256 (a second prepare while PREPARING), 43059 (a
supervisor without collaborators cannot be prepared), 40255 (prepared without instruction: FAILED), 37161 (an
agent with aliases cannot be deleted), 48681 and 39548 (what an update leaves out is cleared). AWS's availability
notice: since 2026-07-30 CreateAgent is refused in accounts without agent activity.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import agent_content as content
from releaser.sandbox import agent_state as state
from releaser.sandbox import tags
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, conflict, quota_exceeded, validation
from releaser.sandbox.kind import Kind, Taggable
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc
from releaser.sandbox.tokens import once

_SAME_NAME = "Cannot create a new agent as an agent with the same name already exists."


def _exists(call: Call, resource: str) -> bool:
    return state.find_agent(call, resource.removeprefix("agent/")) is not None


KIND = Kind(
    "agent",
    quotas={"agents": 1000},
    switches={
        **state.SWITCHES,
        **content.SWITCHES,
        "agentCreation": ("allowed", "refused"),
        "agentDuplicateName": ("conflict", "failed"),
    },
    rates={
        "bedrock-agent.CreateAgent": Rate(6),
        "bedrock-agent.UpdateAgent": Rate(4),
        "bedrock-agent.GetAgent": Rate(15),
    },
    delays=state.DELAYS,
    taggables=(Taggable("bedrock-agent", "agent/", _exists, "bedrock:agent"),),
)


@KIND.operation("bedrock-agent", "CreateAgent")
def create_agent(call: Call) -> dict[str, Any]:
    """A new agent: CREATING, later NOT_PREPARED."""
    if call.settings.switch("agentCreation") == "refused":
        # As seen in terraform-provider-aws #49327.
        notice = (
            "Bedrock Agents is in Maintenance Mode. New agent creation is not available for accounts without prior "
            "service usage. To learn more visit "
            "https://docs.aws.amazon.com/bedrock/latest/userguide/agents-maintenance-mode.html."
        )
        raise AwsError("AccessDeniedException", notice)
    return once(call, lambda: _create(call))


def _create(call: Call) -> dict[str, Any]:
    body = content.accept(call)
    failure = _name_failure(call, body["agentName"])
    if len(state.agents(call)) >= call.settings.quota("agents"):
        raise quota_exceeded("You have reached the maximum number of agents for this account.")
    id = state.fresh_id(call.rows("agent"))
    arn, now = call.arn("bedrock", f"agent/{id}"), call.clock.stamp()
    identity = {"agentId": id, "agentArn": arn, "createdAt": now, "updatedAt": now, "lastVersion": 0}
    doc = {**identity, "body": body, "clientToken": call.params.get("clientToken"), "preparedAt": None}
    doc.update(state.busy(call, "CREATING", "agent.create"), **_outcome(failure))
    call.put("agent", id, doc)
    tags.attach(call, arn, call.params.get("tags", {}))
    return {"agent": _show(call, doc)}


@KIND.operation("bedrock-agent", "UpdateAgent")
def update_agent(call: Call) -> dict[str, Any]:
    """Replaces the draft: UPDATING, later NOT_PREPARED. What is left out is cleared, guardrail and key included."""
    old = state.agent(call)
    state.refuse_while_busy(call, old, "Update")
    body = content.accept(call)
    failure = _name_failure(call, body["agentName"], old["agentId"])
    doc = {**old, "body": body, "updatedAt": call.clock.stamp()}
    doc.update(state.busy(call, "UPDATING", "agent.update"), **_outcome(failure))
    call.put("agent", old["agentId"], doc)
    return {"agent": _show(call, doc)}


@KIND.operation("bedrock-agent", "GetAgent")
def get_agent(call: Call) -> dict[str, Any]:
    """The working draft."""
    return {"agent": _show(call, state.agent(call))}


@KIND.operation("bedrock-agent", "ListAgents")
def list_agents(call: Call) -> dict[str, Any]:
    """All agents, the newest first; rows without ARN and without creation time."""
    rows = [((-doc["createdAt"], doc["agentId"]), doc) for doc in state.agents(call)]
    size, token = call.params.get("maxResults", state.PAGE), call.params.get("nextToken")
    found, more = page(call, rows, size=size, token=token)
    return {"agentSummaries": [_summary(call, doc) for doc in found], "nextToken": more}


@KIND.operation("bedrock-agent", "PrepareAgent")
def prepare_agent(call: Call) -> dict[str, Any]:
    """Takes the draft with its parts as they are now: PREPARING, later PREPARED, or FAILED with reasons."""
    doc = state.agent(call)
    state.refuse_while_busy(call, doc, "Prepare")
    if doc.get("stillborn"):
        raise state.in_state(call, "Prepare", "Agent when it", "FAILED")
    body, parts = doc["body"], state.draft_parts(call, doc["agentId"])
    role = body["agentCollaboration"]
    if role != "DISABLED" and not parts[state.COLLABORATOR]:
        why = f"The AgentCollaboration attribute is set to {role} but no agent collaborators are added."
        raise validation(f"This agent cannot be prepared. {why}")
    wants = {"instruction": "Instruction", "foundationModel": "Foundation Model"}
    missing = [f"Exception: Agent {noun} cannot be null" for member, noun in wants.items() if member not in body]
    now = call.clock.stamp()
    waiting = state.busy(call, "PREPARING", "agent.prepare")
    if missing:
        call.put("agent", doc["agentId"], {**doc, **waiting, "settled": "FAILED", "failureReasons": missing})
    else:
        done = {"settled": "PREPARED", "failureReasons": [], "preparedAt": now}
        call.put("agent", doc["agentId"], {**doc, **waiting, **done})
        call.put("agent-prepared", doc["agentId"], {"body": body, "parts": parts})
    reply = {"agentId": doc["agentId"], "agentStatus": "PREPARING", "agentVersion": "DRAFT"}
    return {**reply, "preparedAt": now}


@KIND.operation("bedrock-agent", "DeleteAgent")
def delete_agent(call: Call) -> dict[str, Any]:
    """The agent with parts, versions and aliases: DELETING, then gone. Refused while it has aliases."""
    doc = state.agent(call)
    state.refuse_while_busy(call, doc, "Delete")
    live = state.aliases(call, doc["agentId"])
    if live and not call.params.get("skipResourceInUseCheck", False):
        raise conflict(f"Agent {doc['agentId']} has active aliases. Delete its {len(live)} aliases first.")
    waiting = state.busy(call, "DELETING", "agent.delete")
    call.put("agent", doc["agentId"], {**doc, **waiting})
    if waiting["busyUntil"] <= call.clock.now():
        _bury(call, doc["agentId"])
    return {"agentId": doc["agentId"], "agentStatus": "DELETING"}


def _bury(call: Call, id: str) -> None:
    for alias in list(call.rows(f"agent-alias/{id}")):
        tags.forget(call, state.alias_arn(call, id, alias))
    for kind in (*state.PARTS, "agent-version", "agent-alias"):
        for row in list(call.rows(f"{kind}/{id}")):
            call.delete(f"{kind}/{id}", row)
    if call.row("agent-prepared", id) is not None:
        call.delete("agent-prepared", id)
    call.delete("agent", id)
    tags.forget(call, call.arn("bedrock", f"agent/{id}"))


def _name_failure(call: Call, name: str, id: str = "") -> list[str]:
    """Names are unique. Users saw the request accepted and the agent FAILED; by default it is a conflict at once."""
    others = (doc for doc in state.agents(call) if doc["agentId"] != id and not doc.get("stillborn"))
    if all(doc["body"]["agentName"] != name for doc in others):
        return []
    if call.settings.switch("agentDuplicateName") == "failed":
        return [_SAME_NAME]
    raise conflict(_SAME_NAME)


def _outcome(failure: list[str]) -> dict[str, Any]:
    settled = "FAILED" if failure else "NOT_PREPARED"
    return {"settled": settled, "failureReasons": failure, "stillborn": bool(failure)}


def _show(call: Call, doc: Doc) -> dict[str, Any]:
    now = state.status(call, doc)
    identity = {name: doc[name] for name in ("agentId", "agentArn", "clientToken", "createdAt", "updatedAt")}
    failed = {"failureReasons": doc["failureReasons"]} if now == "FAILED" else {}
    seen = {"agentVersion": "DRAFT", "agentStatus": now, "preparedAt": doc["preparedAt"]}
    shown = content.show(doc["body"], settled=now not in ("CREATING", "UPDATING"))
    return {**shown, **identity, **seen, **failed}


def _summary(call: Call, doc: Doc) -> dict[str, Any]:
    row = {name: doc["body"].get(name) for name in ("agentName", "description", "guardrailConfiguration")}
    latest = max((int(v["version"]) for v in state.versions(call, doc["agentId"])), default=None)
    about = {"agentId": doc["agentId"], "agentStatus": state.status(call, doc), "updatedAt": doc["updatedAt"]}
    return {**row, **about, "latestAgentVersion": "DRAFT" if latest is None else str(latest)}
