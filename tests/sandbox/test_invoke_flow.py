"""InvokeFlow: nodes in order, branches, iterations, what is called, and what fails."""

from __future__ import annotations

import pytest
from botocore.exceptions import EventStreamError

from releaser.sandbox.flow_expressions import condition_holds, input_value
from sandbox.checks import new_agent, new_alias, refused, text_prompt
from sandbox.flow_samples import (
    ASKING,
    END,
    START,
    STRAIGHT,
    branch,
    data,
    definition,
    node,
    prepared,
    prompt_node,
)
from sandbox.test_retrieve import CATS, DOGS, library


def typed(start, end="String"):
    """Input and output nodes whose documents have these types."""
    return (
        node("Start", "Input", outputs=[f"document:{start}"]),
        node("End", "Output", [f"document:{end}"]),
    )


@pytest.fixture
def run(client):
    """Runs a definition by the test alias: the events, and the output documents."""

    def call(parts, document, **more):
        flow = prepared(client("bedrock-agent"), definition=parts)
        return play(client, flow, "TSTALIASID", document, **more)

    return call


def play(client, flow, alias, document, **more):
    given = [{"nodeName": "Start", "nodeOutputName": "document", "content": {"document": document}}]
    reply = client("bedrock-agent-runtime").invoke_flow(
        flowIdentifier=flow, flowAliasIdentifier=alias, inputs=given, **more
    )
    assert reply["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/vnd.amazon.eventstream"
    assert reply["executionId"]
    return list(reply["responseStream"])


def outputs(events):
    return [one["flowOutputEvent"]["content"]["document"] for one in events if "flowOutputEvent" in one]


def test_a_flow_from_input_to_output(run):
    event, end = run(STRAIGHT, "hello")
    assert event == {
        "flowOutputEvent": {"nodeName": "End", "nodeType": "FlowOutputNode", "content": {"document": "hello"}}
    }
    assert end == {"flowCompletionEvent": {"completionReason": "SUCCESS"}}


def test_aliases_lead_to_versions(client):
    agent = client("bedrock-agent")
    flow = prepared(agent)
    agent.create_flow_version(flowIdentifier=flow)
    alias = agent.create_flow_alias(flowIdentifier=flow, name="live", routingConfiguration=[{"flowVersion": "1"}])
    shouting = definition(
        START, prompt_node(text="{{question}}!"), END,
        data("Start.document", "Ask.question"), data("Ask.modelCompletion", "End.document"),
    )  # fmt: skip
    role = "arn:aws:iam::111111111111:role/flow"
    agent.update_flow(flowIdentifier=flow, name="f", executionRoleArn=role, definition=shouting)
    assert outputs(play(client, flow, alias["id"], "a")) == ["a"]
    assert outputs(play(client, alias["arn"].split("/alias/")[0], alias["arn"], "a", executionId="mine")) == ["a"]
    with refused("ConflictException", 409, "NotPrepared"):
        play(client, flow, "TSTALIASID", "a")
    with refused("ResourceNotFoundException", 404):
        play(client, flow, "A" * 10, "a")
    with refused("ResourceNotFoundException", 404):
        play(client, "A" * 10, alias["id"], "a")


def test_the_request_must_name_the_input_node(client):
    flow = prepared(client("bedrock-agent"))
    content = {"content": {"document": "x"}}
    for wrong in ({"nodeName": "End"}, {"nodeName": "Start", "nodeOutputName": "other"},
                  {"nodeName": "Start", "nodeInputName": "document"}):  # fmt: skip
        with refused("ValidationException", 400):
            client("bedrock-agent-runtime").invoke_flow(
                flowIdentifier=flow, flowAliasIdentifier="TSTALIASID", inputs=[{**wrong, **content}]
            )


def test_expressions_and_types(run):
    start, end = typed("Object", "Number")
    end["inputs"][0]["expression"] = "$.data.rows[1].price"
    parts = definition(start, end, data("Start.document", "End.document"))
    assert outputs(run(parts, {"rows": [{"price": 1}, {"price": 2.5}]})) == [2.5]
    for document in ({"rows": []}, {"rows": [{}, {"price": "2"}]}, "text"):
        with pytest.raises(EventStreamError, match="validationException"):
            run(parts, document)


def choosing():
    start, _ = typed("Number")
    rows = [
        {"name": "large", "expression": "num >= 100"},
        {"name": "odd", "expression": "num == 7 or num > 50"},
        {"name": "default"},
    ]
    ends = [node(name, "Output", ["document:Number"]) for name in ("Large", "Odd", "Rest")]
    return definition(
        start, node("Which", "Condition", ["num:Number"], conditions=rows), *ends,
        data("Start.document", "Which.num"), branch("Which.large", "Large"), branch("Which.odd", "Odd"),
        branch("Which.default", "Rest"), *(data("Start.document", f"{end['name']}.document") for end in ends),
    )  # fmt: skip


@pytest.mark.parametrize(("number", "where"), [(200, "Large"), (60, "Odd"), (7, "Odd"), (8, "Rest")])
def test_the_first_condition_that_holds_is_taken(run, number, where):
    events = run(choosing(), number, enableTrace=True)
    assert [e["flowOutputEvent"]["nodeName"] for e in events if "flowOutputEvent" in e] == [where]
    traces = [one["flowTraceEvent"]["trace"] for one in events if "flowTraceEvent" in one]
    (taken,) = [one["conditionNodeResultTrace"] for one in traces if "conditionNodeResultTrace" in one]
    assert taken["satisfiedConditions"] == [{"conditionName": {"Rest": "default"}.get(where, where.lower())}]
    first = traces[0]["nodeOutputTrace"]
    assert first["nodeName"] == "Start" and first["fields"] == [
        {"nodeOutputName": "document", "content": {"document": number}}
    ]


def test_iterator_and_collector(run):
    start, end = typed("Array", "Array")
    each = node("Each", "Iterator", ["array:Array"], ["arrayItem:String", "arraySize:Number"])
    all = node("All", "Collector", ["arrayItem:String", "arraySize:Number"], ["collectedArray:Array"])
    parts = definition(
        start, each, prompt_node("Ask", "Say: {{question}}"), all, end,
        data("Start.document", "Each.array"), data("Each.arrayItem", "Ask.question"),
        data("Ask.modelCompletion", "All.arrayItem"), data("Each.arraySize", "All.arraySize"),
        data("All.collectedArray", "End.document"),
    )  # fmt: skip
    (found,) = outputs(run(parts, ["one", "two", "three"]))
    assert len(found) == 3 and all["name"] == "All"
    assert outputs(run(parts, [])) == [[]]


def test_an_iterator_without_collector_answers_for_each_item(run):
    start, end = typed("Array", "String")
    each = node("Each", "Iterator", ["array:Array"], ["arrayItem:String", "arraySize:Number"])
    parts = definition(start, each, end, data("Start.document", "Each.array"), data("Each.arrayItem", "End.document"))
    assert outputs(run(parts, ["a", "b"])) == ["a", "b"]


def test_the_body_of_an_iteration_may_wait_for_what_comes_from_elsewhere(run):
    start, end = typed("Object", "Array")
    each = node("Each", "Iterator", ["array:Array:$.data.rows"], ["arrayItem:String", "arraySize:Number"])
    all = node("All", "Collector", ["arrayItem:String", "arraySize:Number"], ["collectedArray:Array"])
    late = {**prompt_node("Late", "{{topic}}"), "inputs": node("n", "Prompt", ["topic:String:$.data.topic"])["inputs"]}
    parts = definition(
        start, each, prompt_node("Ask", "{{question}} {{more}}", ["question", "more"]), all, end, late,
        data("Start.document", "Each.array"), data("Start.document", "Late.topic"),
        data("Each.arrayItem", "Ask.question"), data("Late.modelCompletion", "Ask.more"),
        data("Ask.modelCompletion", "All.arrayItem"), data("Each.arraySize", "All.arraySize"),
        data("All.collectedArray", "End.document"),
    )  # fmt: skip
    (found,) = outputs(run(parts, {"rows": ["one", "two"], "topic": "Numbers"}))
    assert len(found) == 2


DATA = {"rows": [1, 2, 3], "made": {"by": "x", "of what": 5}}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$.data", DATA),
        ("$.data.rows[0]", 1),
        ("$.data.rows[-1]", 3),
        ("$.data.rows[0:2]", [1, 2]),
        ("$.data.rows[0,2]", [1, 3]),
        ("$.data.rows[*]", [1, 2, 3]),
        ("$.data.made.*", ["x", 5]),
        ("$.data['made']['of what']", 5),
    ],
)
def test_the_value_of_an_expression(expression, value):
    assert input_value(expression, DATA) == value


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ('num > 3 and text == "a b"', True),
        ("not yes or num != 4", False),
        ("not (yes and num <= 3)", True),
        ("num < 4 or num >= 4 and yes", True),
        ('text != "a b"', False),
    ],
)
def test_whether_a_condition_holds(expression, holds):
    kinds = {"num": "Number", "text": "String", "yes": "Boolean"}
    assert condition_holds(expression, kinds, {"num": 4, "text": "a b", "yes": True}) is holds


