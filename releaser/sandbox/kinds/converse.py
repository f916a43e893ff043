"""Converse, ConverseStream and CountTokens of text models, which ``language.py`` stands in for.

Sources: bedrock-runtime service model; user guide, "Carry out a conversation with the Converse API operations" (order
of the events; ``metadata`` last).
"""

from __future__ import annotations

import json
from typing import Any

from releaser.sandbox import conversation, guarded, invoked, language
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import not_in_the_sandbox
from releaser.sandbox.event_stream import Event
from releaser.sandbox.guarded import Outcome
from releaser.sandbox.kind import Kind
from releaser.sandbox.language import Said

_DELTA = 4

# On AWS requests and tokens a minute differ by model, region and account: here one rate stands for them.
_RATE = Rate(50)

KIND = Kind(
    "converse",
    switches={"conversePromptDraft": ("refuse", "allow")},
    rates={f"bedrock-runtime.{name}": _RATE for name in ("Converse", "ConverseStream", "CountTokens")},
)


@KIND.operation("bedrock-runtime", "Converse")
def converse(call: Call) -> dict[str, Any]:
    """The model's answer to a conversation."""
    found = guarded.say(call, conversation.understand(call), call.params.get("guardrailConfig"))
    return {
        "output": {"message": {"role": "assistant", "content": _content(found.said)}},
        "stopReason": found.said.stop_reason,
        **_metadata(call, found),
    }


@KIND.operation("bedrock-runtime", "ConverseStream")
def converse_stream(call: Call) -> dict[str, Any]:
    """The same answer in events, a few tokens each."""
    found = guarded.say(call, conversation.understand(call), call.params.get("guardrailConfig"))
    said = found.said
    events: list[Event] = [("messageStart", {"role": "assistant"})]
    for place, block in enumerate(_content(said)):
        at = {"contentBlockIndex": place}
        if "toolUse" in block:
            body = block["toolUse"]
            start = {"toolUse": {"toolUseId": body["toolUseId"], "name": body["name"]}}
            events.append(("contentBlockStart", {"start": start, **at}))
            events.append(("contentBlockDelta", {"delta": {"toolUse": {"input": json.dumps(body["input"])}}, **at}))
        else:
            events += [("contentBlockDelta", {"delta": {"text": piece}, **at}) for piece in _deltas(block["text"])]
        events.append(("contentBlockStop", at))
    events.append(("messageStop", {"stopReason": said.stop_reason}))
    return {"stream": [*events, ("metadata", _metadata(call, found))]}


@KIND.operation("bedrock-runtime", "CountTokens")
def count_tokens(call: Call) -> dict[str, Any]:
    """How many tokens the request would have: words and signs."""
    invoked.text_model(call, call.params["modelId"])
    given = call.params["input"]
    if "converse" not in given:
        raise not_in_the_sandbox("bedrock-runtime.CountTokens of invokeModel")
    system, turns = guarded.plain(conversation.read(given["converse"]))
    return {"inputTokens": language.count(system, turns)}


def _content(said: Said) -> list[dict[str, Any]]:
    text = [{"text": said.text}] if said.text or said.tool is None else []
    return text if said.tool is None else [*text, {"toolUse": dict(said.tool)}]


def _deltas(text: str) -> list[str]:
    found = language.pieces(text)
    return ["".join(found[at : at + _DELTA]) for at in range(0, len(found), _DELTA)]


def _metadata(call: Call, found: Outcome) -> dict[str, Any]:
    said = found.said
    total = said.input_tokens + said.output_tokens
    usage = {"inputTokens": said.input_tokens, "outputTokens": said.output_tokens, "totalTokens": total}
    latency = max(1, round(1000 * (call.settings.model_latency + said.total_s)))
    return {"usage": usage, "metrics": {"latencyMs": latency}, "trace": found.trace}
