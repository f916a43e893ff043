"""Converse and ConverseStream through boto3."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from releaser import sandbox
from sandbox.flow_samples import END, START, data, definition, prepared, prompt_node

Client = Callable[..., Any]
MODEL = "amazon.nova-lite-v1:0"
GIVEN = "Passages:\n[§4.1] A card costs 5 EUR a month.\n\n[§4.2] Lost cards are blocked."
TEXT = f"{GIVEN}\n\nQuestion: What does a card cost?"
ANSWER = "A card costs 5 EUR a month. [§4.1]"


def user(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"text": text}]}]


def refusal(call: Callable[..., Any], **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_an_answer_is_a_sentence_of_the_context_with_its_marker(client: Client) -> None:
    found = client("bedrock-runtime").converse(modelId=MODEL, messages=user(TEXT))
    assert found["output"]["message"] == {"role": "assistant", "content": [{"text": ANSWER}]}
    assert found["stopReason"] == "end_turn"
    usage = found["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] and usage["outputTokens"] == 14
    assert found["metrics"]["latencyMs"] >= 0


def test_a_stream_has_the_same_answer_in_pieces(client: Client) -> None:
    events = list(client("bedrock-runtime").converse_stream(modelId=MODEL, messages=user(TEXT))["stream"])
    names = [next(iter(event)) for event in events]
    assert names[0] == "messageStart" and names[-3:] == ["contentBlockStop", "messageStop", "metadata"]
    deltas = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert len(deltas) > 2 and "".join(deltas) == ANSWER
    assert events[-1]["metadata"]["usage"]["outputTokens"] == 14


def test_nothing_in_common_is_a_refusal(client: Client) -> None:
    found = client("bedrock-runtime").converse(
        modelId=MODEL, system=[{"text": "Context:\nDogs bark."}], messages=user("What is the price of gold?")
    )
    assert found["output"]["message"]["content"][0]["text"] == "I cannot answer that from what I was given."


def test_what_a_conversation_must_be(client: Client) -> None:
    runtime = client("bedrock-runtime")
    assistant = {"role": "assistant", "content": [{"text": "Hello."}]}
    for messages, why in (
        ([], "must start with a user message"),
        ([assistant], "must start with a user message"),
        ([*user("Hi."), *user("Hi?")], "must alternate"),
        (user(" "), "messages.0.content.0 is blank"),
    ):
        code, message = refusal(runtime.converse, modelId=MODEL, messages=messages)
        assert code == "ValidationException" and why in message


def test_models_are_called_as_aws_lets_them(client: Client) -> None:
    runtime = client("bedrock-runtime")

    def ask(model: str) -> Any:
        return runtime.converse(modelId=model, messages=user(TEXT))

    assert ask("eu.anthropic.claude-haiku-4-5-20251001-v1:0")["stopReason"] == "end_turn"
    assert ask(f"arn:aws:bedrock:eu-central-1::foundation-model/{MODEL}")["stopReason"] == "end_turn"
    source = f"arn:aws:bedrock:eu-central-1::foundation-model/{MODEL}"
    own = client("bedrock").create_inference_profile(inferenceProfileName="own", modelSource={"copyFrom": source})
    assert ask(own["inferenceProfileArn"])["stopReason"] == "end_turn"
    for model, code, why in (
        ("anthropic.claude-haiku-4-5-20251001-v1:0", "ValidationException", "on-demand throughput isn't supported"),
        ("amazon.titan-text-express-v1", "ResourceNotFoundException", "end of its life"),
        ("amazon.nova-huge-v9:0", "ValidationException", "identifier is invalid"),
        ("us.amazon.nova-pro-v1:0", "ValidationException", "identifier is invalid"),
        ("amazon.titan-embed-text-v2:0", "ValidationException", "doesn't support the model"),
    ):
        found = refusal(ask, model=model)
        assert found[0] == code and why in found[1], model


def test_stop_sequences_and_the_most_tokens(client: Client) -> None:
    runtime = client("bedrock-runtime")
    cut = runtime.converse(modelId=MODEL, messages=user(TEXT), inferenceConfig={"maxTokens": 3})
    assert (cut["stopReason"], cut["output"]["message"]["content"][0]["text"]) == ("max_tokens", "A card costs")
    stop = runtime.converse(modelId=MODEL, messages=user(TEXT), inferenceConfig={"stopSequences": [" EUR"]})
    assert (stop["stopReason"], stop["output"]["message"]["content"][0]["text"]) == ("stop_sequence", "A card costs 5")


def test_tokens_are_counted_as_they_are_charged(client: Client) -> None:
    runtime = client("bedrock-runtime")
    counted = runtime.count_tokens(modelId=MODEL, input={"converse": {"messages": user(TEXT)}})["inputTokens"]
    assert counted == runtime.converse(modelId=MODEL, messages=user(TEXT))["usage"]["inputTokens"]


def prompt(client: Client, template: dict[str, Any], kind: str, **more: Any) -> str:
    """The ARN of a prompt's version."""
    agent = client("bedrock-agent")
    variant = {"name": "a", "templateType": kind, "templateConfiguration": template, "modelId": MODEL, **more}
    made = agent.create_prompt(name="p", variants=[variant], defaultVariant="a")
    arn: str = agent.create_prompt_version(promptIdentifier=made["id"])["arn"]
    return arn


