"""What a suite calls: requests that hold everything, replies that are whole or none."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sandbox.checks import new_agent, new_alias
from sandbox.flow_samples import STRAIGHT, prepared
from sandbox.test_retrieve import CATS, library

from releaser import sandbox
from releaser.aws.client import BotoAws
from releaser.core.address import Address
from releaser.core.errors import AwsError, Failure
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response, ToolUse
from releaser.core.values import freeze
from releaser.gates.evaluation.asker import key_of
from releaser.gates.evaluation.ports import Refusal, Target
from releaser.gates.evaluation.targets import Live, Wanted, kind_of, kinds
from releaser.gates.evaluation.targets.application import checked
from releaser.gates.evaluation.targets.brought import read
from releaser.gates.evaluation.targets.saying import guarded_of, refusal

PLACE = "111111111111/eu-central-1"
ARN = "arn:aws:bedrock:eu-central-1:111111111111:prompt/PROMPT0001"
SECRET = "the customer's secret"
USAGE = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15, "cacheReadInputTokens": 7}
BLOCKED = {"topicPolicy": {"topics": [{"name": "Advice", "type": "DENY", "action": "BLOCKED", "detected": True}]}}
MASKED = {"sensitiveInformationPolicy": {"piiEntities": [{"type": "EMAIL", "match": "x", "action": "ANONYMIZED"}]}}
FLAGGED = {"contentPolicy": {"filters": [{"type": "HATE", "confidence": "LOW", "action": "NONE", "detected": True}]}}
Events = Iterable[Mapping[str, Any] | Exception]


class Script:
    """A runtime that says what it was told to."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append((service, operation, dict(params)))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        found: dict[str, Any] = reply
        return found

    def stream(
        self, service: str, operation: str, params: Mapping[str, Any], member: str
    ) -> Iterator[tuple[float, dict[str, Any]]]:
        self.asked.append((service, operation, dict(params)))
        for number, event in enumerate(self.replies.pop(0)):
            if isinstance(event, Exception):
                raise event
            yield 1e9 + number, event


def failure(kind: Failure, code: str = "", retry_after: float | None = None) -> AwsError:
    said = f"it said {SECRET}"
    return AwsError(said, failure=kind, service="s", operation="O", aws_code=code, retry_after=retry_after)


def case(given: Any = None, **more: Any) -> Case:
    return Case(id="c1", input={"question": "Why?"} if given is None else given, digest="0" * 64, **more)


def body(**variant: Any) -> Any:
    text = {"text": {"text": "Answer {{ question }}.", "inputVariables": [{"name": "question"}]}}
    one = {"name": "v", "templateConfiguration": text, "modelId": "amazon.nova-lite-v1:0", **variant}
    return freeze({"defaultVariant": "v", "variants": [one]})


def live(kind: str) -> Live:
    match kind:
        case "prompt":
            return Live("PROMPT0001", ARN, "3", body())
        case "guardrail":
            said = {"blockedInputMessaging": "Not here.", "blockedOutputsMessaging": "Not this."}
            return Live("gr1", "arn:gr1", "2", said)
        case "flow":
            start = {"name": "Start", "type": "Input", "outputs": [{"name": "document", "type": "String"}]}
            return Live("FLOW", "arn:flow", "4", {"definition": {"nodes": [start]}}, alias="ALIAS", stamp="f" * 64)
        case "agent":
            return Live("AGENT", "arn:agent", "5", {"foundationModel": "m"}, alias="ALIAS", stamp="a" * 64)
        case _:
            return Live("KB", "arn:kb", stamp="b" * 64)


def wanted(runtime: Any, via: Any = "published", replace: Mapping[str, Live] | None = None, **target: str) -> Wanted:
    target = {k.replace("_", "-"): v for k, v in target.items()}
    found = {k: live(k) for k in ("prompt", "guardrail", "flow", "agent", "knowledge-base")} | dict(replace or {})
    resources = {Address("claims", kind, "x"): one for kind, one in found.items()}
    models = {"x": {"modelId": "amazon.nova-pro-v1:0", "inference": {"maxTokens": 9}}}
    return Wanted("claims", target, runtime, PLACE, via, resources, models)


def built(runtime: Any, via: Any = "published", replace: Mapping[str, Live] | None = None, **target: str) -> Target:
    found = wanted(runtime, via, replace, **target)
    kind = kind_of(found.target)
    assert kind is not None
    return kind.build(found)


def answered(target: Target, of: Case | None = None) -> Response:
    return target.ask(target.request(of or case())).response


def trouble(target: Target, of: Case | None = None) -> str:
    with pytest.raises(Refusal) as caught:
        target.ask(target.request(of or case()))
    assert SECRET not in str(caught.value)
    return str(caught.value.failure.trouble)


def spoken(*texts: str, stop: str = "end_turn", trace: Any = None, **more: Any) -> list[dict[str, Any]]:
    deltas = [{"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": t}}} for t in texts]
    metadata: dict[str, Any] = {"usage": USAGE, "metrics": {"latencyMs": 42}, **more}
    if trace is not None:
        metadata["trace"] = {"guardrail": trace}
    start: dict[str, Any] = {"messageStart": {"role": "assistant"}}
    return [start, *deltas, {"messageStop": {"stopReason": stop}}, {"metadata": metadata}]


