"""The rules of a flow's graph, as ``PrepareFlow`` and ``ValidateFlowDefinition`` apply them.

Source: the members of the service model's FlowValidationType and FlowValidationDetails, each of which names a
rule, and the user guide's node types. What needs more than the definition (does the prompt exist, may the role
call it) is not decided here. What no rule has a name for is ``Unspecified``. Every finding is an Error but for
the unreachable node, whose severity is a switch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from releaser.sandbox import flow_graph, flow_nodes
from releaser.sandbox.flow_expressions import condition_problem, input_problem
from releaser.sandbox.flow_nodes import ANY, Node, types

Finding = dict[str, Any]

_MOST = 100  # FlowValidations has at most 100 elements.
_NOT_IN_A_LOOP = ("Input", "Condition", "Iterator", "Collector")  # IncompatibleLoopNodeType
_ONLY_IN_A_LOOP = ("LoopInput", "LoopController")


@dataclass(frozen=True, slots=True)
class Scope:
    """One graph: the flow's, or the body of a loop. ``everywhere``: names of nodes in all graphs of the flow."""

    rows: tuple[Node, ...]
    connections: tuple[Mapping[str, Any], ...]
    everywhere: frozenset[str]
    loop: str = ""

    @property
    def nodes(self) -> Mapping[str, Node]:
        """Nodes by name."""
        return {row["name"]: row for row in self.rows}

    @property
    def starts(self) -> tuple[str, ...]:
        """Names of the nodes where it begins."""
        kind = "LoopInput" if self.loop else "Input"
        return tuple(name for name, node in self.nodes.items() if node["type"] == kind)

    def data(self) -> Iterator[tuple[Mapping[str, Any], Mapping[str, str]]]:
        """Data connections with their configuration."""
        for connection in self.connections:
            body = connection.get("configuration", {})
            if connection["type"] == "Data" and "data" in body:
                yield connection, body["data"]


def validate(definition: Mapping[str, Any], *, unreachable: str = "Error") -> list[Finding]:
    """All findings in a definition; ``unreachable`` is the severity of an unreachable node."""
    found = [one for scope in _scopes(definition, frozenset(_names(definition))) for one in _scope_findings(scope)]
    for one in found:
        if one["type"] == "UnreachableNode":
            one["severity"] = unreachable
    return found[:_MOST]


def fails(findings: Iterable[Finding]) -> bool:
    """Whether a flow with these findings cannot be prepared."""
    return any(one["severity"] == "Error" for one in findings)


def _scopes(definition: Mapping[str, Any], everywhere: frozenset[str], loop: str = "") -> Iterator[Scope]:
    rows = tuple(definition.get("nodes", []))
    yield Scope(rows, tuple(definition.get("connections", [])), everywhere, loop)
    for row in rows:
        if row["type"] == "Loop":
            yield from _scopes(_body(row), everywhere, row["name"])


def _names(definition: Mapping[str, Any]) -> Iterator[str]:
    for row in definition.get("nodes", []):
        yield row["name"]
        yield from _names(_body(row))


def _body(node: Node) -> Mapping[str, Any]:
    """The definition in a loop; empty for any other node."""
    found: Mapping[str, Any] = flow_nodes.configuration(node).get("definition", {})
    return found


def _scope_findings(scope: Scope) -> Iterator[Finding]:
    yield from _loop_findings(scope) if scope.loop else _flow_findings(scope)
    for noun, rows in (("node", scope.rows), ("connection", scope.connections)):
        for name, count in Counter(row["name"] for row in rows).items():
            if count > 1:
                yield _finding("Unspecified", f"More than one {noun} is named {name}")
    for node in scope.nodes.values():
        yield from _node_findings(node)
    for connection in scope.connections:
        yield from _connection_findings(scope, connection)
    yield from _duplicates(scope)
    yield from _input_findings(scope)
    yield from _path_findings(scope)


def _flow_findings(scope: Scope) -> Iterator[Finding]:
    kinds = [node["type"] for node in scope.nodes.values()]
    if "Input" not in kinds:
        yield _finding("MissingStartingNodes", "The flow has no Input node")
    if "Output" not in kinds:
        yield _finding("MissingEndingNodes", "The flow has no Output node")
    if kinds.count("Input") > 1:
        yield _finding("Unspecified", "The flow has more than one Input node")
    for name, node in scope.nodes.items():
        if node["type"] in _ONLY_IN_A_LOOP:
            yield _finding("Unspecified", f"Node {name} of type {node['type']} is not in a loop")