def test_a_text_prompt_with_its_variables(client: Client) -> None:
    runtime = client("bedrock-runtime")
    text = {"text": "Context:\n{{context}}\n\nQuestion: {{ question }}"}
    text["inputVariables"] = [{"name": "context"}, {"name": "question"}]  # type: ignore[assignment]
    arn = prompt(client, {"text": text}, "TEXT", inferenceConfiguration={"text": {"maxTokens": 4}})
    values = {"context": {"text": "Cats meow all night. Dogs bark."}, "question": {"text": "Do cats meow?"}}
    found = runtime.converse(modelId=arn, promptVariables=values)
    assert found["output"]["message"]["content"][0]["text"] == "Cats meow all night"
    assert found["stopReason"] == "max_tokens"
    code, message = refusal(lambda: runtime.converse(modelId=arn, promptVariables={"context": {"text": "x"}}))
    assert code == "ValidationException" and "question" in message
    for name, value in (
        ("system", [{"text": "x"}]),
        ("inferenceConfig", {"maxTokens": 1}),
        ("additionalModelRequestFields", {"top_k": 1}),
    ):
        code, message = refusal(runtime.converse, modelId=arn, promptVariables=values, **{name: value})
        assert code == "ValidationException" and name in message
    code, _ = refusal(lambda: runtime.converse(modelId=arn.rpartition(":")[0], promptVariables=values))
    assert code == "ValidationException"
    assert refusal(lambda: runtime.converse(modelId=f"{arn}7"))[0] == "ResourceNotFoundException"


def test_a_chat_prompt_goes_on_with_messages(client: Client) -> None:
    chat = {
        "system": [{"text": "Context:\n{{context}}"}],
        "messages": [
            {"role": "user", "content": [{"text": "Hello."}]},
            {"role": "assistant", "content": [{"text": "Ask."}]},
        ],
        "inputVariables": [{"name": "context"}],
    }
    arn = prompt(client, {"chat": chat}, "CHAT")
    values = {"context": {"text": "Cats meow. Dogs bark."}}
    found = client("bedrock-runtime").converse(modelId=arn, promptVariables=values, messages=user("Who can bark?"))
    assert found["output"]["message"]["content"][0]["text"] == "Dogs bark."


def test_throttles_for_a_share_and_with_a_header(box: sandbox.SandboxProcess, client: Client, account: str) -> None:
    runtime = client("bedrock-runtime")

    def throttled() -> list[bool]:
        box.admin.clear_faults()
        box.admin.add_fault("throttle", account=account, operation="Converse", share=0.3, retryAfter=2)
        found = []
        for _ in range(40):
            try:
                runtime.converse(modelId=MODEL, messages=user(TEXT))
                found.append(False)
            except ClientError as error:
                assert error.response["Error"]["Code"] == "ThrottlingException"
                assert error.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "2"
                found.append(True)
        return found

    try:
        first = throttled()
        assert 5 <= sum(first) <= 20 and throttled() == first
    finally:
        box.admin.clear_faults()