# -- which target ------------------------------------------------------------------------------------------------------


def test_every_kind_of_target_is_found() -> None:
    assert set(kinds()) == {
        "agent", "application", "flow", "guardrail", "knowledge-base", "model", "prompt", "results"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ({"prompt": "x", "guardrail": "y"}, "prompt"),
        ({"model": "x", "guardrail": "y"}, "model"),
        ({"guardrail": "y"}, "guardrail"),
        ({"knowledge-base": "x", "model": "y"}, "knowledge-base"),
        ({"results": "x", "guardrail": "y"}, None),
        ({"agent": "x", "guardrail": "y"}, None),
        ({"prompt": "x", "flow": "y"}, None),
        ({"prompt": "x", "other": "y"}, None),
        ({}, None),
    ],
)
def test_what_a_target_would_not_heed_makes_it_none(target: dict[str, str], name: str | None) -> None:
    found = kind_of(target)
    assert (found.name if found else None) == name


@pytest.mark.parametrize("version", ["", "DRAFT"])
def test_drafts_are_never_asked_in_the_place_of_a_version(version: str) -> None:
    for kind in ("prompt", "guardrail"):
        with pytest.raises(KeyError):
            built(Script(), replace={kind: Live("i", "arn", version, body())}, prompt="x", guardrail="x")
    for kind in ("flow", "agent"):
        with pytest.raises(KeyError):
            built(Script(), replace={kind: Live("i", "arn", "1")}, **{kind: "x"})


# -- prompts and models ------------------------------------------------------------------------------------------------


def test_a_published_prompt_is_called_by_its_version_with_its_variables() -> None:
    script = Script(spoken("Be", "cause."))
    target = built(script, prompt="x", guardrail="x")
    answer = target.ask(target.request(case({"question": "Why?", "amount": 5})))
    assert script.asked == [
        (
            "bedrock-runtime",
            "ConverseStream",
            {
                "modelId": f"{ARN}:3",
                "promptVariables": {"amount": {"text": "5"}, "question": {"text": "Why?"}},
                "guardrailConfig": {"guardrailIdentifier": "gr1", "guardrailVersion": "2", "trace": "enabled"},
            },
        )
    ]
    response = answer.response
    assert (response.text, response.stop_reason, response.model) == ("Because.", "end_turn", "amazon.nova-lite-v1:0")
    assert (response.usage.input_tokens, response.usage.cache_read_tokens, response.usage.output_tokens) == (10, 7, 5)
    timing = answer.timing
    assert timing.first_token is not None and timing.last_token - timing.first_token == pytest.approx(3000)
    assert timing.server == 42


def test_a_prompt_is_rendered_with_nothing_published() -> None:
    chat = {
        "system": [{"text": "Know {{context}}."}, {"cachePoint": {"type": "default"}}],
        "messages": [{"role": "user", "content": [{"text": "{{question}} {{ question }}"}]}],
        "toolConfiguration": {"tools": [{"toolSpec": {"name": "t", "inputSchema": {"json": {"a": "{{question}}"}}}}]},
        "inputVariables": [{"name": "question"}, {"name": "context"}],
    }
    more = {"inferenceConfiguration": {"text": {"temperature": 0.5}}, "additionalModelRequestFields": {"top_k": 3}}
    prompt = Live("", "", "", body(templateConfiguration={"chat": chat}, **more))
    script = Script(spoken("x"))
    target = built(script, "inline", {"prompt": prompt}, prompt="x", guardrail="x")
    answered(target, case({"question": "{{context}}", "context": SECRET}))
    ((_, operation, params),) = script.asked
    assert operation == "ConverseStream"
    assert params == {
        "modelId": "amazon.nova-lite-v1:0",
        "system": [{"text": f"Know {SECRET}."}, {"cachePoint": {"type": "default"}}],
        "messages": [{"role": "user", "content": [{"text": "{{context}} {{context}}"}]}],
        "toolConfig": {"tools": [{"toolSpec": {"name": "t", "inputSchema": {"json": {"a": "{{question}}"}}}}]},
        "inferenceConfig": {"temperature": 0.5},
        "additionalModelRequestFields": {"top_k": 3},
        "guardrailConfig": {"guardrailIdentifier": "gr1", "guardrailVersion": "2", "trace": "enabled"},
    }


def test_cases_that_do_not_fit_are_refused_before_any_call() -> None:
    script = Script()
    inline = built(script, "inline", prompt="x")
    for wrong in ({"other": "x"}, "a text"):
        with pytest.raises(Refusal) as caught:
            inline.request(case(wrong))
        assert caught.value.failure.trouble == "refused"
    assert script.asked == []


def test_a_prompt_without_a_model_is_no_target() -> None:
    with pytest.raises(KeyError, match="model"):
        built(Script(), "inline", {"prompt": Live("", "", "", body(modelId=""))}, prompt="x")


def test_a_raw_model_gets_the_input_as_its_message() -> None:
    script = Script(spoken("x"))
    answered(built(script, model="x"), case("Why?"))
    assert script.asked[0][2] == {
        "modelId": "amazon.nova-pro-v1:0",
        "messages": [{"role": "user", "content": [{"text": "Why?"}]}],
        "inferenceConfig": {"maxTokens": 9},
    }