def test_prompts_inline_and_by_arn(client, run):
    (inline,) = outputs(run(ASKING, "What do cats do? Cats hunt at dusk."))
    assert inline
    agent = client("bedrock-agent")
    made = agent.create_prompt(name="p", **text_prompt("{{name}}", modelId="amazon.nova-lite-v1:0"))
    version = agent.create_prompt_version(promptIdentifier=made["id"])["arn"]

    def by(arn):
        ask = node("Ask", "Prompt", ["name"], ["modelCompletion"],
                   sourceConfiguration={"resource": {"promptArn": arn}})  # fmt: skip
        return definition(
            START, ask, END, data("Start.document", "Ask.name"), data("Ask.modelCompletion", "End.document")
        )

    assert outputs(run(by(version), "Cats hunt at dusk.")) and outputs(run(by(made["arn"]), "Cats."))
    with pytest.raises(EventStreamError, match="resourceNotFoundException"):
        run(by(f"{made['arn']}:9"), "x")
    agent.create_prompt(name="q", **text_prompt("{{name}}"))
    other = agent.create_prompt(name="r", **text_prompt("{{name}}"))["arn"]
    with pytest.raises(EventStreamError, match=r"validationException.*no model"):
        run(by(other), "x")


def test_knowledge_bases(client, run):
    where, _ = library(client, {"cats.txt": CATS, "dogs.txt": DOGS})

    def asking(output, **more):
        kb = node("Find", "KnowledgeBase", ["retrievalQuery"], [output],
                  knowledgeBaseId=where["knowledgeBaseId"], **more)  # fmt: skip
        name, _, kind = output.partition(":")
        end = node("End", "Output", [f"document:{kind or 'String'}"])
        return definition(
            START, kb, end, data("Start.document", "Find.retrievalQuery"), data(f"Find.{name}", "End.document")
        )

    (rows,) = outputs(run(asking("retrievalResults:Array", numberOfResults=1), "When do cats hunt?"))
    assert len(rows) == 1 and rows[0]["content"]["text"] == CATS
    (text,) = outputs(run(asking("outputText", modelId="amazon.nova-lite-v1:0"), "When do cats hunt?"))
    assert "dusk" in text


