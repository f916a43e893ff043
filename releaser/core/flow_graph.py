"""The graph of a flow, judged without AWS: what PrepareFlow would refuse, with the place of each fault.

Sources: the user guide, "Node types for your flow" (which inputs and outputs a node has, under which names), and the
kinds of ``FlowValidation`` in the service model (what AWS looks for). A loop holds a definition of its own, to which
the same rules apply.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.core.kind import Problem
from releaser.core.suggest import did_you_mean
from releaser.core.values import EMPTY, Path

MOST_NODES = 40
MOST_OF: Mapping[str, int] = {
    **dict.fromkeys(("Agent", "KnowledgeBase", "LambdaFunction", "Output", "Prompt"), 20),
    **dict.fromkeys(("Retrieval", "Storage"), 10),
    **dict.fromkeys(("Condition", "InlineCode", "Lex"), 5),
    **dict.fromkeys(("Collector", "Iterator"), 1),
}
"""AWS's quotas of a flow, by type of node ("Amazon Bedrock endpoints and quotas")."""
MOST_CODE_INPUTS = 5
DEEPEST = 2
"""Loops within loops that are compared node by node; more are refused."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What a type of node has: name -> data type, None for any. ``free``: other names are fine."""

    configuration: str
    inputs: Mapping[str, str | None] = field(default_factory=dict)
    outputs: Mapping[str, str | None] = field(default_factory=dict)
    free_inputs: bool = False
    free_outputs: bool = False
    optional: frozenset[str] = frozenset()
    """Inputs that a node may leave out."""
    is_bare: bool = False
    """Its configuration has no members."""


_ATTRIBUTES = {"promptAttributes": "Object", "sessionAttributes": "Object"}
TYPES: Mapping[str, Ports] = {
    "Input": Ports("input", {}, {"document": None}, is_bare=True),
    "Output": Ports("output", {"document": None}, is_bare=True),
    "KnowledgeBase": Ports(
        "knowledgeBase", {"retrievalQuery": "String"}, {"retrievalResults": "Array", "outputText": "String"}
    ),
    "Condition": Ports("condition", free_inputs=True),
    "Lex": Ports(
        "lex",
        {"inputText": "String", "requestAttributes": "Object", "sessionAttributes": "Object"},
        {"predictedIntent": "String"},
        optional=frozenset({"requestAttributes", "sessionAttributes"}),
    ),
    "Prompt": Ports("prompt", {}, {"modelCompletion": "String"}, free_inputs=True),
    "LambdaFunction": Ports("lambdaFunction", {}, {"functionResponse": None}, free_inputs=True),
    "Storage": Ports("storage", {"content": None, "objectKey": "String"}, {"s3Uri": "String"}),
    "Agent": Ports(
        "agent", {"agentInputText": None, **_ATTRIBUTES}, {"agentResponse": "String"}, optional=frozenset(_ATTRIBUTES)
    ),
    "Retrieval": Ports("retrieval", {"objectKey": "String"}, {"s3Content": None}),
    "Iterator": Ports("iterator", {"array": "Array"}, {"arrayItem": None, "arraySize": "Number"}, is_bare=True),
    "Collector": Ports(
        "collector", {"arrayItem": None, "arraySize": "Number"}, {"collectedArray": "Array"}, is_bare=True
    ),
    "InlineCode": Ports("inlineCode", {}, {"response": None}, free_inputs=True),
    "Loop": Ports("loop", free_inputs=True, free_outputs=True),
    "LoopInput": Ports("loopInput", free_inputs=True, free_outputs=True, is_bare=True),
    "LoopController": Ports("loopController", free_inputs=True, free_outputs=True),
}

_NOT_IN_LOOPS = frozenset({"Input", "Output", "Condition", "Iterator", "Collector"})
"""``IncompatibleLoopNodeType`` of the service model; a loop ends with its controller, not with an output."""
_ONLY_IN_LOOPS = frozenset({"LoopInput", "LoopController"})