def test_what_determines_the_reply_is_in_the_request() -> None:
    seen = set()
    for replace in (
        {},
        {"prompt": Live("PROMPT0001", ARN, "4", body())},
        {"guardrail": Live("gr1", "arn", "3")},
        {"guardrail": Live("gr1", "arn", "2", stamp="1" * 64)},
    ):
        seen.add(key_of(built(Script(), "published", replace, prompt="x", guardrail="x").request(case()), 0))
    for prompt in (body(), body(modelId="other"), body(inferenceConfiguration={"text": {"topP": 0.1}})):
        seen.add(key_of(built(Script(), "inline", {"prompt": Live("", "", "", prompt)}, prompt="x").request(case()), 0))
    assert len(seen) == 7
    twice = {key_of(built(Script(), prompt="x", guardrail="x").request(case()), 0) for _ in range(2)}
    assert len(twice) == 1


def test_tools_are_what_the_model_asks_for() -> None:
    start = {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "t", "name": "refund"}}}
    parts = [
        {"contentBlockDelta": {"contentBlockIndex": 1, "delta": {"toolUse": {"input": p}}}} for p in ('{"a"', ":1}")
    ]
    events = [*spoken("Well.")[:2], {"contentBlockStart": start}, *parts, *spoken(stop="tool_use")[1:]]
    assert answered(built(Script(events), prompt="x")).tools == (ToolUse(name="refund", input={"a": 1}),)


WHOLE = spoken("All ", "is well.")


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_a_stream_that_ends_early_is_never_a_shorter_answer(length: int) -> None:
    assert trouble(built(Script(WHOLE[:length]), prompt="x")) == "truncated"


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        (failure(Failure.AMBIGUOUS, "ModelStreamErrorException"), "truncated"),
        (failure(Failure.AMBIGUOUS, "ProtocolError"), "truncated"),
        (failure(Failure.AMBIGUOUS, "ChecksumMismatch"), "truncated"),
        (failure(Failure.AMBIGUOUS, "ReadTimeoutError"), "timeout"),
        (failure(Failure.THROTTLED, "ThrottlingException"), "throttled"),
        (failure(Failure.INVALID, "ValidationException"), "refused"),
        ({"modelStreamErrorException": {"message": SECRET}}, "truncated"),
        ({"throttlingException": {"message": SECRET}}, "throttled"),
        ({"internalServerException": {"message": SECRET}}, "unavailable"),
        ({"validationException": {"message": SECRET}}, "refused"),
        ({"contentBlockDelta": {"contentBlockIndex": 0}}, "truncated"),
    ],
    ids=str,
)
def test_a_stream_that_breaks_is_a_failure_even_after_its_text(ending: Any, expected: str) -> None:
    for length in (2, len(WHOLE)):
        assert trouble(built(Script([*WHOLE[:length], ending]), prompt="x")) == expected


def test_a_reply_without_usage_is_not_whole() -> None:
    assert trouble(built(Script(spoken("x", usage=None)), prompt="x")) == "truncated"
    assert trouble(built(Script(spoken("x", usage={"inputTokens": -1, "outputTokens": 1})), prompt="x")) == "unparsable"


@pytest.mark.parametrize(
    ("kind", "code", "expected"),
    [
        (Failure.THROTTLED, "ThrottlingException", "throttled"),
        (Failure.AMBIGUOUS, "ReadTimeoutError", "timeout"),
        (Failure.AMBIGUOUS, "ModelTimeoutException", "timeout"),
        (Failure.AMBIGUOUS, "ServiceUnavailableException", "unavailable"),
        (Failure.TRANSIENT, "EndpointConnectionError", "unavailable"),
        (Failure.TRANSIENT, "ConnectTimeoutError", "timeout"),
        (Failure.AMBIGUOUS, "", "truncated"),
        (Failure.INVALID, "ValidationException", "refused"),
        (Failure.DENIED, "AccessDeniedException", "refused"),
        (Failure.NOT_FOUND, "ResourceNotFoundException", "refused"),
    ],
)
def test_why_there_is_no_answer(kind: Failure, code: str, expected: str) -> None:
    found = refusal(failure(kind, code, 3.0))
    assert (found.failure.trouble, found.retry_after) == (expected, 3.0)
    assert SECRET not in str(found) and SECRET not in found.failure.message


# -- guardrails --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assessments", "intervened", "expected"),
    [
        ([BLOCKED], True, (True, True, False, ("topic:Advice",))),
        ([MASKED], True, (True, False, True, ("pii:EMAIL",))),
        ([BLOCKED, MASKED], True, (True, True, False, ("pii:EMAIL", "topic:Advice"))),
        ([FLAGGED], False, (False, False, False, ())),
        ([BLOCKED], False, (False, False, False, ("topic:Advice",))),
        ([], False, (False, False, False, ())),
    ],
)
def test_blocked_is_what_a_guardrail_blocked(assessments: Any, intervened: bool, expected: Any) -> None:
    found = guarded_of(assessments, intervened=intervened)
    assert (found.intervened, found.blocked, found.masked, found.policies) == expected


def test_detected_may_be_absent_but_not_false() -> None:
    row = {"type": "PROMPT_ATTACK", "confidence": "HIGH", "action": "BLOCKED"}
    assert guarded_of([{"contentPolicy": {"filters": [row]}}], intervened=True).blocked
    with pytest.raises(Refusal) as caught:
        guarded_of([{"contentPolicy": {"filters": [{**row, "detected": False}]}}], intervened=True)
    assert caught.value.failure.trouble == "unparsable"


