"""RetrieveAndGenerate over knowledge bases, at once and as a stream; sessions remember their turns.

Sources: bedrock-agent-runtime service model ("You can't explicitly set the sessionId yourself"); quota page: 20
requests a second. EXTERNAL_SOURCES and query decomposition are not played.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from releaser.sandbox import grounded, retrieval
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import not_in_the_sandbox, validation
from releaser.sandbox.event_stream import Event
from releaser.sandbox.grounded import Grounded, Question
from releaser.sandbox.kind import Kind

_SESSIONS = "retrieval-session"
_SERVICE = "bedrock-agent-runtime"

KIND = Kind(
    "retrieve-and-generate",
    rates={f"{_SERVICE}.RetrieveAndGenerate": Rate(20), f"{_SERVICE}.RetrieveAndGenerateStream": Rate(20)},
)


@KIND.operation(_SERVICE, "RetrieveAndGenerate")
def retrieve_and_generate(call: Call) -> dict[str, Any]:
    """An answer with citations."""
    session, found = _answer(call)
    guarded = {"guardrailAction": _action(found)} if _guardrail(_configuration(call)) else {}
    return {"sessionId": session, "output": {"text": found.text}, "citations": found.citations, **guarded}


@KIND.operation(_SERVICE, "RetrieveAndGenerateStream")
def retrieve_and_generate_stream(call: Call) -> dict[str, Any]:
    """The same in events: the text of each part, then its citation."""
    session, found = _answer(call)
    events: list[Event] = []
    if _guardrail(_configuration(call)):
        events.append(("guardrail", {"action": _action(found)}))
    at = 0
    for one in found.citations:
        end = one["generatedResponsePart"]["textResponsePart"]["span"]["end"] + 1
        events += [("output", {"text": found.text[at:end]}), ("citation", one)]
        at = end
    if found.text[at:]:
        events.append(("output", {"text": found.text[at:]}))
    return {"sessionId": session, "stream": events}


def _answer(call: Call) -> tuple[str, Grounded]:
    wanted, text = _configuration(call), call.params["input"]["text"]
    if not text.strip():
        raise validation("The input must have a text.")
    session, before = _session(call)
    generation = wanted.get("generationConfiguration", {})
    question = Question(
        text=text,
        model=wanted["modelArn"],
        retrieval=wanted.get("retrievalConfiguration"),
        template=generation.get("promptTemplate", {}).get("textPromptTemplate", grounded.TEMPLATE),
        inference=generation.get("inferenceConfig", {}).get("textInferenceConfig"),
        guardrail=_guardrail(wanted),
        before=before,
    )
    found = grounded.answer(call, retrieval.base(call, wanted["knowledgeBaseId"]), question)
    call.put(_SESSIONS, session, {"turns": [*before, ("user", text), ("assistant", found.text)]})
    return session, found


def _configuration(call: Call) -> Mapping[str, Any]:
    """The knowledge base configuration, when that is what was asked."""
    given = call.params.get("retrieveAndGenerateConfiguration")
    if given is None:
        raise validation("retrieveAndGenerateConfiguration is required.")
    if given["type"] != "KNOWLEDGE_BASE":
        raise not_in_the_sandbox(f"{call.operation.key} with {given['type']}")
    if "knowledgeBaseConfiguration" not in given or "externalSourcesConfiguration" in given:
        raise validation("The type KNOWLEDGE_BASE goes with knowledgeBaseConfiguration, and with it alone.")
    found: Mapping[str, Any] = given["knowledgeBaseConfiguration"]
    if "queryTransformationConfiguration" in found.get("orchestrationConfiguration", {}):
        raise not_in_the_sandbox(f"{call.operation.key} with queryTransformationConfiguration")
    return found


def _guardrail(wanted: Mapping[str, Any]) -> dict[str, str] | None:
    given = wanted.get("generationConfiguration", {}).get("guardrailConfiguration")
    if given is None:
        return None
    return {"guardrailIdentifier": given["guardrailId"], "guardrailVersion": given["guardrailVersion"]}


def _action(found: Grounded) -> str:
    return "INTERVENED" if found.answered.intervened else "NONE"


def _session(call: Call) -> tuple[str, list[tuple[str, str]]]:
    """A session's id and turns: a new one's, or one that was begun here."""
    id = call.params.get("sessionId")
    if id is None:
        return str(uuid.uuid4()), []
    doc = call.row(_SESSIONS, id)
    if doc is None:
        raise validation(f"Session with Id {id} is not valid. Please check and try again.")
    return id, [(role, text) for role, text in doc["turns"]]