@pytest.mark.parametrize("form", ["short", "cut"])
def test_a_stream_is_cut_in_the_middle(box: sandbox.SandboxProcess, client: Client, account: str, form: str) -> None:
    box.admin.add_fault("truncate", account=account, operation="ConverseStream", form=form)
    events: list[dict[str, Any]] = []
    try:
        events.extend(client("bedrock-runtime").converse_stream(modelId=MODEL, messages=user(TEXT))["stream"])
    except Exception as error:  # what a client sees of a broken connection is its library's affair
        assert form == "cut", error
    finally:
        box.admin.clear_faults()
    assert not any("messageStop" in event for event in events)


def test_slow_models_answer_side_by_side(own: sandbox.SandboxProcess) -> None:
    own.admin.set_model_latency(0.3)
    runtime = own.client("bedrock-runtime", config=Config(max_pool_connections=50))
    began = time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(lambda _: runtime.converse(modelId=MODEL, messages=user(TEXT)), range(50)))
    assert time.monotonic() - began < 3
    assert all(one["metrics"]["latencyMs"] == 300 for one in found)
    began = time.monotonic()
    own.client("bedrock").list_guardrails()
    assert time.monotonic() - began < 0.25


class Model(BaseHTTPRequestHandler):
    """An OpenAI-compatible server: says what it was asked; fails on demand."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = asked["messages"][-1]["content"]
        if said == "slow":
            time.sleep(0.3)
        message = {"role": "assistant", "content": f"{asked['model']}: {said}"}
        usage = {"prompt_tokens": 7, "completion_tokens": 3}
        body = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}).encode()
        self.send_response({"busy": 429, "broken": 500}.get(said, 200))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def own() -> Iterator[sandbox.SandboxProcess]:
    with sandbox.running(time_scale=0) as process:
        yield process


def flow_through(process: sandbox.SandboxProcess, document: str) -> str:
    """What a flow of two prompts makes of a document."""
    parts = definition(
        START,
        prompt_node(),
        prompt_node("Then", "Then {{answer}}", ["answer"]),
        END,
        data("Start.document", "Ask.question"),
        data("Ask.modelCompletion", "Then.answer"),
        data("Then.modelCompletion", "End.document"),
    )
    flow = prepared(process.client("bedrock-agent"), definition=parts)
    given = [{"nodeName": "Start", "nodeOutputName": "document", "content": {"document": document}}]
    reply = process.client("bedrock-agent-runtime").invoke_flow(
        flowIdentifier=flow, flowAliasIdentifier="TSTALIASID", inputs=given
    )
    events = list(reply["responseStream"])
    said: str = events[0]["flowOutputEvent"]["content"]["document"]
    return said


def test_a_real_model_answers_instead() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        with sandbox.running(time_scale=0, llm_url=url) as process:
            runtime = process.client("bedrock-runtime", config=Config(max_pool_connections=50))
            found = runtime.converse(modelId=MODEL, messages=user("Hello?"))
            assert found["output"]["message"]["content"][0]["text"] == f"{MODEL}: Hello?"
            assert found["usage"] == {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10}
            assert refusal(lambda: runtime.converse(modelId=MODEL, messages=user("busy")))[0] == "ThrottlingException"
            code, message = refusal(lambda: runtime.converse(modelId=MODEL, messages=user("broken")))
            assert code == "ModelErrorException" and "HTTP 500" in message
            began = time.monotonic()
            with ThreadPoolExecutor(20) as pool:
                said = list(pool.map(lambda _: runtime.converse(modelId=MODEL, messages=user("slow")), range(20)))
            assert time.monotonic() - began < 3 and all(one["metrics"]["latencyMs"] >= 300 for one in said)
            assert flow_through(process, "Hi") == f"{MODEL}: Then {MODEL}: Answer Hi"
            server.shutdown()
            server.server_close()
            assert refusal(lambda: runtime.converse(modelId=MODEL, messages=user("x")))[0] == "ModelErrorException"
    finally:
        server.server_close()


@pytest.mark.parametrize(
    "form",
    [
        'Return JSON: {"category": "billing|technical|other", "urgent": true or false}\n'
        "- billing: invoices and refunds",
        "Answer in JSON with the fields category and urgent.\n- category: one of billing, technical, other\n"
        "- urgent: boolean\n- billing: invoices and refunds",
    ],
)
def test_forms_are_filled_by_shared_words(client: Client, form: str) -> None:
    runtime = client("bedrock-runtime")
    for said, category, urgent in (
        ("I want a refund.", "billing", False),
        ("This is urgent, a technical fault.", "technical", True),
        ("Good morning.", "other", False),
    ):
        found = runtime.converse(modelId=MODEL, system=[{"text": form}], messages=user(f"Message: {said}"))
        answer = json.loads(found["output"]["message"]["content"][0]["text"])
        assert answer == {"category": category, "urgent": urgent}, said


def test_summaries_are_beginnings(client: Client) -> None:
    text = "Summarise the document.\n\n<document>The bank is old. It was founded in 1890. It has branches.</document>"
    found = client("bedrock-runtime").converse(modelId=MODEL, messages=user(text))
    said = found["output"]["message"]["content"][0]["text"]
    assert said == "The bank is old. It was founded in 1890."


def test_tools_and_schemas(client: Client) -> None:
    runtime = client("bedrock-runtime")
    schema = {"type": "object", "properties": {"card": {"type": "string", "enum": ["debit", "credit"]}}}
    spec = {"name": "block", "description": "Block a card.", "inputSchema": {"json": schema}}
    config = {"tools": [{"toolSpec": spec}]}
    asked = user("Please block my credit card.")
    found = runtime.converse(modelId=MODEL, messages=asked, toolConfig=config)
    use = found["output"]["message"]["content"][0]["toolUse"]
    assert (found["stopReason"], use["name"], use["input"]) == ("tool_use", "block", {"card": "credit"})
    events = list(runtime.converse_stream(modelId=MODEL, messages=asked, toolConfig=config)["stream"])
    assert [next(iter(event)) for event in events][1:3] == ["contentBlockStart", "contentBlockDelta"]
    assert json.loads(events[2]["contentBlockDelta"]["delta"]["toolUse"]["input"]) == {"card": "credit"}
    plain = runtime.converse(modelId=MODEL, messages=user("How is the weather?"), toolConfig=config)
    assert plain["stopReason"] == "end_turn"
    wanted = {"type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(schema)}}}
    formed = runtime.converse(modelId=MODEL, messages=asked, outputConfig={"textFormat": wanted})
    assert json.loads(formed["output"]["message"]["content"][0]["text"]) == {"card": "credit"}


def test_a_tools_result_is_what_the_question_is_answered_from(client: Client) -> None:
    spec = {"name": "weather", "description": "Weather of a city.", "inputSchema": {"json": {"type": "object"}}}
    use = {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {}}}
    result = {"toolResult": {"toolUseId": "t1", "content": [{"text": "The weather in Bonn is mild. Cologne is wet."}]}}
    messages = [
        *user("How is the weather in Bonn?"),
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]
    found = client("bedrock-runtime").converse(
        modelId=MODEL, messages=messages, toolConfig={"tools": [{"toolSpec": spec}]}
    )
    assert found["output"]["message"]["content"] == [{"text": "The weather in Bonn is mild."}]


def test_one_label_and_headings(client: Client) -> None:
    runtime = client("bedrock-runtime")

    def ask(system: str, text: str) -> str:
        found = runtime.converse(modelId=MODEL, system=[{"text": system}], messages=user(text))
        return str(found["output"]["message"]["content"][0]["text"])

    rules = "Classify. Reply with one of: spam, ham.\n- spam: lottery, prizes\n- ham: appointments"
    assert ask(rules, "See you at our appointment on Monday") == "ham"
    handbook = "Policy:\n## Days\nVacation is 30 days a year.\n## Limits\nThe limit is 2000 EUR a day."
    assert ask(handbook, "What is the limit a day?") == "The limit is 2000 EUR a day."
    assert ask(handbook, "How many vacation days?") == "Vacation is 30 days a year."


def test_tool_blocks_need_a_tool_configuration(client: Client) -> None:
    messages = [
        *user("How is the weather?"),
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "weather", "input": {}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"text": "Mild."}]}}]},
    ]
    code, message = refusal(client("bedrock-runtime").converse, modelId=MODEL, messages=messages)
    assert code == "ValidationException" and "toolConfig field must be defined" in message
