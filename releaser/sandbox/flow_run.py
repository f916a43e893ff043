"""One run of a flow: nodes in the order of their connections, each when all it waits for is there.

Sources: user guide, "Node types for your flow" (what each node does with its inputs; of the conditions that are
satisfied the earlier takes precedence; what lies between an iterator and a collector runs for each item); service model
(events and traces). What a node does is ``flow_actions``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.sandbox import flow_graph, flow_nodes
from releaser.sandbox.errors import AwsError, validation
from releaser.sandbox.event_stream import Event
from releaser.sandbox.flow_expressions import condition_holds, input_value
from releaser.sandbox.flow_nodes import Node

Action = Callable[[Node, Mapping[str, Any]], dict[str, Any]]
"""What a node makes of its inputs: values by output."""
_PYTHON: Mapping[str, type | tuple[type, ...]] = {
    "String": str,
    "Number": (int, float),
    "Boolean": bool,
    "Object": dict,
    "Array": list,
}


@dataclass(slots=True)
class Scope:
    """Values so far: by node and output, and the condition that each condition node took."""

    values: dict[tuple[str, str], Any] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)

    def copy(self) -> Scope:
        """The same, to go on from separately."""
        return Scope(dict(self.values), dict(self.taken))


class Run:
    """A definition in execution; what happens is in ``events``."""

    def __init__(self, definition: Mapping[str, Any], act: Action, now: Callable[[], float], *, trace: bool) -> None:
        self.events: list[Event] = []
        self._nodes = {node["name"]: node for node in definition["nodes"]}
        self._connections = definition["connections"]
        self._edges = [(c["name"], c["source"], c["target"]) for c in self._connections]
        self._act = act
        self._now = now
        self._trace = trace

    def begin(self, name: str, output: str, document: Any) -> None:
        """Runs the flow from its input node to its end, or to the node that fails."""
        node = self._nodes[name]
        scope = Scope()
        try:
            kind = flow_nodes.types(node["outputs"])[output]
            _require(document, kind, f"The input document must be of type {kind}")
            scope.values[name, output] = document
            self._report_output(node, {output: document})
            self._all([other for other in self._order() if other != name], scope)
        except AwsError as error:
            member = error.code[0].lower() + error.code[1:]
            declared = member in _DECLARED
            self.events.append((member if declared else "dependencyFailedException", {"message": error.message}))
            return
        self.events.append(("flowCompletionEvent", {"completionReason": "SUCCESS"}))

    def _order(self) -> list[str]:
        """The nodes' names, every node after those that lead to it, what waits for an iterator last."""
        behind = {name: {c["source"] for c in self._connections if c["target"] == name} for name in self._nodes}
        order: list[str] = []
        while len(order) < len(behind):
            order += [name for name in behind if name not in order and behind[name] <= set(order)]
        late = flow_graph.reachable(self._edges, [n for n, node in self._nodes.items() if node["type"] == "Iterator"])
        return [name for name in order if name not in late] + [name for name in order if name in late]

    def _all(self, names: list[str], scope: Scope) -> None:
        body = set[str]()
        for name in names:
            node = self._nodes[name]
            if name in body:
                continue
            inputs = self._inputs(node, scope)
            if inputs is None:
                continue
            if node["type"] == "Iterator":
                body |= self._body(name)
                self._iterate(node, inputs["array"], [n for n in names if n in body], scope)
            else:
                self._one(node, inputs, scope)

    def _one(self, node: Node, inputs: dict[str, Any], scope: Scope) -> None:
        name, kind = node["name"], node["type"]
        if kind == "Condition":
            scope.taken[name] = self._choose(node, inputs)
        elif kind == "Output":
            self._emit(node, inputs["document"])
        else:
            self._give(node, self._act(node, inputs), scope)

    def _iterate(self, node: Node, items: list[Any], body: list[str], scope: Scope) -> None:
        """The body for every item; then every collector that it leads to has all that arrived."""
        name = node["name"]
        led = flow_graph.reachable(self._edges, [name])
        collectors = [one for one in self._nodes.values() if one["type"] == "Collector" and one["name"] in led]
        gathered: dict[str, list[Any]] = {one["name"]: [] for one in collectors}
        for item in items:
            inner = scope.copy()
            self._give(node, {"arrayItem": item, "arraySize": len(items)}, inner)
            self._all(body, inner)
            for one in collectors:
                arrived = self._inputs(one, inner)
                if arrived is not None:
                    gathered[one["name"]].append(arrived["arrayItem"])
        for one in collectors:
            self._give(one, {"collectedArray": gathered[one["name"]]}, scope)

    def _body(self, iterator: str) -> set[str]:
        """The nodes between an iterator and its collectors, or the end."""
        collectors = {name for name, node in self._nodes.items() if node["type"] == "Collector"}
        inside = [edge for edge in self._edges if edge[1] not in collectors]
        after = flow_graph.reachable(self._edges, collectors)
        return flow_graph.reachable(inside, [iterator]) - after - {iterator}

    def _inputs(self, node: Node, scope: Scope) -> dict[str, Any] | None:
        """The values of a node's inputs; None when it is not its turn: a condition was not met, a value never came."""
        name = node["name"]
        conditional = [c for c in self._connections if c["target"] == name and c["type"] == "Conditional"]
        met = [scope.taken.get(c["source"]) == c["configuration"]["conditional"]["condition"] for c in conditional]
        if conditional and not any(met):
            return None
        found, fields = dict[str, Any](), list[dict[str, Any]]()
        for row in node.get("inputs", []):
            ends = self._feeding(name, row["name"])
            if ends not in scope.values:
                return None
            found[row["name"]] = value = _read(name, row, scope.values[ends])
            fields.append({"nodeInputName": row["name"], "content": {"document": value}})
        self._report(node, "nodeInputTrace", {"fields": fields[:5]} if fields else None)
        return found

    def _feeding(self, name: str, port: str) -> tuple[str, str]:
        for one in self._connections:
            data = one.get("configuration", {}).get("data", {})
            if one["target"] == name and data.get("targetInput") == port:
                return one["source"], data["sourceOutput"]
        return "", ""

    def _choose(self, node: Node, inputs: Mapping[str, Any]) -> str:
        rows, kinds = flow_nodes.configuration(node)["conditions"], flow_nodes.types(node["inputs"])
        met = [r["name"] for r in rows if "expression" in r and condition_holds(r["expression"], kinds, inputs)]
        taken = str([*met, "default"][0])
        self._report(node, "conditionNodeResultTrace", {"satisfiedConditions": [{"conditionName": taken}]})
        return taken

    def _give(self, node: Node, outputs: Mapping[str, Any], scope: Scope) -> None:
        kinds = flow_nodes.types(node.get("outputs", []))
        known = {output: value for output, value in outputs.items() if output in kinds}
        for output, value in known.items():
            kind = kinds[output]
            _require(value, kind, f"Output {output} of node {node['name']} must be of type {kind}")
            scope.values[node["name"], output] = value
        self._report_output(node, known)

    def _emit(self, node: Node, document: Any) -> None:
        body = {"nodeName": node["name"], "nodeType": "FlowOutputNode", "content": {"document": document}}
        self.events.append(("flowOutputEvent", body))

    def _report_output(self, node: Node, outputs: Mapping[str, Any]) -> None:
        fields = [{"nodeOutputName": name, "content": {"document": value}} for name, value in outputs.items()]
        self._report(node, "nodeOutputTrace", {"fields": fields[:2]} if fields else None)

    def _report(self, node: Node, member: str, body: dict[str, Any] | None) -> None:
        if self._trace and body is not None:
            about = {"nodeName": node["name"], "timestamp": self._now()}
            self.events.append(("flowTraceEvent", {"trace": {member: {**about, **body}}}))


_DECLARED = (
    "accessDeniedException",
    "badGatewayException",
    "conflictException",
    "dependencyFailedException",
    "internalServerException",
    "resourceNotFoundException",
    "serviceQuotaExceededException",
    "throttlingException",
    "validationException",
)


def _read(node: str, row: Mapping[str, str], value: Any) -> Any:
    try:
        found = input_value(row["expression"], value)
    except LookupError as error:
        raise validation(f"Input {row['name']} of node {node} cannot be read: {error.args[0]}.") from error
    _require(found, row["type"], f"Input {row['name']} of node {node} must be of type {row['type']}")
    return found


def _require(value: Any, kind: str, complaint: str) -> None:
    is_bool = isinstance(value, bool)
    if not isinstance(value, _PYTHON[kind]) or (is_bool and kind == "Number"):
        raise validation(f"{complaint}.")
