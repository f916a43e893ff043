"""The rules of a flow's graph: what ValidateFlowDefinition finds, and what stops PrepareFlow."""

from __future__ import annotations

import copy
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releaser.sandbox.flow_definition import validate
from releaser.sandbox.flow_expressions import condition_problem, input_problem
from sandbox.checks import refused
from sandbox.flow_samples import (
    ASKING,
    END,
    ROLE,
    START,
    STRAIGHT,
    branch,
    data,
    definition,
    node,
    prompt_node,
)
from sandbox.synthesis import service

LAMBDA = {"lambdaArn": "arn:aws:lambda:eu-central-1:111111111111:function:f:1"}
ALIAS = {"agentAliasArn": "arn:aws:bedrock:eu-central-1:111111111111:agent-alias/AAAAAAAAAA/BBBBBBBBBB"}
BUCKET = {"serviceConfiguration": {"s3": {"bucketName": "a-bucket"}}}
LEX = {"botAliasArn": "arn:aws:lex:eu-central-1:111111111111:bot-alias/A/B", "localeId": "en_US"}


def conditions(*pairs):
    rows = [{"name": name, **({"expression": expression} if expression else {})} for name, expression in pairs]
    return node("Choose", "Condition", ["mode"], conditions=rows)


CHOOSE = conditions(("first", 'mode == "a"'), ("default", ""))
OTHER = {**END, "name": "Other"}
CHOOSING = definition(
    START, CHOOSE, END, OTHER,
    data("Start.document", "Choose.mode"), branch("Choose.first", "End"), branch("Choose.default", "Other"),
    data("Start.document", "End.document"), data("Start.document", "Other.document"),
)  # fmt: skip
CONTROL = node(
    "Control", "LoopController", ["done:Boolean"],
    continueCondition={"name": "again", "expression": "done == true"}, maxIterations=3,
)  # fmt: skip
CONTROL["inputs"][0]["category"] = "LoopCondition"
ENTER = node("Enter", "LoopInput", outputs=["value"])
WORK = node("Work", "InlineCode", ["value"], ["response:Boolean"], code="__func()", language="Python_3")
BODY = definition(ENTER, WORK, CONTROL, data("Enter.value", "Work.value"), data("Work.response", "Control.done"))


def looping(body=BODY, *more):
    loop = node("Again", "Loop", ["value"], ["value"], definition=body)
    ways = data("Start.document", "Again.value"), data("Again.value", "End.document")
    return definition(START, loop, END, *ways, *more)


EVERY_TYPE = definition(
    START, END, OTHER, CHOOSE, prompt_node(),
    node("Books", "KnowledgeBase", ["retrievalQuery"], ["outputText"], knowledgeBaseId="A" * 10, modelId="m"),
    node("Bot", "Lex", ["inputText"], ["predictedIntent"], **LEX),
    node("Fn", "LambdaFunction", ["event"], ["functionResponse:Array"], **LAMBDA),
    node("Each", "Iterator", ["array:Array"], ["arrayItem", "arraySize:Number"]),
    node("Helper", "Agent", ["agentInputText"], ["agentResponse"], **ALIAS),
    node("All", "Collector", ["arrayItem", "arraySize:Number"], ["collectedArray:Array"]),
    node("Save", "Storage", ["content:Array", "objectKey"], ["s3Uri"], **BUCKET),
    node("Load", "Retrieval", ["objectKey"], ["s3Content"], **BUCKET),
    node("Code", "InlineCode", ["text"], ["response"], code="x", language="Python_3"),
    node("Again", "Loop", ["value"], ["value"], definition=BODY),
    data("Start.document", "Ask.question"), data("Ask.modelCompletion", "Books.retrievalQuery"),
    data("Books.outputText", "Bot.inputText"), data("Bot.predictedIntent", "Fn.event"),
    data("Fn.functionResponse", "Each.array"), data("Each.arrayItem", "Helper.agentInputText"),
    data("Helper.agentResponse", "All.arrayItem"), data("Each.arraySize", "All.arraySize"),
    data("All.collectedArray", "Save.content"), data("Start.document", "Save.objectKey"),
    data("Save.s3Uri", "Load.objectKey"), data("Load.s3Content", "Code.text"), data("Code.response", "Again.value"),
    data("Again.value", "Choose.mode"), data("Again.value", "End.document"), data("Again.value", "Other.document"),
    branch("Choose.first", "End"), branch("Choose.default", "Other"),
)  # fmt: skip


