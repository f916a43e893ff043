"""Aliases of agents: where versions come from. Without routingConfiguration a version is minted, with it never.

Sources: service model; AWS (Deploy an agent): "During alias creation, Amazon Bedrock creates a version of your
agent automatically ... Alternatively, you can point the alias to a previously created version", and the test
alias TSTALIASID that points to the working draft; quota page: 10 aliases an agent (not adjustable); users: aws
provider 42586 (any UpdateAgentAlias without routing cuts a version), 43406 (its number is not known at first),
amazon-bedrock-agent-samples 137 (the test alias cannot be deleted).
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import agent_state as state
from releaser.sandbox import tags
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict, not_found, quota_exceeded, validation, violations
from releaser.sandbox.kind import Kind, Taggable
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc
from releaser.sandbox.tokens import once

_TEST_NAME = "AgentTestAlias"
_HISTORY = 10
_IDENTITY = ("agentAliasId", "agentAliasName", "description", "createdAt", "updatedAt")
# An unversioned ``routingConfiguration`` is what a new alias shows until its version is there.
_NO_VERSION_YET: list[dict[str, str]] = [{}]


def _exists(call: Call, resource: str) -> bool:
    _, _, rest = resource.partition("/")
    id, _, alias = rest.partition("/")
    return state.find_alias(call, id, alias) is not None


KIND = Kind(
    "agent-alias",
    quotas={"agentAliases": 10},
    switches={
        "agentAliasStateWhenOmitted": ("ACCEPT_INVOCATIONS", "kept"),
        "agentAliasThroughput": ("accepted", "failed"),
    },
    taggables=(Taggable("bedrock-agent", "agent-alias/", _exists, "bedrock:agent-alias"),),
)


@KIND.operation("bedrock-agent", "CreateAgentAlias")
def create_agent_alias(call: Call) -> dict[str, Any]:
    """A new alias, to a version given or minted: CREATING, later PREPARED."""
    return once(call, lambda: _create(call))


def _create(call: Call) -> dict[str, Any]:
    agent = state.agent(call)
    id, name = agent["agentId"], call.params["agentAliasName"]
    _require_unique_name(call, id, name)
    if len(state.aliases(call, id)) >= call.settings.quota("agentAliases"):
        raise quota_exceeded("You have reached the maximum number of aliases for this agent.")
    routing, given = _route(call, agent, "Create")
    alias_id, now = state.fresh_id(call.rows(f"agent-alias/{id}")), call.clock.stamp()
    doc = {
        "agentId": id,
        "agentAliasId": alias_id,
        "agentAliasName": name,
        "description": call.params.get("description"),
        "clientToken": call.params.get("clientToken"),
        "createdAt": now,
        "updatedAt": now,
        "routing": routing,
        "before": routing if given else _NO_VERSION_YET,
        "history": _history([], routing, now),
        "invocations": "ACCEPT_INVOCATIONS",
        **state.busy(call, "CREATING", "agent.alias"),
        **_outcome(call, routing),
    }
    call.put(f"agent-alias/{id}", alias_id, doc)
    tags.attach(call, state.alias_arn(call, id, alias_id), call.params.get("tags", {}))
    return {"agentAlias": _show(call, doc)}


@KIND.operation("bedrock-agent", "UpdateAgentAlias")
def update_agent_alias(call: Call) -> dict[str, Any]:
    """Replaces the alias: UPDATING, later PREPARED. Without routingConfiguration a version is minted, every time."""
    agent, old = state.agent(call), _own_alias(call, "Update")
    id, name = agent["agentId"], call.params["agentAliasName"]
    _require_unique_name(call, id, name, old["agentAliasId"])
    routing, _ = _route(call, agent, "Update")
    now = call.clock.stamp()
    omitted = call.settings.switch("agentAliasStateWhenOmitted")
    default = old["invocations"] if omitted == "kept" else omitted
    doc = {
        **old,
        "agentAliasName": name,
        "description": call.params.get("description"),
        "updatedAt": now,
        "routing": routing,
        "before": old["routing"],
        "history": _history(old["history"], routing, now),
        "invocations": call.params.get("aliasInvocationState", default),
        **state.busy(call, "UPDATING", "agent.alias"),
        **_outcome(call, routing),
    }
    call.put(f"agent-alias/{id}", old["agentAliasId"], doc)
    return {"agentAlias": _show(call, doc)}


@KIND.operation("bedrock-agent", "GetAgentAlias")
def get_agent_alias(call: Call) -> dict[str, Any]:
    """An alias with its history, or the test alias."""
    return {"agentAlias": _show(call, _alias(call))}


@KIND.operation("bedrock-agent", "ListAgentAliases")
def list_agent_aliases(call: Call) -> dict[str, Any]:
    """All aliases, the newest first, the test alias last; rows without ARN and history."""
    agent = state.agent(call)
    rows = [((0, -doc["createdAt"]), doc) for doc in state.aliases(call, agent["agentId"])]
    rows.append(((1, 0.0), _test_alias(agent)))
    size, token = call.params.get("maxResults", state.PAGE), call.params.get("nextToken")
    found, more = page(call, rows, size=size, token=token, question=[agent["agentId"]])
    return {"agentAliasSummaries": [_summary(call, doc) for doc in found], "nextToken": more}


@KIND.operation("bedrock-agent", "DeleteAgentAlias")
def delete_agent_alias(call: Call) -> dict[str, Any]:
    """DELETING, then gone; its versions stay. Refused while a supervisor's draft, or its last prepared one, uses it."""
    state.agent(call)
    doc = _own_alias(call, "Delete")
    id, alias_id = doc["agentId"], doc["agentAliasId"]
    arn = state.alias_arn(call, id, alias_id)
    boss = next((agent["agentId"] for agent in state.agents(call) if arn in _collaborators(call, agent)), None)
    if boss is not None:
        raise validation(
            f"Agent alias {alias_id} is a collaborator of agent {boss}: disassociate and prepare it first."
        )
    waiting = state.busy(call, "DELETING", "agent.alias")
    if waiting["busyUntil"] <= call.clock.now():
        call.delete(f"agent-alias/{id}", alias_id)
        tags.forget(call, arn)
    else:
        call.put(f"agent-alias/{id}", alias_id, {**doc, **waiting})
    return {"agentId": id, "agentAliasId": alias_id, "agentAliasStatus": "DELETING"}


