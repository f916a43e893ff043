"""InvokeAgent: a turn of a session through an alias, answered in events: traces when asked, then one chunk, or control.

Sources: bedrock-agent-runtime service model ("InvokeAgent returns one chunk for the entire interaction"; with
``returnControlInvocationResults`` the ``inputText`` is ignored); quota page: 25 requests a second. The error of an
alias that rejects invocations is not documented: a switch.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox import agent_run
from releaser.sandbox.agent_run import Conversation, Said
from releaser.sandbox.buckets import Rate
from releaser.sandbox.call import Call
from releaser.sandbox.errors import not_in_the_sandbox, validation
from releaser.sandbox.event_stream import Event
from releaser.sandbox.kind import Kind

KIND = Kind(
    "invoke-agent",
    switches={"agentAliasRejects": ("ValidationException", "AccessDeniedException")},
    rates={"bedrock-agent-runtime.InvokeAgent": Rate(25)},
)

_NOT_PLAYED = ("files", "conversationHistory")
_ENDED = "Session is terminated as 'endSession' flag is set in request."


@KIND.operation("bedrock-agent-runtime", "InvokeAgent")
def invoke_agent(call: Call) -> dict[str, Any]:
    """The next turn of a session, which begins with its first."""
    params = call.params
    agent = agent_run.find(call, params["agentId"], params["agentAliasId"])
    talk = Conversation(call, agent, params["sessionId"])
    said = _turn(call, talk)
    about = {"agentId": agent.id, "agentAliasId": agent.alias, "agentVersion": agent.version}
    about |= {"sessionId": params["sessionId"]}
    traces = talk.traces if params.get("enableTrace") else []
    now = call.clock.now()
    events: list[Event] = [("trace", {**about, "eventTime": now, "trace": trace}) for trace in traces]
    if said.control is not None:
        events.append(("returnControl", said.control))
    else:
        attribution = {"attribution": {"citations": said.citations}} if said.citations else {}
        events.append(("chunk", {"bytes": said.text.encode(), **attribution}))
    return {"sessionId": params["sessionId"], "contentType": "application/json", "completion": events}


def _turn(call: Call, talk: Conversation) -> Said:
    state = call.params.get("sessionState", {})
    for member in _NOT_PLAYED:
        if member in state:
            raise not_in_the_sandbox(f"{call.operation.key} with {member}")
    if call.params.get("endSession"):
        talk.end()
        return Said(_ENDED)
    if "returnControlInvocationResults" in state:
        return talk.resume(state)
    text = call.params.get("inputText", "")
    if not text.strip():
        raise validation("The request must have an inputText.")
    return talk.ask(text, state)