def with_end(**changes):
    return definition(START, {**END, **changes}, data("Start.document", "End.document"))


def port(name="document", kind="String", expression="$.data"):
    return {"name": name, "type": kind, "expression": expression}


def asked(**changes):
    return {**ASKING, "nodes": [START, {**prompt_node(), **changes}, END]}


def way(**changes):
    return definition(START, END, {**data("Start.document", "End.document"), **changes})


def crossing():
    return looping(BODY, {**data("Start.document", "Work.value"), "name": "Crossing"})


def joined():
    """Two branches of one condition node meet in a node that waits for both."""
    ask = prompt_node("Ask", "{{one}} {{two}}", ["one", "two"])
    fns = [node(name, "LambdaFunction", ["x1"], ["functionResponse"], **LAMBDA) for name in ("One", "Two")]
    feeds = [data("Start.document", f"{name}.x1") for name in ("One", "Two")]
    return definition(
        START, CHOOSE, *fns, ask, END, data("Start.document", "Choose.mode"), *feeds,
        branch("Choose.first", "One"), branch("Choose.default", "Two"), data("One.functionResponse", "Ask.one"),
        data("Two.functionResponse", "Ask.two"), data("Ask.modelCompletion", "End.document"),
    )  # fmt: skip


def circle():
    one, two = (node(name, "LambdaFunction", ["x1"], ["functionResponse"], **LAMBDA) for name in ("One", "Two"))
    two = {**two, "inputs": [*two["inputs"], {**port("x2")}]}
    return definition(
        START, one, two, END, data("Start.document", "Two.x2"), data("Two.functionResponse", "One.x1"),
        data("One.functionResponse", "Two.x1"), data("Two.functionResponse", "End.document"),
    )  # fmt: skip


def chosen(*pairs):
    changed = copy.deepcopy(CHOOSING)
    changed["nodes"][1] = conditions(*pairs)
    return changed