def test_a_converse_trace_tells_what_was_blocked_and_its_units() -> None:
    metrics = {"invocationMetrics": {"usage": {"topicPolicyUnits": 2, "wordPolicyUnits": 0}}}
    trace = {"inputAssessment": {"gr1": {**BLOCKED, **metrics}}, "outputAssessments": {"gr1": [metrics, metrics]}}
    found = answered(built(Script(spoken("No.", stop="guardrail_intervened", trace=trace)), prompt="x", guardrail="x"))
    assert found.guarded.blocked and found.usage.guardrail_units == {"topicPolicyUnits": 6}
    assert trouble(built(Script(spoken("No.", stop="guardrail_intervened")), prompt="x", guardrail="x")) == "unparsable"
    trace = {"outputAssessments": {"gr1": [MASKED]}}
    found = answered(
        built(Script(spoken("{EMAIL}", stop="guardrail_intervened", trace=trace)), prompt="x", guardrail="x")
    )
    assert found.guarded.masked and not found.guarded.blocked


def applied(action: str, *outputs: str, assessment: Any = None) -> dict[str, Any]:
    usage = {"topicPolicyUnits": 1, "contentPolicyUnits": 0}
    said = [{"text": o} for o in outputs]
    return {"action": action, "outputs": said, "assessments": [assessment or {}], "usage": usage}


def test_a_guardrail_alone() -> None:
    script = Script(applied("GUARDRAIL_INTERVENED", "Not here.", assessment=BLOCKED))
    found = answered(built(script, guardrail="x"), case("Should I sell?"))
    assert (found.text, found.guarded.blocked, found.usage.guardrail_units) == (
        "Not here.",
        True,
        {"topicPolicyUnits": 1},
    )
    assert script.asked[0][2] == {
        "guardrailIdentifier": "gr1", "guardrailVersion": "2", "source": "INPUT",
        "content": [{"text": {"text": "Should I sell?"}}],
    }  # fmt: skip


def test_what_a_guardrail_lets_pass_goes_on_as_it_was() -> None:
    found = answered(
        built(Script(applied("NONE", assessment=FLAGGED)), guardrail="x"), case({"b": "two", "a": "me@x.eu"})
    )
    assert found.text == "me@x.eu\ntwo" and not found.guarded.intervened
    assert trouble(built(Script({"assessments": []}), guardrail="x")) == "truncated"
    assert trouble(built(Script(applied("GUARDRAIL_INTERVENED", assessment=BLOCKED)), guardrail="x")) == "truncated"


def test_a_guardrail_of_output_with_its_grounds() -> None:
    script = Script(applied("NONE"))
    target = built(script, guardrail="x")
    found = answered(target, case({"output": "5 EUR.", "query": "What?"}, contexts=("It costs 5 EUR.",)))
    params = script.asked[0][2]
    assert params["source"] == "OUTPUT" and found.text == "5 EUR."
    assert params["content"] == [
        {"text": {"text": "It costs 5 EUR.", "qualifiers": ["grounding_source"]}},
        {"text": {"text": "What?", "qualifiers": ["query"]}},
        {"text": {"text": "5 EUR.", "qualifiers": ["guard_content"]}},
    ]
    with pytest.raises(Refusal):
        target.request(case({"output": "x", "other": "y"}))


# -- knowledge bases ---------------------------------------------------------------------------------------------------

ROW = {
    "content": {"text": "Cats hunt."},
    "location": {"type": "S3", "s3Location": {"uri": "s3://b/cats"}},
    "score": 0.5,
}
WEB = {"content": {"text": "Dogs."}, "location": {"type": "WEB", "webLocation": {"url": "https://x/dogs"}}}


def test_a_knowledge_base_is_searched() -> None:
    script = Script({"retrievalResults": [ROW, WEB]})
    found = answered(built(script, knowledge_base="x"))
    assert [(p.id, p.score) for p in found.passages] == [("s3://b/cats", 0.5), ("https://x/dogs", None)]
    assert script.asked[0][2]["retrievalQuery"] == {"text": "Why?"} and "behaviour" not in script.asked[0][2]
    assert trouble(built(Script({}), knowledge_base="x")) == "truncated"


def test_a_knowledge_base_with_a_model_answers() -> None:
    citation = {"generatedResponsePart": {}, "retrievedReferences": [ROW, ROW, WEB]}
    script = Script({"output": {"text": "At dusk."}, "sessionId": "s", "citations": [citation]})
    found = answered(built(script, knowledge_base="x", model="x", guardrail="x"))
    assert (found.text, [p.id for p in found.passages]) == ("At dusk.", ["s3://b/cats", "https://x/dogs"])
    base = script.asked[0][2]["retrieveAndGenerateConfiguration"]["knowledgeBaseConfiguration"]
    assert (base["knowledgeBaseId"], base["modelArn"]) == ("KB", "amazon.nova-pro-v1:0")
    assert base["generationConfiguration"] == {
        "inferenceConfig": {"textInferenceConfig": {"maxTokens": 9}},
        "guardrailConfiguration": {"guardrailId": "gr1", "guardrailVersion": "2"},
    }
    assert trouble(built(Script({"sessionId": "s"}), knowledge_base="x", model="x")) == "truncated"