def _loop_findings(scope: Scope) -> Iterator[Finding]:
    kinds = [node["type"] for node in scope.nodes.values()]
    for kind in _ONLY_IN_A_LOOP:
        if kinds.count(kind) == 0:
            yield _finding(f"Missing{kind}Node", f"Loop {scope.loop} has no {kind} node", loopNode=scope.loop)
        if kinds.count(kind) > 1:
            message = f"Loop {scope.loop} has more than one {kind} node"
            yield _finding(f"Multiple{kind}Nodes", message, loopNode=scope.loop)
    for name, node in scope.nodes.items():
        if node["type"] in _NOT_IN_A_LOOP:
            message = f"Node {name} of type {node['type']} is not allowed in loop {scope.loop}"
            yield _finding("LoopIncompatibleNodeType", message, node=scope.loop, incompatibleNodeType=node["type"],
                           incompatibleNodeName=name)  # fmt: skip


def _node_findings(node: Node) -> Iterator[Finding]:
    name, ports = node["name"], flow_nodes.ports(node)
    if not flow_nodes.is_configured(node):
        yield _finding("MissingNodeConfiguration", f"Node {name} is not configured", node=name)
    yield from _port_findings(node, "input", ports.inputs, ports.optional)
    yield from _port_findings(node, "output", ports.outputs, frozenset())
    for row in node.get("inputs", []):
        cause = input_problem(row["expression"])
        if cause:
            message = f"The expression of input {row['name']} in node {name} is malformed: {cause}"
            yield _finding("MalformedNodeInputExpression", message, node=name, input=row["name"], cause=cause)
    yield from _condition_findings(node)


def _port_findings(
    node: Node, side: str, wanted: Mapping[str, str] | None, optional: frozenset[str]
) -> Iterator[Finding]:
    if wanted is None:
        return
    name, given, title = node["name"], types(node.get(f"{side}s", [])), side.title()
    for port, kind in wanted.items():
        if port not in given and port not in optional:
            message = f"Node {name} has no {side} {port}"
            yield _finding(f"MissingNode{title}", message, node=name, **{side: port})
        if port in given and kind not in (ANY, given[port]):
            message = f"The {side} {port} of node {name} must be of type {kind}"
            yield _finding(f"MismatchedNode{title}Type", message, node=name, expectedType=kind, **{side: port})
    for port in given:
        if port not in wanted:
            message = f"Node {name} cannot have an {side} {port}"
            yield _finding(f"UnknownNode{title}", message, node=name, **{side: port})


def _condition_findings(node: Node) -> Iterator[Finding]:
    name, body, inputs = node["name"], flow_nodes.configuration(node), types(node.get("inputs", []))
    if node["type"] == "LoopController" and "continueCondition" in body:
        yield from _expression_findings(name, body["continueCondition"], inputs)
    if node["type"] != "Condition":
        return
    rows = body.get("conditions", [])
    if "default" not in [row["name"] for row in rows]:
        yield _finding("MissingDefaultCondition", f"Condition node {name} has no condition named default", node=name)
    for row in rows:
        if row["name"] != "default" or "expression" in row:
            yield from _expression_findings(name, row, inputs)
    for expression, count in Counter(row["expression"] for row in rows if "expression" in row).items():
        if count > 1:
            message = f"Conditions of node {name} have the same expression"
            yield _finding("DuplicateConditionExpression", message, node=name, expression=expression)


def _expression_findings(node: str, condition: Mapping[str, str], inputs: Mapping[str, str]) -> Iterator[Finding]:
    expression = condition.get("expression")
    cause = condition_problem(expression, inputs) if expression else "The condition has no expression"
    if cause:
        message = f"Condition {condition['name']} of node {node} is malformed: {cause}"
        yield _finding("MalformedConditionExpression", message, node=node, condition=condition["name"], cause=cause)


def _connection_findings(scope: Scope, connection: Mapping[str, Any]) -> Iterator[Finding]:
    name, ends = connection["name"], {end: connection[end] for end in ("source", "target")}
    unknown = [end for end, node in ends.items() if node not in scope.nodes]
    if any(ends[end] in scope.everywhere for end in unknown):
        yield _finding("InvalidLoopBoundary", f"Connection {name} crosses the boundary of a loop",
                       connection=name, **ends)  # fmt: skip
        return
    for end in unknown:
        message = f"Connection {name} has the unknown {end} {ends[end]}"
        yield _finding(f"UnknownConnection{end.title()}", message, connection=name)
    body = connection.get("configuration", {})
    if connection["type"].lower() not in body:
        yield _finding("MissingConnectionConfiguration", f"Connection {name} has no configuration of its type",
                       connection=name)  # fmt: skip
        return
    if connection["type"] == "Conditional":
        yield from _conditional_findings(scope, connection, body["conditional"]["condition"])
    else:
        yield from _data_findings(scope, connection, body["data"])


