"""RetrieveAndGenerate: answers from passages, citations with spans, sessions, the stream."""

from __future__ import annotations

import pytest

from sandbox.checks import refused
from sandbox.test_retrieve import CATS, DOGS, library

MODEL = "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0"


@pytest.fixture
def base(client):
    where, _ = library(client, {"cats.txt": CATS, "dogs.txt": DOGS})
    return where["knowledgeBaseId"]


def asking(base, text="When do cats hunt?", session=None, **generation):
    body = {"knowledgeBaseId": base, "modelArn": MODEL}
    if generation:
        body["generationConfiguration"] = generation
    wanted = {"type": "KNOWLEDGE_BASE", "knowledgeBaseConfiguration": body}
    more = {"sessionId": session} if session else {}
    return {"input": {"text": text}, "retrieveAndGenerateConfiguration": wanted, **more}


def check_citations(text, citations):
    for one in citations:
        part = one["generatedResponsePart"]["textResponsePart"]
        assert text[part["span"]["start"] : part["span"]["end"] + 1] == part["text"]


def test_an_answer_with_citations(client, base):
    reply = client("bedrock-agent-runtime").retrieve_and_generate(**asking(base))
    text = reply["output"]["text"]
    assert "dusk" in text and "guardrailAction" not in reply
    check_citations(text, reply["citations"])
    cited = [ref for one in reply["citations"] for ref in one["retrievedReferences"]]
    assert cited and all(ref["content"]["text"] == CATS for ref in cited)
    assert set(cited[0]) == {"content", "location", "metadata"}


def test_nothing_found(client, base):
    reply = client("bedrock-agent-runtime").retrieve_and_generate(**asking(base, "Quantum electrodynamics?"))
    assert reply["output"]["text"] == "Sorry, I am unable to assist you with this request."
    (one,) = reply["citations"]
    assert one["retrievedReferences"] == []
    assert one["generatedResponsePart"]["textResponsePart"]["span"] == {"start": 0, "end": 50}


def test_sessions(client, base):
    runtime = client("bedrock-agent-runtime")
    session = runtime.retrieve_and_generate(**asking(base))["sessionId"]
    again = runtime.retrieve_and_generate(**asking(base, "And dogs, what do they guard?", session))
    assert again["sessionId"] == session
    with refused("ValidationException", 400, "Session"):
        runtime.retrieve_and_generate(**asking(base, session="not-begun-here"))


def test_stream(client, base):
    runtime = client("bedrock-agent-runtime")
    reply = runtime.retrieve_and_generate_stream(**asking(base))
    events = list(reply["stream"])
    text = "".join(one["output"]["text"] for one in events if "output" in one)
    assert reply["sessionId"] and text == runtime.retrieve_and_generate(**asking(base))["output"]["text"]
    citations = [one["citation"] for one in events if "citation" in one]
    assert any(one["retrievedReferences"] for one in citations)
    check_citations(text, citations)


def test_refusals(client, base):
    runtime = client("bedrock-agent-runtime")
    with refused("ResourceNotFoundException", 404):
        runtime.retrieve_and_generate(**asking("A" * 10))
    with refused("ValidationException", 400, "search_results"):
        runtime.retrieve_and_generate(**asking(base, promptTemplate={"textPromptTemplate": "Answer!"}))
    with refused("ValidationException", 400):
        runtime.retrieve_and_generate(input={"text": "x"})
    wrong = asking(base)
    wrong["retrieveAndGenerateConfiguration"]["knowledgeBaseConfiguration"]["modelArn"] = "nobody.model-v1"
    with refused("ValidationException", 400):
        runtime.retrieve_and_generate(**wrong)
    wrong["retrieveAndGenerateConfiguration"] = {"type": "EXTERNAL_SOURCES"}
    with refused("NotInTheSandbox", 501, "EXTERNAL_SOURCES"):
        runtime.retrieve_and_generate(**wrong)