BROKEN = {
    "CyclicConnection": (circle(), {"connection": "OnefunctionResponseTwox1"}),
    "DuplicateConnections": (
        definition(*STRAIGHT["nodes"], *STRAIGHT["connections"], {**STRAIGHT["connections"][0], "name": "Again"}),
        {"source": "Start", "target": "End"},
    ),
    "DuplicateConditionExpression": (
        chosen(("first", 'mode == "a"'), ("second", 'mode == "a"'), ("default", "")),
        {"node": "Choose", "expression": 'mode == "a"'},
    ),
    "UnreachableNode": (
        definition(*STRAIGHT["nodes"], node("Alone", "LambdaFunction", (), ["functionResponse"], **LAMBDA),
                   *STRAIGHT["connections"]),
        {"node": "Alone"},
    ),
    "UnknownConnectionSource": (way(source="Nobody"), {"connection": "StartdocumentEnddocument"}),
    "UnknownConnectionSourceOutput": (
        definition(START, END, data("Start.nothing", "End.document")),
        {"connection": "StartnothingEnddocument"},
    ),
    "UnknownConnectionTarget": (way(target="Nobody"), {"connection": "StartdocumentEnddocument"}),
    "UnknownConnectionTargetInput": (
        definition(START, END, data("Start.document", "End.nothing")),
        {"connection": "StartdocumentEndnothing"},
    ),
    "UnknownConnectionCondition": (
        definition(*CHOOSING["nodes"], *CHOOSING["connections"][:1], *CHOOSING["connections"][2:],
                   branch("Choose.third", "End")),
        {"connection": "ChoosethirdEnd"},
    ),
    "MalformedConditionExpression": (
        chosen(("first", "mode =="), ("default", "")),
        {"node": "Choose", "condition": "first", "cause": "The expression ends where a value is expected"},
    ),
    "MalformedNodeInputExpression": (
        with_end(inputs=[port(expression="data")]),
        {"node": "End", "input": "document", "cause": "The expression must begin with $.data"},
    ),
    "MismatchedNodeInputType": (
        definition({**START, "outputs": [{"name": "document", "type": "Number"}]}, END,
                   node("Load", "Retrieval", ["objectKey:Number"], ["s3Content"], **BUCKET),
                   data("Start.document", "Load.objectKey"), data("Load.s3Content", "End.document")),
        {"node": "Load", "input": "objectKey", "expectedType": "String"},
    ),
    "MismatchedNodeOutputType": (
        {**asked(outputs=[{"name": "modelCompletion", "type": "Object"}]), "nodes": [
            START, {**prompt_node(), "outputs": [{"name": "modelCompletion", "type": "Object"}]},
            {**END, "inputs": [port(kind="Object")]},
        ]},
        {"node": "Ask", "output": "modelCompletion", "expectedType": "String"},
    ),
    "IncompatibleConnectionDataType": (
        with_end(inputs=[port(kind="Number")]),
        {"connection": "StartdocumentEnddocument"},
    ),
    "MissingConnectionConfiguration": (
        definition(START, END, {k: v for k, v in data("Start.document", "End.document").items()
                                if k != "configuration"}),
        {"connection": "StartdocumentEnddocument"},
    ),
    "MissingDefaultCondition": (
        chosen(("first", 'mode == "a"'), ("other", 'mode == "b"')),
        {"node": "Choose"},
    ),
    "MissingEndingNodes": (definition(START), {}),
    "MissingNodeConfiguration": (
        definition(*STRAIGHT["nodes"], node("Load", "Retrieval", ["objectKey"], ["s3Content"],
                                            serviceConfiguration={"s3": {"bucketName": ""}}),
                   *STRAIGHT["connections"], data("Start.document", "Load.objectKey")),
        {"node": "Load"},
    ),
    "MissingNodeInput": (
        {**asked(), "nodes": [START, prompt_node(text="{{question}} {{more}}"), END]},
        {"node": "Ask", "input": "more"},
    ),
    "MissingNodeOutput": (
        definition(*STRAIGHT["nodes"], node("Each", "Iterator", ["array:Array:$.data"], ["arrayItem"]),
                   node("Fn", "LambdaFunction", ["x1"], ["functionResponse:Array"], **LAMBDA),
                   *STRAIGHT["connections"], data("Start.document", "Fn.x1"),
                   data("Fn.functionResponse", "Each.array")),
        {"node": "Each", "output": "arraySize"},
    ),
    "MissingStartingNodes": (definition(END), {}),
    "MultipleNodeInputConnections": (
        definition(*ASKING["nodes"], *ASKING["connections"], data("Start.document", "End.document")),
        {"node": "End", "input": "document"},
    ),
    "UnfulfilledNodeInput": (
        definition(*CHOOSING["nodes"], *CHOOSING["connections"][:4]),
        {"node": "Other", "input": "document"},
    ),
    "UnsatisfiedConnectionConditions": (joined(), {"connection": "TwofunctionResponseAsktwo"}),
    "Unspecified": (
        definition(*STRAIGHT["nodes"], ENTER, *STRAIGHT["connections"]),
        {},
    ),
    "UnknownNodeInput": (
        {**asked(), "nodes": [START, prompt_node(text="no variable"), END]},
        {"node": "Ask", "input": "question"},
    ),
    "UnknownNodeOutput": (
        with_end(outputs=[{"name": "more", "type": "String"}]),
        {"node": "End", "output": "more"},
    ),
    "MissingLoopInputNode": (
        looping(definition({**WORK, "inputs": []}, CONTROL, data("Work.response", "Control.done"))),
        {"loopNode": "Again"},
    ),
    "MissingLoopControllerNode": (
        looping(definition(ENTER, WORK, data("Enter.value", "Work.value"))),
        {"loopNode": "Again"},
    ),
    "MultipleLoopInputNodes": (
        looping({**BODY, "nodes": [*BODY["nodes"], {**ENTER, "name": "Second"}]}),
        {"loopNode": "Again"},
    ),
    "MultipleLoopControllerNodes": (
        looping({"nodes": [*BODY["nodes"], {**CONTROL, "name": "Second"}],
                 "connections": [*BODY["connections"], data("Work.response", "Second.done")]}),
        {"loopNode": "Again"},
    ),
    "LoopIncompatibleNodeType": (
        looping({"nodes": [*BODY["nodes"], node("Each", "Iterator", ["array:Array:$.data"],
                                                ["arrayItem", "arraySize:Number"]),
                           node("Fn", "LambdaFunction", ["x1"], ["functionResponse:Array"], **LAMBDA)],
                 "connections": [*BODY["connections"], data("Enter.value", "Fn.x1"),
                                 data("Fn.functionResponse", "Each.array")]}),
        {"node": "Again", "incompatibleNodeType": "Iterator", "incompatibleNodeName": "Each"},
    ),
    "InvalidLoopBoundary": (crossing(), {"connection": "Crossing", "source": "Start", "target": "Work"}),
}  # fmt: skip
"""One definition per member of FlowValidationType, with what its details say."""

