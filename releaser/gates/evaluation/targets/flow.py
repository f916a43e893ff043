"""A flow, by InvokeFlow through an alias.

A flow has no call by version. The alias is given by whoever builds the target and must lead to the version that is
evaluated: the alias that callers follow leads to the one before until promotion. Sources: service model;
``flowCompletionEvent`` ends a run that went well, also one that waits for more input.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Guarded, Response, Timing, Usage
from releaser.core.values import thaw
from releaser.engine.ports import Runtime
from releaser.gates.evaluation.ports import Answer, Request
from releaser.gates.evaluation.targets.kind import Kind, Live, Wanted
from releaser.gates.evaluation.targets.saying import (
    added,
    assessments_of,
    cut_off,
    guarded_of,
    heard,
    question_of,
    text_of,
    unfit,
    units_of,
    usage_of,
)

_FITS: Mapping[str, type | tuple[type, ...]] = {
    "Object": Mapping,
    "Array": (list, tuple),
    "Number": (int, float),
    "Boolean": bool,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a flow begins: its input node, and the output of it that takes the document."""

    node: str = "FlowInputNode"
    output: str = "document"
    type: str = "String"


@dataclass(frozen=True, slots=True)
class Flows:
    """One version of a flow, behind an alias."""

    runtime: Runtime
    lane: str
    live: Live
    moment: str
    entry: Entry
    blocked: frozenset[str] = frozenset()

    def request(self, case: Case) -> Request:
        """The run for a case: its input, in the type that the flow begins with."""
        document = {"nodeName": self.entry.node, "nodeOutputName": self.entry.output}
        content = {
            "flowIdentifier": self.live.id,
            "flowAliasIdentifier": self.live.alias,
            "inputs": [{**document, "content": {"document": self._document(case)}}],
            "enableTrace": True,
            "behaviour": {"version": self.live.version, "moment": self.moment},
        }
        return Request(self.lane, "InvokeFlow", content)

    def ask(self, request: Request) -> Answer:
        """One run, whole only when it completed."""
        params = {k: v for k, v in request.content.items() if k != "behaviour"}
        outputs: dict[str, list[Any]] = {}
        actions: list[Mapping[str, Any]] = []
        reason, first, began = "", None, time.monotonic()
        last = began
        for last, event in heard(self.runtime, "bedrock-agent-runtime", "InvokeFlow", params, "responseStream"):
            if "flowOutputEvent" in event:
                first = last if first is None else first
                found = event["flowOutputEvent"]
                if "document" not in (found.get("content") or {}):
                    raise cut_off("the document of an output")
                outputs.setdefault(str(found.get("nodeName", "")), []).append(found["content"]["document"])
            elif "flowTraceEvent" in event:
                action = (event["flowTraceEvent"].get("trace") or {}).get("nodeActionTrace") or {}
                if isinstance(reply := action.get("operationResponse"), Mapping):
                    actions.append(reply)
            elif "flowMultiTurnInputRequestEvent" in event:
                raise unfit("the flow asks for more input: cases have one turn")
            elif "flowCompletionEvent" in event:
                reason = str(event["flowCompletionEvent"].get("completionReason", ""))
        if not reason:
            raise cut_off("flowCompletionEvent")
        if reason != "SUCCESS":
            raise unfit(f"the flow ended with {reason[:40]}")
        text = _text(outputs)
        usage, guarded = _seen(actions)
        if text and text in self.blocked:
            guarded = Guarded(intervened=True, blocked=True, policies=guarded.policies)
        response = Response(text=text, stop_reason=reason, guarded=guarded, usage=usage)
        timing = Timing(
            first_token=(first - began) * 1000 if first is not None else None, last_token=(last - began) * 1000
        )
        return Answer(response, timing)

    def _document(self, case: Case) -> Any:
        if self.entry.type == "String":
            return question_of(case)
        wanted, given = _FITS.get(self.entry.type, object), case.input
        if isinstance(given, Mapping) and self.entry.type != "Object" and len(given) == 1:
            given = next(iter(given.values()))
        if not isinstance(given, wanted) or (isinstance(given, bool) and self.entry.type == "Number"):
            raise unfit(f"the flow begins with {self.entry.type}")
        return thaw(given)


def _text(outputs: Mapping[str, list[Any]]) -> str:
    """The only document, or all of them by the node that gave them."""
    if len(outputs) == 1:
        (found,) = outputs.values()
        return text_of(found[0] if len(found) == 1 else found)
    return text_of({node: found[0] if len(found) == 1 else found for node, found in outputs.items()}) if outputs else ""


def _seen(actions: list[Mapping[str, Any]]) -> tuple[Usage, Guarded]:
    """Usage and guardrails of the calls that the trace shows. What it does not show is not known."""
    assessments: list[Mapping[str, Any]] = []
    usages, intervened = [], False
    for reply in actions:
        found = assessments_of(reply.get("trace") or {})
        usages.append(usage_of(reply, units_of(found)))
        assessments += found
        intervened = intervened or reply.get("stopReason") == "guardrail_intervened"
    return added(usages), guarded_of(assessments, intervened=intervened)


def _entry(body: Mapping[str, Any]) -> Entry:
    nodes = (body.get("definition") or {}).get("nodes") or ()
    node = next((n for n in nodes if n.get("type") == "Input"), None)
    if node is None:
        return Entry()
    output: Mapping[str, Any] = next(iter(node.get("outputs") or ()), {})
    return Entry(str(node["name"]), str(output.get("name", "document")), str(output.get("type", "String")))


def _build(wanted: Wanted) -> Flows:
    live = wanted.aliased("flow", wanted.target["flow"])
    lane = f"{wanted.place}/flow/{live.id}"
    return Flows(wanted.runtime, lane, live, wanted.moment(live), _entry(live.body), wanted.blocked_messages)


def _needs(target: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return (("flow", target["flow"]),)


KINDS = (Kind("flow", _build, _needs, aliased=True),)
