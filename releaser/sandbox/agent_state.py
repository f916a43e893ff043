"""What an agent, its parts, versions and aliases share: rows, statuses, and who may change what when.

An agent's row holds its working draft (``body``) and where it is (``busy`` until ``busyUntil``, then
``settled``). Parts are rows of their own, and belong to the draft; PrepareAgent copies body and parts, and
a version is that copy: "a version is a snapshot that preserves the resource as it exists at the time it
was created" (AWS: Deploy an agent). Nothing but CreateAgentAlias and UpdateAgentAlias makes versions.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Collection, Mapping
from typing import Any

from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, not_found
from releaser.sandbox.settings import Value
from releaser.sandbox.store import Doc

ACTION_GROUP, KNOWLEDGE_BASE, COLLABORATOR = "agent-action-group", "agent-knowledge-base", "agent-collaborator"
PARTS = (ACTION_GROUP, KNOWLEDGE_BASE, COLLABORATOR)
TEST_ALIAS = "TSTALIASID"
# The model gives every list of summaries here at most 10 elements: 10 a page unless asked.
PAGE = 10

_ALPHABET = string.ascii_uppercase + string.digits

# Users report these refusals as ValidationException (aws provider: retryOpIfPreparing; 43232, 42845), the
# operations declare ConflictException too.
SWITCHES: dict[str, tuple[Value, ...]] = {
    "agentBusyError": ("ValidationException", "ConflictException"),
    "agentChecksReferences": (True, False),
    "agentVersionWhileNotPrepared": ("refused", "last-prepared"),
}
DELAYS = {
    "agent.create": 4.0,
    "agent.update": 3.0,
    "agent.prepare": 8.0,
    "agent.version": 5.0,
    "agent.delete": 3.0,
    "agent.alias": 5.0,
}


def agents(call: Call) -> list[Doc]:
    """All agents that are not gone."""
    return [doc for doc in call.rows("agent").values() if not gone(call, doc)]


def find_agent(call: Call, id: str) -> Doc | None:
    """An agent that is not gone."""
    doc = call.row("agent", id)
    return None if doc is None or gone(call, doc) else doc


def agent(call: Call) -> Doc:
    """The agent that the call names, or ResourceNotFoundException."""
    id = call.params["agentId"]
    doc = find_agent(call, id)
    if doc is None:
        raise not_found(f"Failed to retrieve resource because it doesn't exist. Agent {id} was not found.")
    return doc


def status(call: Call, doc: Doc) -> str:
    """The status of an agent, a version or an alias now."""
    return str(doc["busy"] if call.clock.now() < doc["busyUntil"] else doc["settled"])


def gone(call: Call, doc: Doc) -> bool:
    """Whether its deletion is over."""
    return bool(doc["busy"] == "DELETING") and call.clock.now() >= doc["busyUntil"]


def busy(call: Call, what: str, step: str) -> dict[str, Any]:
    """The members that make a row ``what`` (a status) for as long as ``step`` takes."""
    return {"busy": what, "busyUntil": call.clock.now() + call.delay(step)}


def refuse_while_busy(call: Call, doc: Doc, verb: str) -> None:
    """Agents take one thing at a time: nothing while CREATING, UPDATING, PREPARING, VERSIONING or DELETING."""
    now = status(call, doc)
    if now not in ("NOT_PREPARED", "PREPARED", "FAILED"):
        raise in_state(call, verb, "Agent when it", now)


def in_state(call: Call, verb: str, what: str, state: str) -> AwsError:
    """The refusal as AWS words it; its code is a switch."""
    shown = state.replace("_", " ").title()
    message = f"{verb} operation can't be performed on {what} is in {shown} state. "
    hint = "Retry the request when the agent is in a valid state."
    return AwsError(str(call.settings.switch("agentBusyError")), message + hint)


def unprepare(call: Call, doc: Doc) -> None:
    """A part was changed: the draft is no longer what was prepared. ``updatedAt`` stays (AWS promises nothing)."""
    call.put("agent", doc["agentId"], {**doc, "settled": "NOT_PREPARED", "failureReasons": []})


def draft_parts(call: Call, id: str) -> dict[str, dict[str, Doc]]:
    """All parts of the working draft, by kind and id."""
    return {kind: dict(call.rows(f"{kind}/{id}")) for kind in PARTS}


def parts(call: Call, kind: str) -> Mapping[str, Doc]:
    """The parts of a kind of the agent and version that the call names, each with that version in it."""
    doc, number = agent(call), call.params["agentVersion"]
    if number == "DRAFT":
        return call.rows(f"{kind}/{doc['agentId']}")
    kept = version(call, doc, number)["parts"][kind]
    return {id: {**part, "agentVersion": number} for id, part in kept.items()}


def part(call: Call, kind: str, member: str) -> Doc:
    """The part that the call's ``member`` names, in the version that it names."""
    id = call.params[member]
    number = call.params["agentVersion"]
    found = call.row(f"{kind}/{agent(call)['agentId']}", id) if number == "DRAFT" else parts(call, kind).get(id)
    if found is None:
        raise not_found(f"{member} {id} was not found in version {number} of agent {call.params['agentId']}.")
    return found