def test_a_knowledge_base_that_says_only_that_a_guardrail_intervened() -> None:
    def said(text: str) -> dict[str, Any]:
        return {"output": {"text": text}, "sessionId": "s", "guardrailAction": "INTERVENED"}

    def target(text: str, **guardrail: Live) -> Target:
        return built(Script(said(text)), "published", guardrail, knowledge_base="x", model="x", guardrail="x")

    assert answered(target("Not this.")).guarded.blocked
    masked = answered(target("It is {EMAIL}.")).guarded
    assert masked.masked and not masked.blocked
    assert trouble(target("Not this.", guardrail=Live("gr1", "arn", "2"))) == "unparsable"


def test_what_changes_under_its_name_is_asked_anew() -> None:
    def key(stamp: str, epoch: str = "", kind: str = "knowledge-base") -> str:
        one = Live("I", "arn", "1", {}, "ALIAS", stamp)
        found = wanted(Script(), "published", {kind: one}, **{kind: "x"})
        found = Wanted(**{n: getattr(found, n) for n in Wanted.__slots__} | {"epoch": epoch})
        built_as = kind_of(found.target)
        assert built_as is not None
        return key_of(built_as.build(found).request(case()), 0)

    for kind in ("knowledge-base", "flow", "agent"):
        assert key("1" * 64, kind=kind) == key("1" * 64, kind=kind) != key("2" * 64, kind=kind)
        assert key("", "run-1", kind) == key("", "run-1", kind) != key("", "run-2", kind)
        assert key("", kind=kind) != key("", kind=kind)


# -- flows -------------------------------------------------------------------------------------------------------------


def output(document: Any, node: str = "End") -> dict[str, Any]:
    return {"flowOutputEvent": {"nodeName": node, "nodeType": "FlowOutputNode", "content": {"document": document}}}


DONE = {"flowCompletionEvent": {"completionReason": "SUCCESS"}}


def test_a_flow_runs_to_its_end() -> None:
    usage = {"inputTokens": 3, "outputTokens": 2}
    trace = {"flowTraceEvent": {"trace": {"nodeActionTrace": {"operationResponse": {"usage": usage}}}}}
    script = Script([trace, trace, output("Because."), DONE])
    found = answered(built(script, flow="x"))
    assert (found.text, found.stop_reason, found.usage.input_tokens) == ("Because.", "SUCCESS", 6)
    assert script.asked[0][:2] == ("bedrock-agent-runtime", "InvokeFlow")
    assert script.asked[0][2] == {
        "flowIdentifier": "FLOW", "flowAliasIdentifier": "ALIAS", "enableTrace": True,
        "inputs": [{"nodeName": "Start", "nodeOutputName": "document", "content": {"document": "Why?"}}],
    }  # fmt: skip
    assert answered(built(Script([output({"a": 1}), DONE]), flow="x")).text == '{"a": 1}'
    several = answered(built(Script([output("x", "A"), output(2, "B"), DONE]), flow="x")).text
    assert json.loads(several) == {"A": "x", "B": 2}


def test_a_flow_that_does_not_come_to_its_end_said_nothing() -> None:
    waiting = {"flowCompletionEvent": {"completionReason": "INPUT_REQUIRED"}}
    more = {"flowMultiTurnInputRequestEvent": {"nodeName": "A", "nodeType": "AgentNode", "content": {"document": "?"}}}
    for events, expected in (
        ([], "truncated"),
        ([output("x")], "truncated"),
        ([output("x"), waiting], "refused"),
        ([more, waiting], "refused"),
        ([output("x"), {"dependencyFailedException": {"message": SECRET}}], "unavailable"),
        ([output("x"), failure(Failure.THROTTLED, "ThrottlingException")], "throttled"),
        ([{"flowOutputEvent": {"nodeName": "End"}}, DONE], "truncated"),
    ):
        assert trouble(built(Script(events), flow="x")) == expected, events


def test_a_flow_that_gives_the_guardrails_message_was_blocked() -> None:
    assert answered(built(Script([output("Not here."), DONE]), flow="x")).guarded.blocked
    assert not answered(built(Script([output("Not here, but there."), DONE]), flow="x")).guarded.blocked


@pytest.mark.parametrize(
    ("type", "given", "document"),
    [
        ("Object", {"a": 1}, {"a": 1}),
        ("Number", {"n": 5}, 5),
        ("Number", {"n": True}, None),
        ("Object", "text", None),
        ("Array", {"rows": ["a"]}, ["a"]),
    ],
)
def test_a_flow_gets_its_input_in_its_type(type: str, given: Any, document: Any) -> None:
    start = {"name": "Start", "type": "Input", "outputs": [{"name": "document", "type": type}]}
    flow = Live("F", "arn", "1", {"definition": {"nodes": [start]}}, "ALIAS")
    target = built(Script(), replace={"flow": flow}, flow="x")
    if document is None:
        with pytest.raises(Refusal):
            target.request(case(given))
    else:
        assert target.request(case(given)).content["inputs"][0]["content"]["document"] == document


# -- agents ------------------------------------------------------------------------------------------------------------