COMPANIONS = {
    "UnknownConnectionSource": {"UnreachableNode"},
    "UnknownConnectionTarget": {"UnreachableNode", "UnfulfilledNodeInput"},
    "UnknownConnectionTargetInput": {"UnfulfilledNodeInput"},
    "MissingConnectionConfiguration": {"UnfulfilledNodeInput"},
    "MissingStartingNodes": {"UnfulfilledNodeInput"},
    "MissingDefaultCondition": {"UnknownConnectionCondition"},
    "Unspecified": {"UnreachableNode"},
    "DuplicateConnections": {"MultipleNodeInputConnections"},
}
"""What the same mistake is called besides."""


def test_every_rule_of_the_model_has_a_case():
    assert set(BROKEN) == set(service("bedrock-agent")["shapes"]["FlowValidationType"]["enum"])


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_rule_is_found_by_name_and_stops_the_preparation(client, kind):
    agent = client("bedrock-agent")
    wrong, details = BROKEN[kind]
    found = agent.validate_flow_definition(definition=wrong)["validations"]
    assert {one["type"] for one in found} - {kind} <= COMPANIONS.get(kind, set()), found
    own = [one for one in found if one["type"] == kind]
    assert own and all(one["severity"] == "Error" and one["message"] for one in own)
    assert {kind[0].lower() + kind[1:]: details} in [one["details"] for one in own]
    id = agent.create_flow(name="f", executionRoleArn=ROLE, definition=wrong)["id"]
    agent.prepare_flow(flowIdentifier=id)
    read = agent.get_flow(flowIdentifier=id)
    assert (read["status"], read["validations"]) == ("Failed", found)


@pytest.mark.parametrize("good", [STRAIGHT, ASKING, CHOOSING, looping(), EVERY_TYPE])
def test_what_is_right_is_prepared(client, good):
    agent = client("bedrock-agent")
    assert agent.validate_flow_definition(definition=good)["validations"] == []
    id = agent.create_flow(name="f", executionRoleArn=ROLE, definition=good)["id"]
    agent.prepare_flow(flowIdentifier=id)
    assert agent.get_flow(flowIdentifier=id)["status"] == "Prepared"


def test_the_example_has_every_node_type():
    types = {one["type"] for one in (*EVERY_TYPE["nodes"], *BODY["nodes"])}
    assert types == set(service("bedrock-agent")["shapes"]["FlowNodeType"]["enum"])


def test_a_warning_does_not_stop_a_preparation(client, box):
    agent = client("bedrock-agent")
    box.admin.set_switches(flowUnreachableNode="Warning")
    try:
        id = agent.create_flow(name="f", executionRoleArn=ROLE, definition=BROKEN["UnreachableNode"][0])["id"]
        agent.prepare_flow(flowIdentifier=id)
        read = agent.get_flow(flowIdentifier=id)
    finally:
        box.admin.set_switches(flowUnreachableNode="Error")
    assert read["status"] == "Prepared"
    assert [(one["type"], one["severity"]) for one in read["validations"]] == [("UnreachableNode", "Warning")]


def test_a_connection_stays_in_its_loop():
    """Neither out of the body, nor from one loop's into another's."""
    outwards = {**BODY, "connections": [*BODY["connections"], data("Work.response", "End.document")]}
    (found,) = validate(looping(outwards))
    assert found["details"]["invalidLoopBoundary"] == {
        "connection": "WorkresponseEnddocument", "source": "Work", "target": "End",
    }  # fmt: skip
    renamed = {**BODY["nodes"][1], "name": "Elsewhere", "inputs": []}
    other = node("Second", "Loop", ["value"], (), definition=definition(ENTER, renamed, CONTROL,
                 data("Elsewhere.response", "Control.done"), data("Elsewhere.response", "Work.value")))  # fmt: skip
    both = looping()
    both = {
        "nodes": [*both["nodes"], other],
        "connections": [*both["connections"], data("Start.document", "Second.value")],
    }
    kinds = [one["type"] for one in validate(both)]
    assert kinds.count("InvalidLoopBoundary") == 1