def versions(call: Call, id: str) -> list[Doc]:
    """All numbered versions of an agent that are not gone."""
    return [doc for doc in call.rows(f"agent-version/{id}").values() if not gone(call, doc)]


def find_version(call: Call, id: str, number: str) -> Doc | None:
    """A numbered version that is not gone."""
    doc = call.row(f"agent-version/{id}", number.lstrip("0"))
    return None if doc is None or gone(call, doc) else doc


def version(call: Call, doc: Doc, number: str) -> Doc:
    """A numbered version of an agent, or ResourceNotFoundException."""
    found = find_version(call, doc["agentId"], number)
    if found is None:
        raise not_found(f"Version {number} of agent {doc['agentId']} was not found.")
    return found


def mint(call: Call, doc: Doc, verb: str) -> str:
    """The next version's number: a copy of what was last prepared. The agent is VERSIONING meanwhile."""
    now = status(call, doc)
    kept = call.row("agent-prepared", doc["agentId"])
    behind = now == "NOT_PREPARED" and call.settings.switch("agentVersionWhileNotPrepared") == "last-prepared"
    if kept is None or (now != "PREPARED" and not behind):
        raise in_state(call, verb, "AgentAlias when Agent", now)
    number, at = str(doc["lastVersion"] + 1), call.clock.stamp()
    waiting = busy(call, "VERSIONING", "agent.version")
    snapshot = {"body": kept["body"], "parts": kept["parts"], "version": number, "createdAt": at, "updatedAt": at}
    call.put(f"agent-version/{doc['agentId']}", number, {**snapshot, **waiting, "settled": "PREPARED"})
    call.put("agent", doc["agentId"], {**doc, **waiting, "lastVersion": int(number)})
    return number


def aliases(call: Call, id: str) -> list[Doc]:
    """The aliases of an agent that are not gone, without the test alias."""
    return [doc for doc in call.rows(f"agent-alias/{id}").values() if not gone(call, doc)]


def find_alias(call: Call, id: str, alias_id: str) -> Doc | None:
    """An alias that is not gone, of an agent that is not gone."""
    doc = call.row(f"agent-alias/{id}", alias_id)
    return None if doc is None or find_agent(call, id) is None or gone(call, doc) else doc


def alias_arn(call: Call, id: str, alias_id: str) -> str:
    """An alias's ARN."""
    return call.arn("bedrock", f"agent-alias/{id}/{alias_id}")


def routes_to(doc: Doc, number: str) -> bool:
    """Whether an alias points to a version, or is about to."""
    return any(entry.get("agentVersion") == number for entry in doc["routing"])


def fresh_id(taken: Collection[str]) -> str:
    """Ten capitals and digits, as AWS's ids here look."""
    while True:
        id = "".join(secrets.choice(_ALPHABET) for _ in range(10))
        if id not in taken and id != TEST_ALIAS:
            return id