@dataclass(frozen=True, slots=True)
class FlowNode:
    """One node, as far as it can be read. ``at`` is its place in the entry."""

    name: str
    type: str
    configuration: Mapping[str, Any]
    inputs: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]]
    at: Path

    @property
    def settings(self) -> Mapping[str, Any]:
        """What stands under the type's own member of the configuration."""
        ports = TYPES.get(self.type)
        found = self.configuration.get(ports.configuration) if ports else None
        return found if isinstance(found, Mapping) else EMPTY


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection; ``start`` and ``end`` name an output, a condition and an input where it has them."""

    name: str
    type: str
    source: str
    target: str
    start: str
    end: str
    condition: str
    at: Path


def mappings(holder: Any, member: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The items of a list that are mappings, with their positions; nothing where no list stands."""
    listed = holder.get(member) if isinstance(holder, Mapping) else None
    if isinstance(listed, list | tuple):
        yield from ((i, item) for i, item in enumerate(listed) if isinstance(item, Mapping))


def flow_nodes(definition: Any, at: Path = ()) -> Iterator[FlowNode]:
    """The nodes of one definition, without what is inside loops."""
    for i, item in mappings(definition, "nodes"):
        name, type_ = item.get("name"), item.get("type")
        if isinstance(name, str) and isinstance(type_, str):
            found = item.get("configuration")
            configuration = found if isinstance(found, Mapping) else EMPTY
            yield FlowNode(
                name, type_, configuration, _ports(item, "inputs"), _ports(item, "outputs"), (*at, "nodes", i)
            )


def _ports(item: Mapping[str, Any], member: str) -> dict[str, Mapping[str, Any]]:
    return {str(port.get("name")): port for _, port in mappings(item, member)}


def connections(definition: Any, at: Path = ()) -> Iterator[Connection]:
    """The connections of one definition."""
    for i, item in mappings(definition, "connections"):
        configuration = item.get("configuration")
        data, conditional = _part(configuration, "data"), _part(configuration, "conditional")
        name, type_, source, target = (_text(item, m) for m in ("name", "type", "source", "target"))
        if name and type_ and source and target:
            yield Connection(
                name,
                type_,
                source,
                target,
                _text(data, "sourceOutput"),
                _text(data, "targetInput"),
                _text(conditional, "condition"),
                (*at, "connections", i),
            )


def _text(holder: Mapping[str, Any], member: str) -> str:
    found = holder.get(member)
    return found if isinstance(found, str) else ""


def _part(holder: Any, member: str) -> Mapping[str, Any]:
    found = holder.get(member) if isinstance(holder, Mapping) else None
    return found if isinstance(found, Mapping) else EMPTY


def inner(node: FlowNode) -> tuple[Mapping[str, Any], Path]:
    """The definition in a loop node, and its place."""
    return _part(node.settings, "definition"), (*node.at, "configuration", "loop", "definition")


def all_nodes(definition: Any, at: Path = ()) -> Iterator[FlowNode]:
    """Every node, those inside loops included."""
    for node in flow_nodes(definition, at):
        yield node
        if node.type == "Loop":
            yield from all_nodes(*inner(node))


def check_flow(definition: Any, at: Path = ("definition",)) -> Iterator[Problem]:
    """Everything wrong with the graph of a flow that can be seen without AWS."""
    yield from _check_size(list(all_nodes(definition, at)), at)
    yield from _check(definition, at, 0)


def _check_size(nodes: list[FlowNode], at: Path) -> Iterator[Problem]:
    # Inputs of inline code: user guide, "Inline code node".
    for type_, most in (("", MOST_NODES), *MOST_OF.items()):
        found = [n for n in nodes if type_ in ("", n.type)]
        if len(found) > most:
            what = f"{type_} nodes" if type_ else "nodes, those in loops included"
            hint = "move a part of it into a flow of its own"
            yield Problem("E551", f"{len(found)} {what}; AWS allows {most} in a flow", found[most].at, hint)
    for node in nodes:
        if node.type == "InlineCode" and len(node.inputs) > MOST_CODE_INPUTS:
            message = f"node {node.name} has {len(node.inputs)} inputs; AWS allows {MOST_CODE_INPUTS} for inline code"
            yield Problem("E551", message, (*node.at, "inputs"))