def step(**found: Any) -> dict[str, Any]:
    return {"trace": {"trace": {"orchestrationTrace": found}}}


def test_an_agent_answers_in_a_session_of_its_own() -> None:
    citation = {"retrievedReferences": [ROW]}
    events = [
        step(modelInvocationOutput={"metadata": {"usage": {"inputTokens": 4, "outputTokens": 2}}}),
        {"chunk": {"bytes": "Früh".encode()[:3]}},
        {"chunk": {"bytes": "Früh".encode()[3:], "attribution": {"citations": [citation]}}},
    ]
    script = Script(events, events)
    target = built(script, agent="x")
    found = [answered(target) for _ in range(2)]
    assert found[0] == found[1] and (found[0].text, found[0].usage.input_tokens, found[0].model) == ("Früh", 4, "m")
    assert [p.id for p in found[0].passages] == ["s3://b/cats"]
    sessions = {params.pop("sessionId") for _, _, params in script.asked}
    assert len(sessions) == 2 and all(2 <= len(s) <= 100 for s in sessions)
    assert script.asked[0][2] == {
        "agentId": "AGENT", "agentAliasId": "ALIAS", "inputText": "Why?", "enableTrace": True
    }  # fmt: skip


def test_tools_of_an_agent_are_those_it_returns_and_those_it_used() -> None:
    row = {"name": "id", "type": "string", "value": "A-17"}
    used = {"actionGroupName": "g", "function": "pay", "parameters": [row], "executionType": "LAMBDA"}
    returned = {"actionGroup": "g", "function": "cancel", "parameters": [row]}
    api = {"actionGroup": "g", "apiPath": "/refunds", "httpMethod": "POST"}
    inputs = [{"functionInvocationInput": returned}, {"apiInvocationInput": api}]
    events = [
        step(invocationInput={"actionGroupInvocationInput": used}),
        step(invocationInput={"actionGroupInvocationInput": {**returned, "executionType": "RETURN_CONTROL"}}),
        {"returnControl": {"invocationId": "i", "invocationInputs": inputs}},
    ]
    found = answered(built(Script(events), agent="x"))
    assert [(t.name, t.input) for t in found.tools] == [
        ("pay", {"id": "A-17"}), ("cancel", {"id": "A-17"}), ("POST /refunds", {})
    ]  # fmt: skip
    assert found.stop_reason == "return_control"


def test_an_agents_guardrail_is_told_by_its_trace() -> None:
    row = {"name": "Advice", "type": "DENY", "action": "BLOCKED"}
    trace = {"action": "INTERVENED", "inputAssessments": [{"topicPolicy": {"topics": [row]}}], "outputAssessments": []}
    events = [{"trace": {"trace": {"guardrailTrace": trace}}}, {"chunk": {"bytes": b"Not here."}}]
    assert answered(built(Script(events), agent="x")).guarded.blocked
    silent = [{"trace": {"trace": {"guardrailTrace": {"action": "INTERVENED"}}}}, {"chunk": {"bytes": b"x"}}]
    assert trouble(built(Script(silent), agent="x")) == "unparsable"


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], "truncated"),
        ([step(observation={"type": "FINISH"})], "truncated"),
        ([{"chunk": {"bytes": b""}}], "truncated"),
        ([{"chunk": {"bytes": b"\xff"}}], "unparsable"),
        ([{"chunk": {"bytes": b"x"}}, {"badGatewayException": {"message": SECRET}}], "unavailable"),
        ([{"chunk": {"bytes": b"x"}}, failure(Failure.AMBIGUOUS, "ProtocolError")], "truncated"),
    ],
    ids=str,
)
def test_an_agent_that_breaks_off_said_nothing(events: Any, expected: str) -> None:
    assert trouble(built(Script(events), agent="x")) == expected


# -- applications ------------------------------------------------------------------------------------------------------

Reply = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def application() -> Iterator[tuple[str, list[Any], list[Reply]]]:
    """Its URL, what was posted to it, and how it replies next."""
    posted: list[Any] = []
    replies: list[Reply] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.close_connection = True
            replies.pop(0)(self)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/answers", posted, replies
    server.shutdown()
    server.server_close()


def replying(content: bytes, status: int = 200, length: int | None = None, **headers: str) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return reply


def at(url: str) -> Target:
    found = wanted(Script(), application="desk")
    found = Wanted(**{n: getattr(found, n) for n in Wanted.__slots__} | {"applications": {"desk": url}})
    kind = kind_of(found.target)
    assert kind is not None
    return kind.build(found)