def test_storage_and_retrieval(client, run):
    client("s3").create_bucket(Bucket="flow-files", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    place = {"serviceConfiguration": {"s3": {"bucketName": "flow-files"}}}
    store = node("Keep", "Storage", ["content", "objectKey"], ["s3Uri"], **place)
    parts = definition(
        START, store, END, data("Start.document", "Keep.content"), data("Start.document", "Keep.objectKey"),
        data("Keep.s3Uri", "End.document"),
    )  # fmt: skip
    assert outputs(run(parts, "note")) == ["s3://flow-files/note"]
    assert client("s3").get_object(Bucket="flow-files", Key="note")["Body"].read() == b"note"
    read = node("Read", "Retrieval", ["objectKey"], ["s3Content"], **place)
    parts = definition(
        START, read, END, data("Start.document", "Read.objectKey"), data("Read.s3Content", "End.document")
    )
    assert outputs(run(parts, "note")) == ["note"]
    with pytest.raises(EventStreamError, match="dependencyFailedException"):
        run(parts, "missing")


def test_agents(client, run):
    agents = client("bedrock-agent")
    id = new_agent(agents, instruction="Answer from this: cats hunt at dusk. Be short and say nothing else.")
    alias = new_alias(agents, id)
    arn = agents.get_agent_alias(agentId=id, agentAliasId=alias)["agentAlias"]["agentAliasArn"]
    ask = node("Ask", "Agent", ["agentInputText"], ["agentResponse"], agentAliasArn=arn)
    parts = definition(
        START, ask, END, data("Start.document", "Ask.agentInputText"), data("Ask.agentResponse", "End.document")
    )
    (text,) = outputs(run(parts, "When do cats hunt?"))
    assert text


def test_what_is_not_played_says_so(run):
    function = node("Do", "LambdaFunction", ["value"], ["functionResponse"],
                    lambdaArn="arn:aws:lambda:eu-central-1:111111111111:function:f")  # fmt: skip
    parts = definition(
        START, function, END, data("Start.document", "Do.value"), data("Do.functionResponse", "End.document")
    )
    with pytest.raises(EventStreamError, match=r"dependencyFailedException.*LambdaFunction are not played"):
        run(parts, "x")