def _check(definition: Any, at: Path, depth: int) -> Iterator[Problem]:
    """One definition; ``depth`` 0 is the flow itself, more is inside so many loops."""
    if not isinstance(definition, Mapping):
        return
    nodes, lines = list(flow_nodes(definition, at)), list(connections(definition, at))
    yield from _check_names(definition, at)
    yield from _check_ends(nodes, at, depth)
    for node in nodes:
        yield from _check_place(node, depth)
        yield from _check_node(node)
        if node.type == "Condition":
            yield from _check_conditions(node, lines)
    known = {n.name: n for n in nodes}
    yield from _check_connections(known, lines, depth)
    yield from _check_fed(nodes, lines)
    sound = [c for c in lines if c.source in known and c.target in known]
    circle = {c.at for c in _closing(known, sound)}
    yield from (_circular(c) for c in sound if c.at in circle)
    yield from _check_reached(nodes, sound, depth)
    for node in nodes:
        if node.type == "Loop" and depth < DEEPEST:
            definition, place = inner(node)
            yield from _check(definition, place, depth + 1)


def _check_names(definition: Mapping[str, Any], at: Path) -> Iterator[Problem]:
    yield from _repeated(definition, "nodes", at, "a node")
    yield from _repeated(definition, "connections", at, "a connection")
    for i, node in mappings(definition, "nodes"):
        here = (*at, "nodes", i)
        yield from _repeated(node, "inputs", here, "an input")
        yield from _repeated(node, "outputs", here, "an output")
        condition = _part(node.get("configuration"), "condition")
        yield from _repeated(condition, "conditions", (*here, "configuration", "condition"), "a condition")