def test_an_application_answers(application: Any) -> None:
    url, posted, replies = application
    said = {
        "output": "Früh", "usage": USAGE, "passages": [{"id": "p", "score": 1}], "blocked": True, "model": "m",
        "tools": [{"name": "t", "input": {}}],
    }  # fmt: skip
    replies += [replying(json.dumps(said).encode()), replying(b'{"output": {"a": 1}}')]
    found = answered(at(url))
    assert (found.text, found.guarded.blocked, found.usage.cache_read_tokens, found.model) == ("Früh", True, 7, "m")
    assert (found.passages[0].id, found.tools[0].name) == ("p", "t")
    assert posted == [{"id": "c1", "input": {"question": "Why?"}}]
    assert answered(at(url)).text == '{"a": 1}'
    assert key_of(at(url).request(case()), 0) != key_of(at(url).request(case()), 0)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (replying(b"{}", 429, Retry_After="7"), "throttled"),
        (replying(b"{}", 503), "unavailable"),
        (replying(b"{}", 504), "timeout"),
        (replying(b'{"output": "x"}', 401), "refused"),
        (replying(b'{"output": "x"}', 302, Location="http://127.0.0.1:1/"), "refused"),
        (replying(b'{"output": "x"}', 204, length=0), "refused"),
        (replying(b'{"output": "x"}', length=99), "truncated"),
        (replying(b'{"output": "x'), "unparsable"),
        (replying(b'["x"]'), "unparsable"),
        (replying(b'{"answer": "x"}'), "unparsable"),
        (replying(b'{"output": null}'), "unparsable"),
        (replying(b'{"output": "x", "blocked": "true"}'), "unparsable"),
        (replying(b'{"output": "x", "blockd": true}'), "unparsable"),
        (replying(b'{"output": "x", "usage": {"inputTokens": -5}}'), "unparsable"),
        (replying(b'{"output": "x", "passages": ["p"]}'), "unparsable"),
        (replying(b'{"output": "' + b"x" * (1 << 20) + b'"}'), "unparsable"),
        (replying(b'{"output": "x"}', Content_Encoding="gzip"), "unparsable"),
        (lambda handler: handler.connection.close(), "truncated"),
    ],
)
def test_an_application_that_does_not_answer_as_agreed(application: Any, reply: Reply, expected: str) -> None:
    url, _, replies = application
    replies.append(reply)
    assert trouble(at(url)) == expected


def test_an_application_that_nobody_serves_or_that_asks_for_time(application: Any) -> None:
    url, _, replies = application
    replies.append(replying(b"{}", 429, Retry_After="7"))
    target = at(url)
    with pytest.raises(Refusal) as caught:
        target.ask(target.request(case()))
    assert caught.value.retry_after == 7.0
    assert trouble(at("http://127.0.0.1:1/")) == "unavailable"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "http://127.0.0.1.example.com/", "http://127.0.0.1@example.com/", "ftp://127.0.0.1/",
        "https://user:key@example.com/", "https://example.com/#a", "https:///x", "file:///etc/passwd", "",
        "http://169.254.169.254/",
    ],
)  # fmt: skip
def test_only_https_and_this_machine_are_called(url: str) -> None:
    with pytest.raises(ValueError, match="application"):
        checked(url)
    assert checked("https://example.com/a") and checked("http://[::1]:8/") and checked("http://localhost/")


# -- results -----------------------------------------------------------------------------------------------------------


def test_results_are_brought_by_case() -> None:
    brought = read(
        b'{"id": "c1", "output": "yes", "blocked": true}\n\n{"id": "c2", "output": "a"}\n{"id": "c2", "output": "b"}\n'
    )
    found = answered(brought)
    assert (found.text, found.guarded.blocked) == ("yes", True)
    for name in ("c2", "c3"):
        with pytest.raises(Refusal) as caught:
            brought.request(Case(id=name, input="", digest=""))
        assert caught.value.failure.trouble == "missing"


@pytest.mark.parametrize(
    "line",
    [
        b"no", b"[1]", b'"id"', b'{"id": "a"}', b'{"id": 1, "output": "x"}', b'{"id": "a", "output": null}',
        b'{"id": "a", "output": "x", "blocked": "yes"}', b'{"id": "a", "output": "x", "output": "y"}',
        b'{"id": "a", "output": "\xff"}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_results_that_cannot_be_read_are_told_with_their_line(line: bytes) -> None:
    with pytest.raises(ValueError, match="line 2"):
        read(b'{"id": "c1", "output": "yes"}\n' + line)


JUNIT = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="s" tests="9">
<testcase name="good" classname="k"/>
<testcase name="test_case[in-brackets]"><system-out>failure</system-out></testcase>
<testcase name="bad"><failure message="m">SECRET &lt;x></failure></testcase>
<testcase name="skipped"><skipped/></testcase>
<testcase name="broken"><error/></testcase>
<testcase name="twice"/><testcase name="twice"/>
<testcase name="flaky"><flakyFailure/></testcase>
<testcase name="off" status="notrun"/>
</testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("good", "passed"),
        ("in-brackets", "passed"),
        ("bad", "failed"),
        ("flaky", "failed"),
        ("skipped", None),
        ("broken", None),
        ("twice", None),
        ("off", None),
        ("absent", None),
    ],
)
def test_results_of_other_tools_pass_only_where_they_passed(name: str, expected: str | None) -> None:
    brought = read(JUNIT)
    asked = Case(id=name, input="", digest="")
    if expected is None:
        with pytest.raises(Refusal) as caught:
            brought.request(asked)
        assert caught.value.failure.trouble == "missing"
    else:
        assert answered(brought, asked).text == expected
        assert "SECRET" not in repr(brought)


BOMB = '<!DOCTYPE t [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><testsuites><testcase name="&b;"/></testsuites>'


