"""Aliases of flows: a name that callers use, and the one version it leads to.

Sources: bedrock-agent service model (exactly one routing entry; full replace); quota page: 10 aliases a flow, not
adjustable; user guide, "Deploy a flow": every flow is born with the test alias TSTALIASID, which leads to the DRAFT
(public clean-up code finds it in ListFlowAliases and leaves it alone). It counts for no quota, and can be neither
changed nor deleted here. Its name is not documented. What AWS leaves open is a switch.
"""

from __future__ import annotations

import secrets
import string
from typing import Any

from releaser.sandbox import flows, tags
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict, not_found, quota_exceeded, validation
from releaser.sandbox.kind import Kind, Taggable
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc
from releaser.sandbox.tokens import once

_ALPHABET = string.ascii_uppercase + string.digits
_CONTENT = ("name", "description", "routingConfiguration", "concurrencyConfiguration")
_SHOWN = (*_CONTENT, "flowId", "id", "arn", "createdAt", "updatedAt")
# The model gives FlowAliasSummaries at most 10 elements: 10 a page unless asked.
_PAGE = 10


def _exists(call: Call, resource: str) -> bool:
    id, _, alias = resource.removeprefix("flow/").partition("/alias/")
    flow = call.row("flow", id)
    return flow is not None and (alias == flows.TEST_ALIAS or call.row(f"flow-alias/{id}", alias) is not None)


KIND = Kind(
    "flow-alias",
    quotas={"flowAliases": 10},
    switches={
        "flowAliasListIncludesTest": (True, False),
        "flowAliasNamesUnique": (False, True),
        "flowAliasToDraft": ("refuse", "allow"),
        "flowAliasConcurrency": ("observed", "all"),
    },
    taggables=(Taggable("bedrock-agent", "flow/", _exists, "bedrock:flow-alias", below="/alias/"),),
)


@KIND.operation("bedrock-agent", "CreateFlowAlias")
def create_flow_alias(call: Call) -> dict[str, Any]:
    """A new alias of a flow."""
    return once(call, lambda: _create(call))


def _create(call: Call) -> dict[str, Any]:
    flow = flows.flow(call)
    content = _accept(call, flow)
    if len(call.rows(f"flow-alias/{flow['id']}")) >= call.settings.quota("flowAliases"):
        raise quota_exceeded("You have reached the maximum number of aliases for this flow.")
    id, now = _fresh_id(call, flow["id"]), call.clock.stamp()
    arn = f"{flow['arn']}/alias/{id}"
    doc = {**content, "flowId": flow["id"], "id": id, "arn": arn, "createdAt": now, "updatedAt": now}
    call.put(f"flow-alias/{flow['id']}", id, doc)
    tags.attach(call, arn, call.params.get("tags", {}))
    return _show(call, doc)


@KIND.operation("bedrock-agent", "UpdateFlowAlias")
def update_flow_alias(call: Call) -> dict[str, Any]:
    """Replaces the alias; callers are led to the new version at once."""
    flow = flows.flow(call)
    old = _alias(call, flow)
    _refuse_test_alias(old)
    kept = {name: old[name] for name in ("flowId", "id", "arn", "createdAt")}
    doc = {**_accept(call, flow, old["id"]), **kept, "updatedAt": call.clock.stamp()}
    call.put(f"flow-alias/{flow['id']}", old["id"], doc)
    return _show(call, doc)


@KIND.operation("bedrock-agent", "GetFlowAlias")
def get_flow_alias(call: Call) -> dict[str, Any]:
    """One alias, the test alias too."""
    return _show(call, _alias(call, flows.flow(call)))


@KIND.operation("bedrock-agent", "ListFlowAliases")
def list_flow_aliases(call: Call) -> dict[str, Any]:
    """The aliases of a flow, the newest first."""
    flow = flows.flow(call)
    aliases = list(call.rows(f"flow-alias/{flow['id']}").values())
    if call.settings.switch("flowAliasListIncludesTest"):
        aliases.append(_test_alias(flow))
    rows = [((-doc["createdAt"], doc["id"]), doc) for doc in aliases]
    size, token = call.params.get("maxResults", _PAGE), call.params.get("nextToken")
    found, more = page(call, rows, size=size, token=token, question=[flow["id"]])
    return {"flowAliasSummaries": [_show(call, doc) for doc in found], "nextToken": more}


@KIND.operation("bedrock-agent", "DeleteFlowAlias")
def delete_flow_alias(call: Call) -> dict[str, Any]:
    """Deletes an alias. There is no check of its use."""
    flow = flows.flow(call)
    doc = _alias(call, flow)
    _refuse_test_alias(doc)
    call.delete(f"flow-alias/{flow['id']}", doc["id"])
    tags.forget(call, doc["arn"])
    return {"flowId": flow["id"], "id": doc["id"]}


def _alias(call: Call, flow: Doc) -> Doc:
    identifier = call.params["aliasIdentifier"]
    id = identifier.removeprefix(f"{flow['arn']}/alias/")
    doc = _test_alias(flow) if id == flows.TEST_ALIAS else call.row(f"flow-alias/{flow['id']}", id)
    if doc is None:
        raise not_found(f"The alias {identifier} of the flow {flow['id']} was not found.")
    return doc


def _test_alias(flow: Doc) -> Doc:
    born = {"createdAt": flow["createdAt"], "updatedAt": flow["createdAt"]}
    identity = {"flowId": flow["id"], "id": flows.TEST_ALIAS, "arn": f"{flow['arn']}/alias/{flows.TEST_ALIAS}"}
    return {"name": flows.TEST_ALIAS, "routingConfiguration": [{"flowVersion": flows.DRAFT}], **identity, **born}


def _refuse_test_alias(doc: Doc) -> None:
    if doc["id"] == flows.TEST_ALIAS:
        raise validation(f"The test alias {flows.TEST_ALIAS} cannot be changed or deleted.")


def _accept(call: Call, flow: Doc, id: str = "") -> dict[str, Any]:
    """The content of a create or update; the version it leads to must exist."""
    params = call.params
    version = params["routingConfiguration"][0].get("flowVersion")
    if version is None:
        raise validation("The routing configuration of an alias must name a flow version.")
    if version == flows.DRAFT and call.settings.switch("flowAliasToDraft") == "refuse":
        raise validation("An alias must lead to a numbered version; the DRAFT has the test alias.")
    if version != flows.DRAFT and call.row(f"flow-version/{flow['id']}", version) is None:
        raise not_found(f"Version {version} of the flow {flow['id']} was not found.")
    if call.settings.switch("flowAliasNamesUnique"):
        aliases = call.rows(f"flow-alias/{flow['id']}").values()
        if any(doc["name"] == params["name"] and doc["id"] != id for doc in aliases):
            raise conflict(f"The flow {flow['id']} has an alias named {params['name']} already.")
    return {name: params[name] for name in _CONTENT if name in params}


def _show(call: Call, doc: Doc) -> dict[str, Any]:
    """The reply. Observed: concurrency only where it was set; ``all``: Automatic is filled in."""
    shown = {name: doc[name] for name in _SHOWN if name in doc}
    if call.settings.switch("flowAliasConcurrency") == "all":
        return {"concurrencyConfiguration": {"type": "Automatic"}, **shown}
    return shown


def _fresh_id(call: Call, flow: str) -> str:
    while True:
        id = "".join(secrets.choice(_ALPHABET) for _ in range(10))
        if id != flows.TEST_ALIAS and call.row(f"flow-alias/{flow}", id) is None:
            return id
