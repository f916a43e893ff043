"""InvokeFlow: a version through an alias, the draft through the test alias, run at once and answered in events.

Sources: bedrock-agent-runtime service model; quota page: 25 requests a second. Only what is Prepared runs. What fails
in a node is an exception in the stream, what the request gets wrong is one instead of it. Conversations within a flow
are not played.
"""

from __future__ import annotations

import uuid
from typing import Any

from releaser.sandbox import flows
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import not_found, validation
from releaser.sandbox.flow_actions import actions
from releaser.sandbox.flow_run import Run
from releaser.sandbox.kind import Kind
from releaser.sandbox.store import Doc

KIND = Kind("invoke-flow", rates={"bedrock-agent-runtime.InvokeFlow": Rate(25)})


@KIND.operation("bedrock-agent-runtime", "InvokeFlow")
def invoke_flow(call: Call) -> dict[str, Any]:
    """Runs the flow from its input node."""
    definition = _definition(call)
    given = call.params["inputs"][0]
    name, output = given["nodeName"], given.get("nodeOutputName", "document")
    node = next((one for one in definition["nodes"] if one["name"] == name), None)
    if node is None or node["type"] != "Input":
        raise validation(f"The node {name} is not the input node of the flow.")
    if "nodeInputName" in given:
        raise validation("nodeInputName is given to continue a conversation; this execution is not waiting for input.")
    if output not in [one["name"] for one in node.get("outputs", [])]:
        raise validation(f"The input node {name} has no output {output}.")
    execution = call.params.get("executionId") or str(uuid.uuid4())
    run = Run(definition, actions(call, execution), call.clock.stamp, trace=bool(call.params.get("enableTrace")))
    run.begin(name, output, given["content"]["document"])
    return {"executionId": execution, "responseStream": run.events}


def _definition(call: Call) -> Doc:
    """The definition that the alias leads to."""
    flow = flows.flow(call)
    identifier = call.params["flowAliasIdentifier"]
    id = identifier.removeprefix(f"{flow['arn']}/alias/")
    if id == flows.TEST_ALIAS:
        flows.require_status(call, flow, "Prepared")
        draft: Doc = flow["definition"]
        return draft
    alias = call.row(f"flow-alias/{flow['id']}", id)
    if alias is None:
        raise not_found(f"The alias {identifier} of the flow {flow['id']} was not found.")
    number = alias["routingConfiguration"][0]["flowVersion"]
    if number == flows.DRAFT:
        flows.require_status(call, flow, "Prepared")
    version = flow if number == flows.DRAFT else call.row(f"flow-version/{flow['id']}", number)
    if version is None:
        raise not_found(f"Version {number} of the flow {flow['id']} was not found.")
    found: Doc = version["definition"]
    return found
