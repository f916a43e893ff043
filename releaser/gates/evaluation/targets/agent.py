"""An agent, by InvokeAgent through an alias: every case in a session of its own.

As with flows, the alias is given by whoever builds the target and must lead to the version that is evaluated. Sources:
service model. A stream of an agent has no last event: its text comes as whole frames, so a reply is whole when it has
text or returns control, and the connection did not break.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Passage, Response, Timing, ToolUse, Usage
from releaser.core.values import digest
from releaser.engine.ports import Runtime
from releaser.gates.evaluation.ports import Answer, Request
from releaser.gates.evaluation.targets.kind import Kind, Live, Wanted
from releaser.gates.evaluation.targets.saying import (
    added,
    cited,
    cut_off,
    guarded_of,
    heard,
    question_of,
    units_of,
    unreadable,
    usage_of,
)

_STEPS = ("preProcessingTrace", "orchestrationTrace", "postProcessingTrace", "routingClassifierTrace")


@dataclass(slots=True)
class _Said:
    """What a stream has brought so far."""

    text: list[bytes] = field(default_factory=list)
    tools: list[ToolUse] = field(default_factory=list)
    returned: bool = False
    passages: list[Passage] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)
    assessments: list[Mapping[str, Any]] = field(default_factory=list)
    intervened: bool = False

    def hear(self, event: Mapping[str, Any]) -> None:
        """Takes an event in."""
        if "chunk" in event:
            self.text.append(event["chunk"].get("bytes") or b"")
            self.passages += cited((event["chunk"].get("attribution") or {}).get("citations") or ())
        elif "returnControl" in event:
            self.returned = True
            self.tools += _returned(event["returnControl"])
        elif "trace" in event:
            self._see(event["trace"].get("trace") or {})

    def _see(self, trace: Mapping[str, Any]) -> None:
        if guardrail := trace.get("guardrailTrace"):
            self.intervened = self.intervened or guardrail.get("action") == "INTERVENED"
            for member in ("inputAssessments", "outputAssessments"):
                self.assessments += guardrail.get(member) or ()
        for name in _STEPS:
            step = trace.get(name) or {}
            metadata = (step.get("modelInvocationOutput") or {}).get("metadata") or {}
            if metadata.get("usage"):
                self.usages.append(usage_of(metadata, {}))
            self.tools += _used(step.get("invocationInput") or {})


@dataclass(frozen=True, slots=True)
class Agents:
    """One version of an agent, behind an alias."""

    runtime: Runtime
    lane: str
    live: Live
    moment: str

    def request(self, case: Case) -> Request:
        """What is said to the agent. The session is no part of it: each try begins a new one."""
        content = {
            "agentId": self.live.id,
            "agentAliasId": self.live.alias,
            "inputText": question_of(case),
            "enableTrace": True,
            "behaviour": {"version": self.live.version, "moment": self.moment},
        }
        return Request(self.lane, "InvokeAgent", content)

    def ask(self, request: Request) -> Answer:
        """One turn."""
        params = {k: v for k, v in request.content.items() if k != "behaviour"}
        params["sessionId"] = f"{digest(request.content)[:16]}-{uuid4().hex}"
        said, first, began = _Said(), None, time.monotonic()
        last = began
        for last, event in heard(self.runtime, "bedrock-agent-runtime", "InvokeAgent", params, "completion"):
            if first is None and event.keys() & {"chunk", "returnControl"}:
                first = last
            said.hear(event)
        if not said.returned and not any(said.text):
            raise cut_off("text or returned control")
        try:
            text = b"".join(said.text).decode()
        except UnicodeDecodeError:
            raise unreadable("the text is not UTF-8") from None
        assessments = said.assessments
        response = Response(
            text=text,
            stop_reason="return_control" if said.returned else "end_turn",
            tools=tuple(said.tools),
            guarded=guarded_of(assessments, intervened=said.intervened),
            passages=tuple(dict.fromkeys(said.passages)),
            usage=added([*said.usages, Usage(guardrail_units=units_of(assessments))]),
            model=str(self.live.body.get("foundationModel", "")),
        )
        timing = Timing(
            first_token=(first - began) * 1000 if first is not None else None, last_token=(last - began) * 1000
        )
        return Answer(response, timing)


def _returned(control: Mapping[str, Any]) -> Iterator[ToolUse]:
    """The actions that the caller is to take."""
    for one in control.get("invocationInputs") or ():
        if found := one.get("functionInvocationInput"):
            yield ToolUse(name=str(found.get("function", "")), input=_parameters(found))
        elif found := one.get("apiInvocationInput"):
            yield ToolUse(name=_path(found, "httpMethod"), input=_parameters(found))


def _used(given: Mapping[str, Any]) -> Iterator[ToolUse]:
    """The actions that the agent took by itself, as its trace tells them; those it returned are told by the reply."""
    found = given.get("actionGroupInvocationInput")
    if found and found.get("executionType") != "RETURN_CONTROL":
        name = str(found["function"]) if found.get("function") else _path(found, "verb")
        yield ToolUse(name=name, input=_parameters(found))
    if given.get("codeInterpreterInvocationInput"):
        yield ToolUse(name="codeInterpreter")


def _path(found: Mapping[str, Any], verb: str) -> str:
    return f"{found.get(verb, '')} {found.get('apiPath', '')}".strip()


def _parameters(found: Mapping[str, Any]) -> dict[str, Any]:
    given = {str(p.get("name")): p.get("value") for p in found.get("parameters") or ()}
    for content in ((found.get("requestBody") or {}).get("content") or {}).values():
        rows = content.get("properties") or () if isinstance(content, Mapping) else content
        given |= {str(p.get("name")): p.get("value") for p in rows}
    return given


def _build(wanted: Wanted) -> Agents:
    live = wanted.aliased("agent", wanted.target["agent"])
    return Agents(wanted.runtime, f"{wanted.place}/agent/{live.id}", live, wanted.moment(live))


def _needs(target: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return (("agent", target["agent"]),)


KINDS = (Kind("agent", _build, _needs, aliased=True),)
