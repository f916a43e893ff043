"""What the flow, its versions and its aliases know of each other: how a flow is named and which status it has."""

from __future__ import annotations

import copy
from typing import Any

from releaser.sandbox import flow_nodes
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, conflict, not_found
from releaser.sandbox.flow_definition import fails
from releaser.sandbox.store import Doc

DRAFT = "DRAFT"
TEST_ALIAS = "TSTALIASID"


def flow(call: Call) -> Doc:
    """The flow that ``flowIdentifier`` names by id or ARN."""
    identifier = call.params["flowIdentifier"]
    doc = call.row("flow", identifier.removeprefix(call.arn("bedrock", "flow/")))
    if doc is None:
        raise not_found(f"The flow {identifier} was not found.")
    return doc


def status(call: Call, doc: Doc) -> str:
    """The flow's status by now: what PrepareFlow found shows when its time is over."""
    if doc["preparedAt"] is None:
        return "NotPrepared"
    if call.clock.now() < doc["preparedAt"]:
        return "Preparing"
    return "Failed" if fails(doc["validations"]) else "Prepared"


def require_status(call: Call, doc: Doc, *allowed: str) -> None:
    """Refuses the operation in any other status, in AWS's words (terraform-provider-aws 43653)."""
    found = status(call, doc)
    if found not in allowed:
        raise conflict(
            f"Couldn't perform {call.operation.name} operation. The resource that you specified is currently in "
            f"status {found}. Retry your request after the resource changes to a valid status."
        )


def in_use(what: str, by: list[str]) -> AwsError:
    """The refusal of a deletion. Its code is one that the operation lists; AWS does not say more."""
    return conflict(f"Couldn't delete {what}: it is in use by {', '.join(sorted(by))}. Delete or change these first.")


def shown_definition(call: Call, doc: Doc) -> dict[str, Any]:
    """The definition as AWS gives it back.

    Observed: as it was sent (aws-samples/amazon-bedrock-flows-samples export definitions without configuration at
    nodes that need none). Switches: a server that fills in what is optional, or has an order of its own.
    """
    if call.settings.switch("flowDefaults") == "observed" and call.settings.switch("flowListOrder") == "observed":
        return {"definition": doc["definition"]} if "definition" in doc else {}
    definition = copy.deepcopy(doc.get("definition", {}))
    if call.settings.switch("flowDefaults") == "all":
        definition = {"nodes": [], "connections": []} | definition
        definition["nodes"] = [_filled(node) for node in definition["nodes"]]
    if call.settings.switch("flowListOrder") == "all":
        definition = {part: rows[::-1] for part, rows in definition.items()}
    return {"definition": definition}


def _filled(node: dict[str, Any]) -> dict[str, Any]:
    needs_none = flow_nodes.is_configured({"type": node["type"]})
    empty: dict[str, Any] = {"configuration": {flow_nodes.member(node["type"]): {}}} if needs_none else {}
    return {"inputs": [], "outputs": [], **empty, **node}