@pytest.mark.parametrize(
    "content",
    [
        BOMB.encode(),
        b"\xef\xbb\xbf" + BOMB.encode(),
        BOMB.encode("utf-16"),
        b'<!DOCTYPE t SYSTEM "file:///etc/passwd"><testsuites/>',
        JUNIT[:-20],
        b"<html></html>",
        b"<testsuite><testcase/></testsuite>",
        b"<testsuite>" + b"<a>" * 40 + b"</a>" * 40 + b"</testsuite>",
        b'<?xml version="1.0" encoding="klingon"?><testsuite/>',
        b"<testsuite>" + b" " * (16 << 20) + b"</testsuite>",
    ],
    ids=range(10),
)
def test_hostile_xml_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"results|test"):
        read(content)


# -- against the sandbox -----------------------------------------------------------------------------------------------

ACCOUNT = "717171717171"
MODEL = "amazon.nova-lite-v1:0"
WORDS = {"wordPolicyConfig": {"wordsConfig": [{"text": "bananas"}]}}
MASKING = {"sensitiveInformationPolicyConfig": {"piiEntitiesConfig": [{"type": "EMAIL", "action": "ANONYMIZE"}]}}


@pytest.fixture
def account(world_box: sandbox.SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Clients of an emptied account, to which the door leads."""
    world_box.admin.reset(ACCOUNT)
    for name, value in world_box.env(ACCOUNT, "eu-central-1").items():
        monkeypatch.setenv(name, value)
    return lambda service: world_box.client(service, ACCOUNT)


def guardrail(account: Callable[..., Any], **policies: Any) -> Live:
    said = {"blockedInputMessaging": "No question.", "blockedOutputsMessaging": "No answer."}
    made = account("bedrock").create_guardrail(name="g", **said, **policies)
    version = account("bedrock").create_guardrail_version(guardrailIdentifier=made["guardrailId"])["version"]
    return Live(made["guardrailId"], made["guardrailArn"], version, said)


def test_a_guardrail_of_the_sandbox(account: Callable[..., Any]) -> None:
    guards = {"guardrail": guardrail(account, **WORDS, **MASKING)}
    alone = built(BotoAws("eu-central-1"), "published", guards, guardrail="x")
    blocked, masked, passed = (answered(alone, case(t)) for t in ("I like bananas.", "Write to jo@x.eu.", "Hello."))
    assert (blocked.text, blocked.guarded.blocked) == ("No question.", True)
    assert masked.guarded.masked and not masked.guarded.blocked and "jo@x.eu" not in masked.text
    assert (passed.text, passed.guarded.intervened) == ("Hello.", False)
    around = built(BotoAws("eu-central-1"), "published", guards, model="x", guardrail="x")
    found = answered(around, case("Say bananas."))
    assert found.guarded.blocked and found.usage.guardrail_units and found.stop_reason == "guardrail_intervened"


def test_a_prompt_of_the_sandbox_says_the_same_published_and_inline(account: Callable[..., Any]) -> None:
    text = "Context:\nA card costs 5 EUR.\n\nQuestion: {{question}}"
    template = {"text": {"text": text, "inputVariables": [{"name": "question"}]}}
    variant = {"name": "v", "templateType": "TEXT", "templateConfiguration": template, "modelId": MODEL}
    made = account("bedrock-agent").create_prompt(name="p", variants=[variant], defaultVariant="v")
    version = account("bedrock-agent").create_prompt_version(promptIdentifier=made["id"])["version"]
    prompt = Live(made["id"], made["arn"], version, {"defaultVariant": "v", "variants": [variant]})
    aws, asked = BotoAws("eu-central-1"), case({"question": "What does a card cost?"})
    published, inline = (
        answered(built(aws, via, {"prompt": prompt}, prompt="x"), asked) for via in ("published", "inline")
    )
    assert published == inline and "5 EUR" in inline.text


def test_a_flow_an_agent_and_a_knowledge_base_of_the_sandbox(account: Callable[..., Any]) -> None:
    where, _ = library(account, {"cats.txt": CATS})  # type: ignore[no-untyped-call]
    agents, aws = account("bedrock-agent"), BotoAws("eu-central-1")
    base = {"knowledge-base": Live(where["knowledgeBaseId"], "arn")}
    found = answered(built(aws, "published", base, knowledge_base="x"), case("When do cats hunt?"))
    assert [p.text for p in found.passages] == [CATS]
    said = answered(built(aws, "published", base, knowledge_base="x", model="x"), case("When do cats hunt?"))
    assert said.text == "Cats sleep most of the day. They hunt"  # nine tokens, as the model's entry says

    id = new_agent(agents, instruction="Answer from the search results, please, and say nothing besides.")
    agents.associate_agent_knowledge_base(
        agentId=id, agentVersion="DRAFT", knowledgeBaseId=where["knowledgeBaseId"], description="Pets"
    )
    agent = Live(id, "arn", "1", {"foundationModel": MODEL}, new_alias(agents, id))
    said = answered(built(aws, "published", {"agent": agent}, agent="x"), case("When do cats hunt?"))
    assert "dusk" in said.text and [p.text for p in said.passages] == [CATS] and said.usage.output_tokens

    flow = Live(prepared(agents), "arn", "1", {"definition": STRAIGHT}, "TSTALIASID")
    assert answered(built(aws, "published", {"flow": flow}, flow="x"), case("hello")).text == "hello"
    absent = Live("A" * 10, "arn", "1", {}, "TSTALIASID")
    assert trouble(built(aws, "published", {"flow": absent}, flow="x")) == "refused"