def _conditional_findings(scope: Scope, connection: Mapping[str, Any], condition: str) -> Iterator[Finding]:
    source = scope.nodes.get(connection["source"])
    rows = flow_nodes.configuration(source).get("conditions", []) if source else None
    if rows is not None and condition not in [row["name"] for row in rows]:
        message = f"Connection {connection['name']} has the unknown condition {condition}"
        yield _finding("UnknownConnectionCondition", message, connection=connection["name"])


def _data_findings(scope: Scope, connection: Mapping[str, Any], ends: Mapping[str, str]) -> Iterator[Finding]:
    name, source, target = connection["name"], *(scope.nodes.get(connection[e]) for e in ("source", "target"))
    given = types(source.get("outputs", [])).get(ends["sourceOutput"]) if source else None
    rows = {row["name"]: row for row in target.get("inputs", [])} if target else {}
    wanted = rows.get(ends["targetInput"])
    if source and given is None:
        message = f"Connection {name} has the unknown source output {ends['sourceOutput']}"
        yield _finding("UnknownConnectionSourceOutput", message, connection=name)
    if target and wanted is None:
        message = f"Connection {name} has the unknown target input {ends['targetInput']}"
        yield _finding("UnknownConnectionTargetInput", message, connection=name)
    if given and wanted and not input_problem(wanted["expression"]) and not _compatible(given, wanted):
        message = f"Connection {name} leads a value of type {given} to an input that cannot be read from it"
        yield _finding("IncompatibleConnectionDataType", message, connection=name)


def _compatible(given: str, wanted: Mapping[str, str]) -> bool:
    """``$.data`` is the whole value. Of a string, number or boolean it "is the only expression that you can use"."""
    if wanted["expression"] == "$.data":
        return given == wanted["type"]
    return given in ("Array", "Object")


def _duplicates(scope: Scope) -> Iterator[Finding]:
    """The same way twice: two different outputs, inputs or conditions between two nodes are two ways."""
    ways = Counter((c["source"], c["target"], repr(c.get("configuration"))) for c in scope.connections)
    for (source, target, _), count in ways.items():
        if count > 1:
            message = f"Node {source} is connected more than once with node {target}"
            yield _finding("DuplicateConnections", message, source=source, target=target)


def _input_findings(scope: Scope) -> Iterator[Finding]:
    """Each input has exactly one data connection. A loop's input node is fed by the loop itself."""
    fed = Counter((connection["target"], ends["targetInput"]) for connection, ends in scope.data())
    for name, node in scope.nodes.items():
        for port in types(node.get("inputs", [])):
            ends = {"node": name, "input": port}
            if fed[name, port] > 1:
                message = f"Input {port} of node {name} has more than one connection"
                yield _finding("MultipleNodeInputConnections", message, **ends)
            if fed[name, port] == 0 and node["type"] not in ("LoopInput", "Input"):
                yield _finding("UnfulfilledNodeInput", f"Input {port} of node {name} has no connection", **ends)


def _path_findings(scope: Scope) -> Iterator[Finding]:
    edges = [(c["name"], c["source"], c["target"]) for c in scope.connections]
    for name in flow_graph.closing_edges(edges):
        yield _finding("CyclicConnection", f"Connection {name} closes a cycle", connection=name)
    if scope.starts:
        reached = flow_graph.reachable(edges, scope.starts)
        for name in (name for name in scope.nodes if name not in reached):
            yield _finding("UnreachableNode", f"Node {name} cannot be reached", node=name)
    branches = [(c["name"], c["source"], c["target"], c["configuration"]["conditional"]["condition"])
                for c in scope.connections if "conditional" in c.get("configuration", {})]  # fmt: skip
    flow = [(connection["name"], connection["source"], connection["target"]) for connection, _ in scope.data()]
    for name in flow_graph.contradictions(flow, branches):
        message = f"Connection {name} needs two conditions of one node, of which only one can be true"
        yield _finding("UnsatisfiedConnectionConditions", message, connection=name)


def _finding(kind: str, message: str, **details: str) -> Finding:
    member = kind[0].lower() + kind[1:]
    return {"type": kind, "severity": "Error", "message": message, "details": {member: details}}
