"""Flows: a DRAFT that must be prepared after every change before a version can be cut from it.

Sources: bedrock-agent service model (operations, shapes, errors, statuses); quota page: 100 flows an account, 20
nodes of most types a flow and fewer of some, 2 writes and 10 reads a second; terraform-provider-aws 43653: a created
or updated flow is NotPrepared. A deletion "is stopped if the resource is in use": a flow's own aliases are a use of
it (public clean-up code deletes them first, and not the versions). Names: neither the model nor the user guide asks
for uniqueness. What a flow's nodes name (prompts, knowledge bases, functions) need not exist here.
"""

from __future__ import annotations

import secrets
import string
from collections import Counter
from collections.abc import Iterator
from typing import Any

from releaser.sandbox import flow_definition, flow_nodes, flows, tags
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict, quota_exceeded, validation
from releaser.sandbox.kind import Kind, Taggable
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc
from releaser.sandbox.tokens import once

_ALPHABET = string.ascii_uppercase + string.digits
_CONTENT = ("name", "description", "executionRoleArn", "customerEncryptionKeyArn", "definition")
_IDENTITY = ("id", "arn", "status", "createdAt", "updatedAt", "version")
_SUMMARY = ("name", "description", *_IDENTITY)
# The model gives FlowSummaries at most 10 elements and maxResults at most 1,000: 10 a page unless asked.
_PAGE = 10
_NODE_QUOTAS = {
    "Input": 1, "Output": 20, "KnowledgeBase": 20, "Condition": 5, "Lex": 5, "Prompt": 20, "LambdaFunction": 20,
    "Storage": 10, "Agent": 20, "Retrieval": 10, "Iterator": 1, "Collector": 1, "InlineCode": 5,
}  # fmt: skip


def _exists(call: Call, resource: str) -> bool:
    return call.row("flow", resource.removeprefix("flow/")) is not None


KIND = Kind(
    "flow",
    quotas={"flows": 100, **{f"flow{kind}Nodes": most for kind, most in _NODE_QUOTAS.items()}},
    switches={
        "flowDefaults": ("observed", "all"),
        "flowListOrder": ("observed", "all"),
        "flowNamesUnique": (False, True),
        "flowInUse": ("aliases", "aliasesAndVersions"),
        "flowPrepareMovesUpdatedAt": (True, False),
        "flowUnreachableNode": ("Error", "Warning"),
    },
    delays={"flow.prepare": 3.0},
    taggables=(Taggable("bedrock-agent", "flow/", _exists, "bedrock:flow"),),
)


@KIND.operation("bedrock-agent", "CreateFlow")
def create_flow(call: Call) -> dict[str, Any]:
    """A new flow's DRAFT, NotPrepared."""
    return once(call, lambda: _create(call))


def _create(call: Call) -> dict[str, Any]:
    content = _accept(call)
    if len(call.rows("flow")) >= call.settings.quota("flows"):
        raise quota_exceeded("You have reached the maximum number of flows for this account.")
    id = _fresh_id(call)
    now, arn = call.clock.stamp(), call.arn("bedrock", f"flow/{id}")
    state: dict[str, Any] = {"preparedAt": None, "validations": [], "lastVersion": 0}
    doc = {**content, **state, "id": id, "arn": arn, "version": flows.DRAFT, "createdAt": now, "updatedAt": now}
    call.put("flow", id, doc)
    tags.attach(call, arn, call.params.get("tags", {}))
    return _show(call, doc)


@KIND.operation("bedrock-agent", "UpdateFlow")
def update_flow(call: Call) -> dict[str, Any]:
    """Replaces the DRAFT ("Include both fields that you want to keep and fields that you want to change")."""
    old = flows.flow(call)
    flows.require_status(call, old, "NotPrepared", "Prepared", "Failed")
    content = _accept(call, old["id"])
    kept = {name: old[name] for name in ("id", "arn", "version", "createdAt", "lastVersion")}
    doc = {**content, **kept, "preparedAt": None, "validations": [], "updatedAt": call.clock.stamp()}
    call.put("flow", old["id"], doc)
    return _show(call, doc)


@KIND.operation("bedrock-agent", "PrepareFlow")
def prepare_flow(call: Call) -> dict[str, Any]:
    """Preparing, then Prepared, or Failed with ``validations`` in GetFlow."""
    doc = flows.flow(call)
    flows.require_status(call, doc, "NotPrepared", "Prepared", "Failed")
    now = call.clock.stamp()
    moved = {"updatedAt": now} if call.settings.switch("flowPrepareMovesUpdatedAt") else {}
    found = {"validations": _validate(call, doc.get("definition", {}))}
    call.put("flow", doc["id"], {**doc, **moved, **found, "preparedAt": now + call.delay("flow.prepare")})
    return {"id": doc["id"], "status": "Preparing"}