def _repeated(holder: Any, member: str, at: Path, what: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for i, item in mappings(holder, member):
        name = item.get("name")
        if isinstance(name, str) and name in seen:
            yield Problem("E530", f"{what} named {name!r} stands twice", (*at, member, i, "name"), "rename one")
        if isinstance(name, str):
            seen.add(name)


def _check_ends(nodes: list[FlowNode], at: Path, depth: int) -> Iterator[Problem]:
    """A flow begins with one Input and ends with Outputs; a loop with one LoopInput and one LoopController."""
    start, end = ("LoopInput", "LoopController") if depth else ("Input", "Output")
    for type_, one_only, code in ((start, True, "E531"), (end, bool(depth), "E532")):
        found = [n for n in nodes if n.type == type_]
        where = "this loop" if depth else "this flow"
        if not found:
            verb = "begins" if code == "E531" else "ends"
            hint = f"add a node of type {type_} and connect it"
            yield Problem(code, f"{where} {verb} nowhere: it has no {type_} node", (*at, "nodes"), hint)
        for extra in found[1:] if one_only else ():
            message = f"{where} has one {type_} node only, and {found[0].name} is it"
            yield Problem(code, message, (*extra.at, "type"), f"remove {extra.name}")


def _check_place(node: FlowNode, depth: int) -> Iterator[Problem]:
    if depth and node.type in _NOT_IN_LOOPS:
        hint = "put it before or after the loop"
        yield Problem("E540", f"a node of type {node.type} cannot stand in a loop", (*node.at, "type"), hint)
    elif not depth and node.type in _ONLY_IN_LOOPS:
        hint = "put it into the definition of a node of type Loop"
        yield Problem("E540", f"a node of type {node.type} stands in loops only", (*node.at, "type"), hint)
    elif node.type == "Loop" and depth >= DEEPEST:
        yield Problem("E540", f"loops are nested more than {DEEPEST} deep", (*node.at, "type"), "use fewer loops")


def _check_node(node: FlowNode) -> Iterator[Problem]:
    ports = TYPES.get(node.type)
    if ports is None:
        return  # not in AWS's enum: reported as such
    if ports.configuration not in node.configuration:
        found = ", ".join(map(str, node.configuration))
        if found:
            message = f"a node of type {node.type} has no configuration {found}"
            yield Problem("E539", message, (*node.at, "configuration"), f"name it {ports.configuration}")
        elif not ports.is_bare:
            hint = f"add configuration: {{{ports.configuration}: ...}}"
            yield Problem("E539", f"node {node.name} of type {node.type} has no configuration", node.at, hint)
    inputs = {} if ports.free_inputs else ports.inputs
    outputs = _outputs(node, ports)
    yield from _check_ports(node, "inputs", node.inputs, inputs, ports.free_inputs)
    yield from _check_ports(node, "outputs", node.outputs, outputs, ports.free_outputs)
    for name in sorted(inputs.keys() - node.inputs.keys() - ports.optional):
        message = f"node {node.name} has no input {name!r}, which a node of type {node.type} needs"
        yield Problem("E538", message, node.at, f"add {{name: {name}, type: ..., expression: $.data}} to inputs")


def _outputs(node: FlowNode, ports: Ports) -> Mapping[str, str | None]:
    """A knowledge base gives a text when a model writes the answer, else what was found."""
    if node.type != "KnowledgeBase":
        return ports.outputs
    name = "outputText" if "modelId" in node.settings else "retrievalResults"
    return {name: ports.outputs[name]}


def _check_ports(
    node: FlowNode,
    member: str,
    found: Mapping[str, Mapping[str, Any]],
    known: Mapping[str, str | None],
    free: bool,
) -> Iterator[Problem]:
    for i, port in mappings({member: list(found.values())}, member):
        name, type_ = str(port.get("name")), port.get("type")
        at = (*node.at, member, i)
        if name in known:
            wanted = known[name]
            if wanted is not None and isinstance(type_, str) and type_ != wanted:
                message = f"{name} of a node of type {node.type} is of type {wanted}, not {type_}"
                yield Problem("E538", message, (*at, "type"), f"type: {wanted}")
        elif not free:
            message = f"a node of type {node.type} has no {member[:-1]} {name!r}"
            hint = did_you_mean(name, known) or (f"one of {', '.join(known)}" if known else f"remove {member}")
            yield Problem("E538", message, (*at, "name"), hint)


def _check_conditions(node: FlowNode, lines: Iterable[Connection]) -> Iterator[Problem]:
    at = (*node.at, "configuration", "condition", "conditions")
    seen: dict[str, str] = {}
    names = set()
    for i, condition in mappings(node.settings, "conditions"):
        name, expression = str(condition.get("name")), condition.get("expression")
        names.add(name)
        if name != "default" and not isinstance(expression, str):
            message = f"condition {name} has no expression"
            yield Problem("E552", message, (*at, i), "only the condition named default has none")
        if isinstance(expression, str) and expression in seen:
            message = f"condition {name} has the same expression as {seen[expression]}: it never decides"
            yield Problem("E552", message, (*at, i, "expression"), "the first that is true is taken")
        if isinstance(expression, str):
            seen.setdefault(expression, name)
    leaving = {c.condition for c in lines if c.source == node.name}
    if "default" not in leaving | names:
        message = f"node {node.name} does not say what follows when no condition is true"
        yield Problem("E552", message, at, "add a connection of type Conditional with condition: default")


def _check_connections(nodes: Mapping[str, FlowNode], lines: Iterable[Connection], depth: int) -> Iterator[Problem]:
    seen: dict[tuple[str, ...], str] = {}
    for line in lines:
        for member, name in (("source", line.source), ("target", line.target)):
            if name not in nodes:
                border = "; a connection cannot cross the border of a loop" if depth else ""
                hint = did_you_mean(name, nodes)
                yield Problem("E533", f"there is no node {name!r} here{border}", (*line.at, member), hint)
        yield from _check_line(nodes.get(line.source), nodes.get(line.target), line)
        same = (line.source, line.target, line.start, line.end, line.condition)
        if same in seen:
            message = f"{line.name} connects the same as {seen[same]}"
            yield Problem("E537", message, line.at, "remove one of them")
        seen.setdefault(same, line.name)


def _check_line(source: FlowNode | None, target: FlowNode | None, line: Connection) -> Iterator[Problem]:
    at = (*line.at, "configuration")
    member = {"Data": "data", "Conditional": "conditional"}.get(line.type)
    if member is None:
        return  # not in AWS's enum: reported as such
    given = bool(line.start or line.end) if member == "data" else bool(line.condition)
    if not given:
        keys = "sourceOutput: ..., targetInput: ..." if member == "data" else "condition: ..."
        message = f"a connection of type {line.type} needs the configuration {member}"
        yield Problem("E534", message, line.at, f"configuration: {{{member}: {{{keys}}}}}")
        return
    if source is not None and (source.type == "Condition") != (member == "conditional"):
        wanted = "Conditional" if source.type == "Condition" else "Data"
        message = f"a connection from a node of type {source.type} is of type {wanted}"
        yield Problem("E534", message, (*line.at, "type"), f"type: {wanted}")
        return
    if member == "conditional":
        if source is not None:
            known = {*(str(c.get("name")) for _, c in mappings(source.settings, "conditions")), "default"}
            yield from _known(line.condition, known, f"condition of node {source.name}", (*at, member, "condition"))
        return
    if source is not None:
        yield from _known(line.start, source.outputs, f"output of node {source.name}", (*at, member, "sourceOutput"))
    if target is not None:
        yield from _known(line.end, target.inputs, f"input of node {target.name}", (*at, member, "targetInput"))


def _known(name: str, known: Iterable[str], what: str, at: Path) -> Iterator[Problem]:
    names = sorted(known)
    if name not in names:
        hint = did_you_mean(name, names) or (f"there are {', '.join(names)}" if names else "it has none")
        yield Problem("E534", f"{name!r} is no {what}", at, hint)


def _check_fed(nodes: Iterable[FlowNode], lines: Iterable[Connection]) -> Iterator[Problem]:
    """Every input has one connection. What enters a loop comes from the loop node, without one."""
    feeding: dict[tuple[str, str], list[Connection]] = {}
    for line in lines:
        if line.type == "Data":
            feeding.setdefault((line.target, line.end), []).append(line)
    for node in nodes:
        for i, name in enumerate(node.inputs):
            found = feeding.get((node.name, name), [])
            if not found and node.type not in ("LoopInput", "Input"):
                hint = "add a connection of type Data, or remove the input"
                message = f"nothing leads to input {name!r} of node {node.name}"
                yield Problem("E537", message, (*node.at, "inputs", i), hint)
            for extra in found[1:]:
                message = f"input {name!r} of node {node.name} is fed by {found[0].name} already"
                yield Problem("E537", message, extra.at, "an input takes one connection")


def _closing(nodes: Iterable[str], lines: Iterable[Connection]) -> Iterator[Connection]:
    """Connections that lead back to where their path came from. Found by walking in the order of the manifest."""
    leaving: dict[str, list[Connection]] = {name: [] for name in nodes}
    for line in lines:
        leaving[line.source].append(line)
    done: set[str] = set()
    for name in leaving:
        yield from _walk(name, leaving, done)


def _walk(start: str, leaving: Mapping[str, list[Connection]], done: set[str]) -> Iterator[Connection]:
    if start in done:
        return
    way = {start}
    stack = [(start, iter(leaving[start]))]
    while stack:
        name, rest = stack[-1]
        line = next(rest, None)
        if line is None:
            stack.pop()
            way.discard(name)
            done.add(name)
        elif line.target in way:
            yield line
        elif line.target not in done:
            way.add(line.target)
            stack.append((line.target, iter(leaving[line.target])))


def _circular(line: Connection) -> Problem:
    message = f"{line.name} leads from {line.source} back to {line.target}: the flow would never end"
    return Problem("E535", message, line.at, "repeat nodes with a node of type Loop")


def _check_reached(nodes: list[FlowNode], lines: Iterable[Connection], depth: int) -> Iterator[Problem]:
    start = "LoopInput" if depth else "Input"
    reached = {n.name for n in nodes if n.type == start}
    if not reached:
        return  # then nothing is, and that is reported
    leaving: dict[str, list[str]] = {}
    for line in lines:
        leaving.setdefault(line.source, []).append(line.target)
    rest = list(reached)
    while rest:
        for target in leaving.get(rest.pop(), ()):
            if target not in reached:
                reached.add(target)
                rest.append(target)
    for node in nodes:
        if node.name not in reached:
            message = f"no path leads from the {start} node to {node.name}"
            yield Problem("E536", message, (*node.at, "name"), "connect it, or remove it")
