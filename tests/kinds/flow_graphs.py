"""Nodes that know nothing of each other, made a flow that AWS takes: named, given ports, and connected."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from typing import Any

from releaser.core.flow_graph import MOST_OF, TYPES

Item = dict[str, Any]
Definition = dict[str, Any]

_TYPE_OF = {ports.configuration: name for name, ports in TYPES.items()}
_NOT_IN_LOOPS = {"Input", "Output", "Condition", "Iterator", "Collector"}
_ENDS = {0: ("Input", "Output"), 1: ("LoopInput", "LoopController")}
MOST_CONNECTIONS = 20


def connected(definition: Definition, depth: int = 0) -> Definition:
    """The nodes' own configurations in a graph of which every rule is true: all hang on the first node."""
    start, end = _ENDS[min(depth, 1)]
    taken = list(_taken(definition.get("nodes", ()), depth))
    first, last = (
        next((n for n in taken if n["type"] == t), {"type": t, "configuration": {TYPES[t].configuration: {}}})
        for t in (start, end)
    )
    if end == "LoopController":
        held = last.get("configuration", {}).get("loopController", {})
        condition = {**held.get("continueCondition", {"name": "goOn"}), "expression": "asked == 1"}
        last["configuration"] = {"loopController": {**held, "continueCondition": condition}}
    middle = [n for n in taken if n is not first and n is not last and n["type"] not in (start, "LoopController")]
    chosen = list(_fitting(middle))
    nodes = [_named(n, i, depth) for i, n in enumerate([first, *chosen, last])]
    return {"nodes": nodes, "connections": list(_lines(nodes))}


def nodes_within(definition: Definition) -> Iterator[Item]:
    """Every node, those in loops included."""
    for node in definition["nodes"]:
        yield node
        loop = node.get("configuration", {}).get("loop")
        if loop is not None:
            yield from nodes_within(loop["definition"])


def _taken(nodes: Iterable[Item], depth: int) -> Iterator[Item]:
    """The nodes that may stand here, with the type that their configuration says."""
    for node in nodes:
        configuration = copy.deepcopy(node.get("configuration") or {})
        member = next(iter(configuration), None)
        type_ = _TYPE_OF.get(member, node["type"]) if member else node["type"]
        if not member and not TYPES[type_].is_bare:
            continue
        inline = configuration.get("prompt", {}).get("sourceConfiguration", {}).get("inline")
        if inline is not None and not _variables(inline):
            continue  # it takes nothing, so no path would lead to it
        loop = configuration.get("loop")
        if (depth and type_ in _NOT_IN_LOOPS) or (not depth and type_ in ("LoopInput", "LoopController")):
            continue
        if loop is not None:
            configuration = {"loop": {"definition": connected(loop["definition"], depth + 1)}}
        if type_ == "Condition":
            _decide(configuration["condition"])
        made = {**node, "type": type_}
        yield {**made, "configuration": configuration} if configuration else made


def _decide(settings: dict[str, Any]) -> None:
    """Conditions that differ, the last without an expression as AWS writes the default one."""
    found = {c["name"]: c for c in settings["conditions"] if c["name"] != "default"}
    told = [{**c, "expression": f"asked == {i}"} for i, c in enumerate(found.values())]
    settings["conditions"] = [*told[:4], {"name": "default"}]


def _fitting(nodes: Iterable[Item]) -> Iterator[Item]:
    """As many as there may be connections and nodes of the type."""
    left = MOST_CONNECTIONS - 2
    seen: dict[str, int] = {}
    for node in nodes:
        ports, type_ = TYPES[node["type"]], node["type"]
        needed = max(1, len(ports.inputs.keys() - ports.optional)) + (type_ == "Condition")
        seen[type_] = seen.get(type_, 0) + 1
        # Half of what a flow may have: a loop in it has as many again.
        if needed <= left and seen[type_] <= max(1, MOST_OF.get(type_, 40) // 2):
            left -= needed
            yield node


def _named(node: Item, number: int, depth: int) -> Item:
    """The node with a name of its own and the inputs and outputs that its type has."""
    ports = TYPES[node["type"]]
    made = {**node, "name": f"node{depth}x{number}"}
    inputs, outputs = node.get("inputs", ()), node.get("outputs", ())
    wanted = sorted(ports.inputs.keys() - ports.optional)
    types: dict[str, str | None] = dict(ports.inputs)
    if ports.free_inputs:
        wanted = _free(node, number)
        types = dict.fromkeys(wanted, "Number" if node["type"] in ("Condition", "LoopController") else None)
    made["inputs"] = [_port(inputs, n, types.get(n), i, takes=True) for i, n in enumerate(wanted)]
    given = [f"out{number}"] if ports.free_outputs and node["type"] != "LoopController" else list(ports.outputs)
    if node["type"] == "KnowledgeBase":
        given = ["outputText" if "modelId" in node["configuration"]["knowledgeBase"] else "retrievalResults"]
    made["outputs"] = [_port(outputs, n, ports.outputs.get(n), i, takes=False) for i, n in enumerate(given)]
    return {k: v for k, v in made.items() if v != []}


def _free(node: Item, number: int) -> list[str]:
    """Inputs where the type of node sets no names: those that the node's own texts speak of."""
    match node["type"]:
        case "LoopInput":
            return []
        case "Condition" | "LoopController":
            return ["asked"]
        case "Prompt" if "inline" in node["configuration"]["prompt"]["sourceConfiguration"]:
            return _variables(node["configuration"]["prompt"]["sourceConfiguration"]["inline"])
        case _:
            return [f"in{number}"]


def _variables(inline: Item) -> list[str]:
    """The one variable of a prompt, if its texts use it: then it is declared, and no other."""
    (template,) = inline["templateConfiguration"].values()
    used = "{{it}}" in json.dumps(template)
    if "inputVariables" in template:
        template["inputVariables"] = [{"name": "it"}] if used else []
    return ["it"] if used else []


def _port(made: Any, name: str, type_: str | None, index: int, *, takes: bool) -> Item:
    """One input or output, with what was made for one as far as it fits."""
    known = made[index] if index < len(made) else {}
    port = {**known, "name": name, "type": type_ or known.get("type", "String")}
    return {**port, "expression": "$.data.it"} if takes else port


def _lines(nodes: list[Item]) -> Iterator[Item]:
    """From the first node to every input of the others; a condition node leads on to the last."""
    first, last = nodes[0], nodes[-1]
    first["outputs"] = [{"name": "document", **first.get("outputs", [{}])[0], "type": "Object"}]
    out = first["outputs"][0]["name"]
    for node in nodes[1:]:
        for port in node.get("inputs", ()):
            yield _line(first, node, "Data", {"data": {"sourceOutput": out, "targetInput": port["name"]}}, port["name"])
        if node["type"] == "Condition":
            for condition in node["configuration"]["condition"]["conditions"][-1:]:
                configuration = {"conditional": {"condition": condition["name"]}}
                yield _line(node, last, "Conditional", configuration, "default")


def _line(source: Item, target: Item, type_: str, configuration: Item, end: str) -> Item:
    name = f"{source['name']}To{target['name']}By{end}"
    ends = {"source": source["name"], "target": target["name"]}
    return {"name": name, "type": type_, **ends, "configuration": configuration}