def _route(call: Call, agent: Doc, verb: str) -> tuple[list[dict[str, Any]], bool]:
    """The routing that was asked for and True, or that to a version minted now and False."""
    wanted: list[dict[str, Any]] = call.params.get("routingConfiguration", [])
    now = state.status(call, agent)
    if now in ("CREATING", "DELETING"):
        raise state.in_state(call, verb, "AgentAlias when Agent", now)
    if not wanted:
        return [{"agentVersion": state.mint(call, agent, verb)}], False
    number = wanted[0].get("agentVersion")
    if number is None or number == "DRAFT":
        raise validation("An alias routes to one numbered version of the agent; only the test alias routes to DRAFT.")
    found = state.find_version(call, agent["agentId"], number)
    if found is None or state.status(call, found) != "PREPARED":
        raise not_found(f"Version {number} of agent {agent['agentId']} was not found.")
    return [{**wanted[0], "agentVersion": found["version"]}], True


def _outcome(call: Call, routing: list[dict[str, Any]]) -> dict[str, Any]:
    """Where it ends. ``failureReasons`` is documented for Provisioned Throughput alone."""
    if "provisionedThroughput" in routing[0] and call.settings.switch("agentAliasThroughput") == "failed":
        return {"settled": "FAILED", "failureReasons": ["The Provisioned Throughput of the alias is not available."]}
    return {"settled": "PREPARED", "failureReasons": []}


