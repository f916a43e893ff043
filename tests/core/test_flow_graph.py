"""The graph of a flow: whatever is well connected passes, and every single fault is found at its place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandbox.flow_samples import branch, data, definition, node

from releaser.core.address import Address, Bound, Ref
from releaser.core.flow_graph import MOST_NODES, TYPES, all_nodes, check_flow
from releaser.core.flow_references import check_pins
from releaser.core.kind import Problem
from releaser.core.values import Path, show_path

START = node("Start", "Input", outputs=["document"])
END = node("End", "Output", ["document"])


def _prompt(name: str) -> dict[str, Any]:
    arn = "arn:aws:bedrock:eu-central-1:111111111111:prompt/ABCDEFGHIJ:3"
    return node(name, "Prompt", ["q"], ["modelCompletion"], sourceConfiguration={"resource": {"promptArn": arn}})


def _loop(*parts: dict[str, Any]) -> dict[str, Any]:
    inside = definition(*parts)
    return node("Again", "Loop", ["loopInput"], ["loopOutput"], definition=inside)


def _found(graph: dict[str, Any]) -> list[tuple[str, str]]:
    return [(p.code, show_path(p.path)) for p in check_flow(graph)]


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    """Any flow of prompts, each after some node before it, with a condition and a loop where they are wanted."""
    names = ["Start.document"]
    parts: list[dict[str, Any]] = [START]
    for i in range(draw(st.integers(0, 6))):
        name = f"Ask{i}x"
        parts += [_prompt(name), data(draw(st.sampled_from(names)), f"{name}.q")]
        names.append(f"{name}.modelCompletion")
    if draw(st.booleans()):
        enter, leave = node("In1", "LoopInput", outputs=["it"]), node("Out1", "LoopController", ["it"])
        enter["configuration"], leave["configuration"] = {"loopInput": {}}, {"loopController": _GO_ON}
        parts += [_loop(enter, leave, data("In1.it", "Out1.it")), data(draw(st.sampled_from(names)), "Again.loopInput")]
        names.append("Again.loopOutput")
    if draw(st.booleans()):
        conditions = [{"name": "yes", "expression": "it == 1"}, {"name": "default"}]
        parts += [node("Which", "Condition", ["it:Number"], conditions=conditions)]
        parts += [
            data(draw(st.sampled_from(names)), "Which.it"),
            branch("Which.yes", "End"),
            branch("Which.default", "End"),
        ]
    parts += [END, data(draw(st.sampled_from(names)), "End.document")]
    order = draw(st.permutations(parts))
    return copy.deepcopy(definition(*order))


_GO_ON = {"continueCondition": {"name": "more", "expression": "it == 1"}}


@given(graphs())
def test_what_is_well_connected_passes(graph: dict[str, Any]) -> None:
    assert _found(graph) == []


@given(graphs(), st.data())
def test_a_connection_taken_away_is_missed(graph: dict[str, Any], draw: st.DataObject) -> None:
    lines = [c for c in graph["connections"] if c["type"] == "Data"]
    graph["connections"].remove(draw.draw(st.sampled_from(lines)))
    assert {code for code, _ in _found(graph)} & {"E536", "E537"}


@given(graphs(), st.data())
def test_a_connection_turned_round_is_found(graph: dict[str, Any], draw: st.DataObject) -> None:
    line = draw.draw(st.sampled_from([c for c in graph["connections"] if c["type"] == "Data"]))
    line["source"], line["target"] = line["target"], line["source"]
    assert {code for code, _ in _found(graph)} & {"E534", "E537"}


@given(graphs(), st.data())
def test_an_unknown_end_is_found_at_its_place(graph: dict[str, Any], draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, len(graph["connections"]) - 1))
    member = draw.draw(st.sampled_from(["source", "target"]))
    graph["connections"][index][member] = "Nowhere"
    assert ("E533", f"definition.connections[{index}].{member}") in _found(graph)


@given(graphs(), st.data())
def test_a_node_twice_is_found(graph: dict[str, Any], draw: st.DataObject) -> None:
    graph["nodes"].append(copy.deepcopy(draw.draw(st.sampled_from(graph["nodes"]))))
    assert ("E530", f"definition.nodes[{len(graph['nodes']) - 1}].name") in _found(graph)


@given(graphs(), st.data())
def test_the_configuration_of_another_type_is_found(graph: dict[str, Any], draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, len(graph["nodes"]) - 1))
    own = next(iter(graph["nodes"][index]["configuration"]))
    other = draw.draw(st.sampled_from(sorted({p.configuration for p in TYPES.values()} - {own})))
    graph["nodes"][index]["configuration"] = {other: {}}
    assert ("E539", f"definition.nodes[{index}].configuration") in _found(graph)


def test_a_circle_is_found_where_it_closes() -> None:
    one, two = _prompt("One"), _prompt("Two")
    two["inputs"].append({"name": "more", "type": "String", "expression": "$.data"})
    one["inputs"].append({"name": "more", "type": "String", "expression": "$.data"})
    parts = [START, one, two, END, data("Start.document", "One.q"), data("One.modelCompletion", "Two.q")]
    parts += [data("Start.document", "Two.more"), data("Two.modelCompletion", "End.document")]
    graph = definition(*parts, data("Two.modelCompletion", "One.more"))
    assert _found(graph) == [("E535", "definition.connections[4]")]


def test_more_nodes_than_aws_allows() -> None:
    parts = [START, END, data("Start.document", "End.document")]
    for i in range(MOST_NODES):
        name = f"Fetch{i}x"
        parts += [node(name, "LambdaFunction", ["q"], ["functionResponse"]), data("Start.document", f"{name}.q")]
    found = {p.message.partition(";")[0] for p in check_flow(definition(*parts)) if p.code == "E551"}
    assert found == {"42 nodes, those in loops included", "40 LambdaFunction nodes"}


Mend = Callable[[dict[str, Any]], None]


def _condition(graph: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = graph["nodes"][1]["configuration"]["condition"]
    return found


def _branching() -> dict[str, Any]:
    conditions = [{"name": "yes", "expression": "it == 1"}, {"name": "default"}]
    which = node("Which", "Condition", ["it:Number"], conditions=conditions)
    parts = [START, which, END, data("Start.document", "Which.it"), branch("Which.yes", "End")]
    return copy.deepcopy(definition(*parts, branch("Which.default", "End"), data("Start.document", "End.document")))


_AT = "definition.nodes[1].configuration.condition.conditions"
CONDITIONS: list[tuple[str, Mend, set[tuple[str, str]]]] = [
    (
        "two alike",
        lambda g: _condition(g)["conditions"].insert(1, {"name": "too", "expression": "it == 1"}),
        {("E552", f"{_AT}[1].expression")},
    ),
    ("without expression", lambda g: _condition(g)["conditions"][0].pop("expression"), {("E552", f"{_AT}[0]")}),
    (
        "no condition",
        lambda g: g["connections"][1]["configuration"]["conditional"].update(condition="no"),
        {("E534", "definition.connections[1].configuration.conditional.condition")},
    ),
    (
        "data from a condition",
        lambda g: g["connections"][1].update(
            type="Data", configuration={"data": {"sourceOutput": "a", "targetInput": "document"}}
        ),
        {("E534", "definition.connections[1].type"), ("E537", "definition.connections[3]")},
    ),
]


@pytest.mark.parametrize(("mend", "faults"), [c[1:] for c in CONDITIONS], ids=[c[0] for c in CONDITIONS])
def test_conditions(mend: Mend, faults: set[tuple[str, str]]) -> None:
    graph = _branching()
    assert _found(graph) == []
    mend(graph)
    assert set(_found(graph)) == faults


def test_what_cannot_stand_in_a_loop_and_what_can_only_there() -> None:
    inside = [
        node("In1", "LoopInput", outputs=["it"]),
        node("Out1", "LoopController", ["it"]),
        data("In1.it", "Out1.it"),
    ]
    many = [
        START,
        _loop(*inside, node("Which", "Iterator", ["array:Array"], ["arrayItem"]), data("In1.it", "Which.array")),
    ]
    many += [END, data("Start.document", "Again.loopInput"), data("Again.loopOutput", "End.document")]
    many += [node("Out2", "LoopController", ["it"]), data("Start.document", "Out2.it")]
    place = "definition.nodes[1].configuration.loop.definition"
    assert _found(definition(*many)) == [("E540", "definition.nodes[3].type"), ("E540", f"{place}.nodes[2].type")]


def test_a_loop_that_never_begins_nor_ends() -> None:
    parts = [START, _loop(), END, data("Start.document", "Again.loopInput"), data("Again.loopOutput", "End.document")]
    place = "definition.nodes[1].configuration.loop.definition.nodes"
    assert _found(definition(*parts)) == [("E531", place), ("E532", place)]


def test_nothing_is_well_connected_when_it_is_not_there() -> None:
    assert [code for code, _ in _found({})] == ["E531", "E532"]
    assert list(check_flow({"nodes": 3, "connections": [None]}))


# -- pins

PROMPT, GUARD, AGENT = (Address("x", kind, "main") for kind in ("prompt", "guardrail", "agent"))
ARN = "arn:aws:bedrock:eu-central-1:111111111111"
FUNCTION = "arn:aws:lambda:eu-central-1:111111111111:function:look-up"


def _asks(source: Any, guardrail: Any = None) -> dict[str, Any]:
    made = node("Ask", "Prompt", ["q"], ["modelCompletion"], sourceConfiguration={"resource": {"promptArn": source}})
    if guardrail is not None:
        made["configuration"]["prompt"]["guardrailConfiguration"] = guardrail
    return made


def _guarded(identifier: Any, version: Any) -> dict[str, Any]:
    return _asks(Ref(PROMPT, "versionArn"), {"guardrailIdentifier": identifier, "guardrailVersion": version})


PINNED = [
    _asks(Ref(PROMPT, "versionArn")),
    _asks(f"{ARN}:prompt/ABCDEFGHIJ:12"),
    _guarded(Ref(GUARD, "id"), Ref(GUARD, "version")),
    _guarded("abcdefghij", "7"),
    node("Call", "Agent", agentAliasArn=f"{ARN}:agent-alias/ABCDEFGHIJ/ABCDEFGHIJ"),
    node("Call", "Agent", agentAliasArn=Ref(Address("x", "agent-alias", "main"), "arn")),
    node("Call", "LambdaFunction", lambdaArn=f"{FUNCTION}:7"),
    node("Call", "LambdaFunction", lambdaArn=Bound("${env.function}", f"{FUNCTION}:live")),
    node("Find", "KnowledgeBase", knowledgeBaseId=Ref(Address("x", "knowledge-base", "docs"), "id")),
    node("Talk", "Lex", botAliasArn="arn:aws:lex:eu-central-1:111111111111:bot-alias/ABC/DEF", localeId="en_GB"),
]
_SOURCE = "configuration.prompt.sourceConfiguration.resource.promptArn"
_VERSION = "configuration.prompt.guardrailConfiguration.guardrailVersion"
LOOSE: list[tuple[dict[str, Any], str, str]] = [
    (_asks(Ref(PROMPT, "arn")), _SOURCE, "${prompt/main.versionArn}"),
    (_asks(f"{ARN}:prompt/ABCDEFGHIJ"), _SOURCE, "versionArn"),
    (_asks(Bound("${env.prompt}", f"{ARN}:prompt/ABCDEFGHIJ")), _SOURCE, "versionArn"),
    (_guarded(Ref(GUARD, "id"), "DRAFT"), _VERSION, "${guardrail/main.version}"),
    (_guarded(Ref(GUARD, "id"), "3"), _VERSION, "${guardrail/main.version}"),
    (_guarded(Ref(GUARD, "id"), Ref(Address("x", "guardrail", "other"), "version")), _VERSION, "guardrail/main"),
    (_asks(Ref(PROMPT, "versionArn"), {"guardrailIdentifier": "abc"}), _VERSION.rpartition(".")[0], "guardrailVersion"),
    (
        node("Call", "Agent", agentAliasArn=f"{ARN}:agent-alias/ABCDEFGHIJ/TSTALIASID"),
        "configuration.agent.agentAliasArn",
        "agent-alias",
    ),
    (
        node("Call", "Agent", agentAliasArn=Ref(AGENT, "arn")),
        "configuration.agent.agentAliasArn",
        "${agent-alias/main.arn}",
    ),
    (
        node("Call", "LambdaFunction", lambdaArn=FUNCTION),
        "configuration.lambdaFunction.lambdaArn",
        "version or an alias",
    ),
    (
        node("Call", "LambdaFunction", lambdaArn=f"{FUNCTION}:$LATEST"),
        "configuration.lambdaFunction.lambdaArn",
        "version or",
    ),
    (
        node("Talk", "Lex", botAliasArn="arn:aws:lex:eu-central-1:1:bot-alias/ABC/TSTALIASID"),
        "configuration.lex.botAliasArn",
        "alias",
    ),
]


def _pins(made: dict[str, Any]) -> list[Problem]:
    return [p for n in all_nodes({"nodes": [made]}, ("definition",)) for p in check_pins(n)]


@pytest.mark.parametrize("made", PINNED, ids=lambda m: str(m["type"]))
def test_what_is_pinned_passes(made: dict[str, Any]) -> None:
    assert _pins(made) == []


@pytest.mark.parametrize("inside", [False, True], ids=["plain", "in a loop"])
@pytest.mark.parametrize(("made", "at", "hint"), LOOSE, ids=[str(i) for i in range(len(LOOSE))])
def test_what_is_not_pinned_is_refused_with_a_hint(made: dict[str, Any], at: str, hint: str, inside: bool) -> None:
    (problem,) = _pins(_loop(made) if inside else made)
    path: Path = problem.path
    assert problem.code == "E555"
    assert show_path(path).endswith(at)
    assert hint in problem.hint
