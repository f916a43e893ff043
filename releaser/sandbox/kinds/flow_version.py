"""Versions of flows: immutable numbered copies of a prepared DRAFT.

Sources: bedrock-agent service model: rows of ListFlowVersions have neither description nor ``updatedAt``,
GetFlowVersion neither ``updatedAt`` nor validations, and a version's ``arn`` is the flow's; terraform-provider-aws
43653: an unprepared flow is a ConflictException; quota page: 10 versions a flow, not adjustable. Versions have no tags.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import flows
from releaser.sandbox.call import Call
from releaser.sandbox.errors import not_found, quota_exceeded
from releaser.sandbox.kind import Kind
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc
from releaser.sandbox.tokens import once

_COPIED = ("name", "executionRoleArn", "customerEncryptionKeyArn", "definition")
_SUMMARY = ("id", "arn", "status", "createdAt", "version")
_SHOWN = (*_COPIED, "description", *_SUMMARY)
# The model gives FlowVersionSummaries at most 10 elements: 10 a page unless asked.
_PAGE = 10

KIND = Kind("flow-version", quotas={"flowVersions": 10})


@KIND.operation("bedrock-agent", "CreateFlowVersion")
def create_flow_version(call: Call) -> dict[str, Any]:
    """A copy of the prepared DRAFT under the next number; numbers are never used again."""
    return once(call, lambda: _cut(call))


def _cut(call: Call) -> dict[str, Any]:
    draft = flows.flow(call)
    flows.require_status(call, draft, "Prepared")
    if len(call.rows(f"flow-version/{draft['id']}")) >= call.settings.quota("flowVersions"):
        raise quota_exceeded("You have reached the maximum number of versions for this flow.")
    number = str(draft["lastVersion"] + 1)
    content = {name: draft[name] for name in _COPIED if name in draft}
    own = {name: call.params[name] for name in ("description",) if name in call.params}
    identity = {"id": draft["id"], "arn": draft["arn"], "version": number, "createdAt": call.clock.stamp()}
    doc = {**content, **own, **identity, "status": "Prepared"}
    call.put(f"flow-version/{draft['id']}", number, doc)
    call.put("flow", draft["id"], {**draft, "lastVersion": int(number)})
    return _show(call, doc)


@KIND.operation("bedrock-agent", "GetFlowVersion")
def get_flow_version(call: Call) -> dict[str, Any]:
    """One version; only here is its description."""
    shown = _show(call, _version(call, flows.flow(call)))
    if call.params.get("includedData") == "METADATA_ONLY":
        shown.pop("definition", None)
    return shown


@KIND.operation("bedrock-agent", "ListFlowVersions")
def list_flow_versions(call: Call) -> dict[str, Any]:
    """The numbered versions of a flow, the newest first."""
    flow = flows.flow(call)
    rows = [((-int(number),), doc) for number, doc in call.rows(f"flow-version/{flow['id']}").items()]
    size, token = call.params.get("maxResults", _PAGE), call.params.get("nextToken")
    found, more = page(call, rows, size=size, token=token, question=[flow["id"]])
    return {"flowVersionSummaries": [{name: doc[name] for name in _SUMMARY} for doc in found], "nextToken": more}


@KIND.operation("bedrock-agent", "DeleteFlowVersion")
def delete_flow_version(call: Call) -> dict[str, Any]:
    """One version; stopped while an alias points to it, unless the check is skipped."""
    flow = flows.flow(call)
    id, number = flow["id"], _version(call, flow)["version"]
    aliases = call.rows(f"flow-alias/{id}").values()
    uses = [f"alias {a['id']}" for a in aliases if a["routingConfiguration"][0]["flowVersion"] == number]
    if uses and not call.params.get("skipResourceInUseCheck"):
        raise flows.in_use(f"version {number} of the flow {id}", uses)
    call.delete(f"flow-version/{id}", number)
    return {"id": id, "version": number}


def _version(call: Call, flow: Doc) -> Doc:
    number = call.params["flowVersion"]
    doc = call.row(f"flow-version/{flow['id']}", number)
    if doc is None:
        raise not_found(f"Version {number} of the flow {flow['id']} was not found.")
    return doc


def _show(call: Call, doc: Doc) -> dict[str, Any]:
    return {**{name: doc[name] for name in _SHOWN if name in doc}, **flows.shown_definition(call, doc)}