def _history(events: list[dict[str, Any]], routing: list[dict[str, Any]], now: float) -> list[dict[str, Any]]:
    """The newest event first, the last 10; only a change of routing is one."""
    if events and events[0]["routingConfiguration"] == routing and "endDate" not in events[0]:
        return events
    closed = [{**event, "endDate": event.get("endDate", now)} for event in events]
    return [{"routingConfiguration": routing, "startDate": now}, *closed][:_HISTORY]


def _require_unique_name(call: Call, id: str, name: str, alias_id: str = "") -> None:
    taken = {doc["agentAliasName"] for doc in state.aliases(call, id) if doc["agentAliasId"] != alias_id}
    if name in taken | {_TEST_NAME}:
        raise conflict(f"Agent {id} already has an alias named {name}.")


def _alias(call: Call) -> Doc:
    agent, alias_id = state.agent(call), call.params["agentAliasId"]
    found = state.find_alias(call, agent["agentId"], alias_id)
    if alias_id == state.TEST_ALIAS:
        return _test_alias(agent)
    if found is None:
        raise not_found(f"Alias {alias_id} of agent {agent['agentId']} was not found.")
    return found


def _own_alias(call: Call, verb: str) -> Doc:
    """An alias that may be changed now."""
    if call.params["agentAliasId"] == state.TEST_ALIAS:
        what = r"failed to satisfy constraint: Member must satisfy regular expression pattern: (?!\bTSTALIASID\b)"
        raise violations([f"Value '{state.TEST_ALIAS}' at 'agentAliasId' {what}[0-9a-zA-Z]+"])
    doc = _alias(call)
    now = state.status(call, doc)
    if now in ("CREATING", "UPDATING", "DELETING"):
        raise state.in_state(call, verb, "AgentAlias when it", now)
    return doc


def _collaborators(call: Call, agent: Doc) -> set[str]:
    """Alias ARNs that an agent holds: in its draft, and as last prepared (preparing again lets go of them)."""
    kept = call.row("agent-prepared", agent["agentId"])
    prepared = kept["parts"][state.COLLABORATOR] if kept is not None else {}
    held = (*state.draft_parts(call, agent["agentId"])[state.COLLABORATOR].values(), *prepared.values())
    return {part["agentDescriptor"]["aliasArn"] for part in held}


def _test_alias(agent: Doc) -> Doc:
    routing = [{"agentVersion": "DRAFT"}]
    about = {"agentId": agent["agentId"], "agentAliasId": state.TEST_ALIAS, "agentAliasName": _TEST_NAME}
    times = {"createdAt": agent["createdAt"], "updatedAt": agent["createdAt"]}
    rest = {"history": [{"routingConfiguration": routing, "startDate": agent["createdAt"]}], "settled": "PREPARED"}
    words = {"description": "Test Alias for Agent", "clientToken": None, "invocations": "ACCEPT_INVOCATIONS"}
    now = {"busy": "", "busyUntil": 0.0, "routing": routing, "before": routing, "failureReasons": []}
    return {**about, **times, **rest, **words, **now}


def _summary(call: Call, doc: Doc) -> dict[str, Any]:
    now = state.status(call, doc)
    routing = doc["before"] if now in ("CREATING", "UPDATING") else doc["routing"]
    shown = {"routingConfiguration": routing, "agentAliasStatus": now, "aliasInvocationState": doc["invocations"]}
    return {**{name: doc.get(name) for name in _IDENTITY}, **shown}


def _show(call: Call, doc: Doc) -> dict[str, Any]:
    arn = state.alias_arn(call, doc["agentId"], doc["agentAliasId"])
    more = {"agentId": doc["agentId"], "agentAliasArn": arn, "clientToken": doc["clientToken"]}
    row = _summary(call, doc)
    failed = {"failureReasons": doc["failureReasons"]} if row["agentAliasStatus"] == "FAILED" else {}
    ahead = row["routingConfiguration"] != doc["routing"]
    return {**row, **more, **failed, "agentAliasHistoryEvents": doc["history"][1:] if ahead else doc["history"]}
