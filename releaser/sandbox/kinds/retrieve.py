"""Retrieve: passages of a knowledge base for a question.

Sources: bedrock-agent-runtime service model; quota page: 20 requests a second. What "can fit in the response" is not
documented: ``retrievePage`` results.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import retrieval
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import not_in_the_sandbox, validation
from releaser.sandbox.generation import refuse
from releaser.sandbox.kind import Kind
from releaser.sandbox.paging import page

KIND = Kind(
    "retrieve",
    switches={"retrievePage": (100,)},
    rates={"bedrock-agent-runtime.Retrieve": Rate(20)},
)


@KIND.operation("bedrock-agent-runtime", "Retrieve")
def retrieve(call: Call) -> dict[str, Any]:
    """The best passages, page by page when they are many."""
    query = call.params["retrievalQuery"]
    if query.get("type", "TEXT") == "IMAGE" or "image" in query:
        raise not_in_the_sandbox(f"{call.operation.key} with an image")
    if not query.get("text", "").strip():
        raise validation("The retrieval query must have a text.")
    guarded = _guarded(call, query["text"])
    if guarded.get("guardrailAction") == "INTERVENED":
        return {"retrievalResults": [], **guarded}
    doc = retrieval.base(call, call.params["knowledgeBaseId"])
    configuration = call.params.get("retrievalConfiguration", {})
    hits = retrieval.search(call, doc, query["text"], configuration)
    rows = [((rank,), hit.result()) for rank, hit in enumerate(hits)]
    question = [doc["knowledgeBaseId"], query, configuration]
    size = int(call.settings.switch("retrievePage"))
    found, more = page(call, rows, size=size, token=call.params.get("nextToken"), question=question)
    return {"retrievalResults": found, "nextToken": more, **guarded}


def _guarded(call: Call, text: str) -> dict[str, str]:
    """What the guardrail says of the question, where there is one; what is found is not looked at."""
    given = call.params.get("guardrailConfiguration")
    if given is None:
        return {}
    named = {"guardrailIdentifier": given["guardrailId"], "guardrailVersion": given["guardrailVersion"]}
    return {"guardrailAction": "NONE" if refuse(call, named, text) is None else "INTERVENED"}
