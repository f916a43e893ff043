"""Definitions of flows for the sandbox's tests."""

from __future__ import annotations

from typing import Any

ROLE = "arn:aws:iam::111111111111:role/flow"


def node(name: str, kind: str, inputs: Any = (), outputs: Any = (), **body: Any) -> dict[str, Any]:
    """A node; inputs and outputs as ``name``, ``name:Type`` or ``name:Type:expression``: String, $.data unless said."""
    made: dict[str, Any] = {"name": name, "type": kind, "configuration": {kind[0].lower() + kind[1:]: body}}
    if inputs:
        made["inputs"] = [_port(text, True) for text in inputs]
    if outputs:
        made["outputs"] = [_port(text, False) for text in outputs]
    return made


def _port(text: str, reads: bool) -> dict[str, str]:
    name, kind, expression, *_ = [*text.split(":", 2), "", ""]
    port = {"name": name, "type": kind or "String"}
    return {**port, "expression": expression or "$.data"} if reads else port


def data(source: str, target: str) -> dict[str, Any]:
    """A data connection, ``node.output`` to ``node.input``, named after its ends."""
    (left, out), (right, into) = source.split("."), target.split(".")
    configuration = {"data": {"sourceOutput": out, "targetInput": into}}
    ends = {"source": left, "target": right}
    return {"type": "Data", "name": f"{left}{out}{right}{into}", **ends, "configuration": configuration}


def branch(source: str, target: str) -> dict[str, Any]:
    """A conditional connection, ``node.condition`` to ``node``."""
    left, condition = source.split(".")
    configuration = {"conditional": {"condition": condition}}
    ends = {"source": left, "target": target}
    return {"type": "Conditional", "name": f"{left}{condition}{target}", **ends, "configuration": configuration}


def definition(*parts: dict[str, Any]) -> dict[str, Any]:
    """Nodes and connections, told apart by themselves."""
    return {
        "nodes": [part for part in parts if "source" not in part],
        "connections": [part for part in parts if "source" in part],
    }


START = node("Start", "Input", outputs=["document"])
END = node("End", "Output", ["document"])
STRAIGHT = definition(START, END, data("Start.document", "End.document"))


def prompt_node(name: str = "Ask", text: str = "Answer {{question}}", inputs: Any = ("question",)) -> dict[str, Any]:
    """A node with an inline prompt."""
    inline = {
        "modelId": "amazon.nova-lite-v1:0",
        "templateType": "TEXT",
        "templateConfiguration": {"text": {"text": text}},
    }
    return node(name, "Prompt", inputs, ["modelCompletion"], sourceConfiguration={"inline": inline})


ASKING = definition(
    START, prompt_node(), END, data("Start.document", "Ask.question"), data("Ask.modelCompletion", "End.document")
)


def prepared(agent: Any, name: str = "f", **more: Any) -> str:
    """The id of a flow that is prepared, in a sandbox without delays."""
    made = agent.create_flow(name=name, executionRoleArn=ROLE, **{"definition": STRAIGHT, **more})
    agent.prepare_flow(flowIdentifier=made["id"])
    id: str = made["id"]
    return id