@KIND.operation("bedrock-agent", "GetFlow")
def get_flow(call: Call) -> dict[str, Any]:
    """The DRAFT, with what the last preparation found once it is over."""
    doc = flows.flow(call)
    shown = _show(call, doc)
    if call.params.get("includedData") == "METADATA_ONLY":
        return {name: value for name, value in shown.items() if name != "definition"}
    settled = shown["status"] in ("Prepared", "Failed")
    return {**shown, "validations": doc["validations"] if settled else []}


@KIND.operation("bedrock-agent", "ListFlows")
def list_flows(call: Call) -> dict[str, Any]:
    """DRAFTs of all flows."""
    rows = [((-doc["createdAt"], id), doc) for id, doc in call.rows("flow").items()]
    size, token = call.params.get("maxResults", _PAGE), call.params.get("nextToken")
    found, more = page(call, rows, size=size, token=token)
    shown = [_show(call, doc) for doc in found]
    return {"flowSummaries": [{n: doc[n] for n in _SUMMARY if n in doc} for doc in shown], "nextToken": more}


@KIND.operation("bedrock-agent", "DeleteFlow")
def delete_flow(call: Call) -> dict[str, Any]:
    """The flow with its versions and aliases; stopped while it is in use unless the check is skipped."""
    doc = flows.flow(call)
    id = doc["id"]
    flows.require_status(call, doc, "NotPrepared", "Prepared", "Failed")
    versions, aliases = call.rows(f"flow-version/{id}"), call.rows(f"flow-alias/{id}")
    uses = [f"alias {alias}" for alias in aliases]
    if call.settings.switch("flowInUse") == "aliasesAndVersions":
        uses += [f"version {number}" for number in versions]
    if uses and not call.params.get("skipResourceInUseCheck"):
        raise flows.in_use(f"the flow {id}", uses)
    for alias in list(aliases):
        call.delete(f"flow-alias/{id}", alias)
        tags.forget(call, f"{doc['arn']}/alias/{alias}")
    tags.forget(call, f"{doc['arn']}/alias/{flows.TEST_ALIAS}")
    for number in list(versions):
        call.delete(f"flow-version/{id}", number)
    call.delete("flow", id)
    tags.forget(call, doc["arn"])
    return {"id": id}


@KIND.operation("bedrock-agent", "ValidateFlowDefinition")
def validate_flow_definition(call: Call) -> dict[str, Any]:
    """What PrepareFlow would find, without a flow."""
    _check_types(call.params["definition"])
    return {"validations": _validate(call, call.params["definition"])}


def _validate(call: Call, definition: Doc) -> list[dict[str, Any]]:
    severity = str(call.settings.switch("flowUnreachableNode"))
    return flow_definition.validate(definition, unreachable=severity)


def _accept(call: Call, id: str = "") -> dict[str, Any]:
    """The content of a create or update. Its graph may be unfinished; its types and counts may not be wrong."""
    params = call.params
    _check_types(params.get("definition", {}))
    counts = Counter(node["type"] for node in _nodes(params.get("definition", {})))
    for kind in _NODE_QUOTAS:
        if counts[kind] > call.settings.quota(f"flow{kind}Nodes"):
            raise quota_exceeded(f"The flow has {counts[kind]} nodes of type {kind}, more than are allowed.")
    same = [doc for doc in call.rows("flow").values() if doc["name"] == params["name"] and doc["id"] != id]
    if same and call.settings.switch("flowNamesUnique"):
        raise conflict(f"A flow named {params['name']} already exists.")
    return {name: params[name] for name in _CONTENT if name in params}


def _check_types(definition: Doc) -> None:
    """A node's type "must match the name of the key" of its configuration."""
    for node in _nodes(definition):
        if "configuration" in node and flow_nodes.member(node["type"]) not in node["configuration"]:
            raise validation(f"The configuration of node {node['name']} does not match its type {node['type']}.")


def _nodes(definition: Doc) -> Iterator[flow_nodes.Node]:
    """All nodes, those in loops too."""
    for node in definition.get("nodes", []):
        yield node
        yield from _nodes(node.get("configuration", {}).get("loop", {}).get("definition", {}))


def _show(call: Call, doc: Doc) -> dict[str, Any]:
    shown = {name: doc[name] for name in (*_CONTENT, *_IDENTITY) if name in doc}
    return {**shown, **flows.shown_definition(call, doc), "status": flows.status(call, doc)}


def _fresh_id(call: Call) -> str:
    while True:
        id = "".join(secrets.choice(_ALPHABET) for _ in range(10))
        if call.row("flow", id) is None:
            return id