def test_what_no_rule_has_a_name_for():
    twice = {**STRAIGHT, "nodes": [*STRAIGHT["nodes"], END]}
    assert [one["message"] for one in validate(twice)] == ["More than one node is named End"]
    second = {**START, "name": "Second"}
    messages = [one["message"] for one in validate({**STRAIGHT, "nodes": [*STRAIGHT["nodes"], second]})]
    assert messages == ["The flow has more than one Input node"]


def test_branches_that_end_in_the_same_node_are_alternatives():
    """Both branches to one node: one of them is taken, and the node runs."""
    both = definition(START, CHOOSE, END, data("Start.document", "Choose.mode"), data("Start.document", "End.document"),
                      branch("Choose.first", "End"), branch("Choose.default", "End"))  # fmt: skip
    assert validate(both) == []


def test_a_part_is_taken_of_arrays_and_objects_only():
    for kind, expected in (("Object", []), ("Array", []), ("String", ["IncompatibleConnectionDataType"])):
        start = {**START, "outputs": [{"name": "document", "type": kind}]}
        end = {**END, "inputs": [port(expression="$.data.a[0]")]}
        found = validate(definition(start, end, data("Start.document", "End.document")))
        assert [one["type"] for one in found] == expected


def test_a_configuration_of_another_type_is_refused_at_once(client):
    wrong = definition({**START, "configuration": {"output": {}}})
    with refused("ValidationException", 400, "does not match its type Input"):
        client("bedrock-agent").validate_flow_definition(definition=wrong)


def test_nodes_that_need_none_may_leave_the_configuration_out():
    bare = [{k: v for k, v in one.items() if k != "configuration"} for one in STRAIGHT["nodes"]]
    assert validate({**STRAIGHT, "nodes": bare}) == []


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_findings_do_not_depend_on_the_order_of_nodes_and_connections(data):
    wrong, _ = BROKEN[data.draw(st.sampled_from(sorted(BROKEN)))]
    mixed = {part: data.draw(st.permutations(rows)) for part, rows in wrong.items()}
    kinds = [sorted(one["type"] for one in validate(flow)) for flow in (wrong, mixed)]
    assert kinds[0] == kinds[1]


def test_any_acyclic_order_of_a_chain_is_no_cycle():
    names = ["One", "Two", "Six"]
    for order in permutations(names):
        fns = [node(name, "LambdaFunction", ["x1"], ["functionResponse"], **LAMBDA) for name in order]
        ends = ["Start.document", *(f"{name}.functionResponse" for name in order)]
        into = [*(f"{name}.x1" for name in order), "End.document"]
        chain = definition(START, *fns, END, *(data(a, b) for a, b in zip(ends, into, strict=True)))
        assert validate(chain) == []


@pytest.mark.parametrize(
    "expression",
    ["$.data", "$.data.a.b_c", "$.data.a[0]", "$.data[0, 3]", "$.data[1:]", "$.data[:2]", "$.data.*.x", "$.data[*]"],
)
def test_input_expressions_of_the_guide(expression):
    assert input_problem(expression) is None


@pytest.mark.parametrize(
    "expression", ["data", "$", "$.datax", "$.data.", "$.data[", "$.data[a]", "$.data a", "$.data..b"]
)
def test_input_expressions_that_are_malformed(expression):
    assert input_problem(expression)


INPUTS = {"mode": "String", "count": "Number", "ready": "Boolean", "rows": "Array"}


@pytest.mark.parametrize(
    "expression",
    [
        'mode == "a"',
        "count >= 3 and count<10",
        "not (ready == true) or count != -1.5",
        "ready",
        "not ready and (mode != 'x y')",
        "3 < count",
    ],
)
def test_conditions_of_the_guide(expression):
    assert condition_problem(expression, INPUTS) is None


@pytest.mark.parametrize(
    ("expression", "saying"),
    [
        ("mode = 1", "position"),
        ("mode == 1", "cannot be compared"),
        ("mode > \"a\"", "compares Numbers"),
        ("rows == rows", "cannot be compared"),
        ("other == 1", "not an input"),
        ("1 == 1", "at least one"),
        ("count", "must be compared"),
        ("(ready", "not closed"),
        ("ready ready", "Unexpected"),
        ("ready and", "ends where"),
        ("count > > 1", "Unexpected"),
        (" ", "ends where"),
    ],
)  # fmt: skip
def test_conditions_that_are_malformed(expression, saying):
    assert saying in (condition_problem(expression, INPUTS) or "")
