"""Prompts and models, by ConverseStream: a published version by its ARN, or a rendering that publishes nothing.

Source: API reference, ConverseStream: with a prompt as ``modelId`` its own parameters hold, and ``promptVariables``
fill its variables.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.address import Address
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response, Timing, ToolUse
from releaser.core.values import thaw
from releaser.engine.ports import Runtime
from releaser.gates.evaluation.ports import Answer, Request
from releaser.gates.evaluation.targets.kind import Kind, Live, Wanted
from releaser.gates.evaluation.targets.saying import (
    assessments_of,
    cut_off,
    guarded_of,
    heard,
    text_of,
    unfit,
    units_of,
    usage_of,
)

_OURS = frozenset({"model", "behaviour"})
"""Members of a request that say what is called; the service is not told."""
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_.-]+)\s*\}\}")


def filled(template: str, values: Mapping[str, str]) -> str:
    """Every ``{{variable}}`` replaced once; what stands in a value is never a variable itself."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise unfit(f"the case has no variable {found[1]}")
        return values[found[1]]

    return _VARIABLE.sub(value, template)


def variables_of(case: Case) -> dict[str, str]:
    """The case's input as texts. Raises Refusal for what is no mapping."""
    if not isinstance(case.input, Mapping):
        raise unfit("the input is no mapping of variables")
    return {str(k): text_of(v) for k, v in case.input.items()}


@dataclass(frozen=True, slots=True)
class Converses:
    """A target that is called by ConverseStream. ``params``: all but what a case brings along."""

    runtime: Runtime
    lane: str
    model: str
    params: Mapping[str, Any]
    variant: Mapping[str, Any] | None = None
    """The body of the prompt's variant where it is rendered here; None: the service fills in its variables."""
    plain: bool = False
    """A raw model: the input is the message."""

    def request(self, case: Case) -> Request:
        """The call for a case."""
        content = dict(self.params) | {"model": self.model}
        if self.plain:
            content["messages"] = [{"role": "user", "content": [{"text": text_of(case.input)}]}]
        elif self.variant is None:
            values = variables_of(case)
            if values:
                content["promptVariables"] = {k: {"text": v} for k, v in sorted(values.items())}
        else:
            content |= rendered(self.variant, variables_of(case))
        return Request(self.lane, "ConverseStream", content)

    def ask(self, request: Request) -> Answer:
        """One call."""
        params = {k: v for k, v in request.content.items() if k not in _OURS}
        return spoken(self.runtime, params, self.model)


def rendered(variant: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Messages and system of a prompt's variant, filled in."""
    template = variant.get("templateConfiguration") or {}
    if "text" in template:
        plain = template["text"]
        blocks_of_text: list[dict[str, Any]] = [{"text": filled(plain["text"], values)}]
        if plain.get("cachePoint"):
            blocks_of_text.append({"cachePoint": thaw(plain["cachePoint"])})
        return {"messages": [{"role": "user", "content": blocks_of_text}]}
    chat = thaw(template.get("chat") or {})

    def blocks(found: Any) -> list[dict[str, Any]]:
        return [{**b, "text": filled(b["text"], values)} if "text" in b else b for b in found or ()]

    said: dict[str, Any] = {
        "messages": [{"role": m["role"], "content": blocks(m["content"])} for m in chat.get("messages") or ()]
    }
    if chat.get("system"):
        said["system"] = blocks(chat["system"])
    if chat.get("toolConfiguration"):
        said["toolConfig"] = chat["toolConfiguration"]
    return said


def spoken(runtime: Runtime, params: Mapping[str, Any], model: str) -> Answer:
    """The whole reply of one ConverseStream. Raises Refusal when it fails, also in the middle."""
    began = time.monotonic()
    text: list[str] = []
    tools: dict[int, list[str]] = {}
    names: dict[int, str] = {}
    first: float | None = None
    last: float | None = None
    stop = ""
    metadata: Mapping[str, Any] | None = None
    for at, event in heard(runtime, "bedrock-runtime", "ConverseStream", params, "stream"):
        last = at
        if "contentBlockStart" in event:
            use = event["contentBlockStart"].get("start", {}).get("toolUse")
            if use:
                names[event["contentBlockStart"].get("contentBlockIndex", 0)] = str(use.get("name", ""))
        elif "contentBlockDelta" in event:
            first = at if first is None else first
            delta = event["contentBlockDelta"].get("delta")
            if not delta:
                raise cut_off("what a delta holds")  # its frame was whole and its JSON was not: botocore shows none
            if "text" in delta:
                text.append(delta["text"])
            if "toolUse" in delta:
                index = event["contentBlockDelta"].get("contentBlockIndex", 0)
                tools.setdefault(index, []).append(str(delta["toolUse"].get("input", "")))
        elif "messageStop" in event:
            stop = str(event["messageStop"].get("stopReason", ""))
        elif "metadata" in event:
            metadata = event["metadata"]
    if not stop or metadata is None or last is None:
        raise cut_off("messageStop and metadata")
    if not metadata.get("usage"):
        raise cut_off("usage")
    assessments = assessments_of(metadata.get("trace") or {})
    response = Response(
        text="".join(text),
        stop_reason=stop,
        tools=tuple(ToolUse(name=name, input=_input(tools.get(index, []))) for index, name in sorted(names.items())),
        guarded=guarded_of(assessments, intervened=stop == "guardrail_intervened"),
        usage=usage_of(metadata, units_of(assessments)),
        model=model,
    )
    server = (metadata.get("metrics") or {}).get("latencyMs")
    timing = Timing(
        first_token=(first - began) * 1000 if first is not None else None,
        last_token=(last - began) * 1000,
        server=float(server) if server is not None else None,
    )
    return Answer(response, timing)


def _input(parts: list[str]) -> Any:
    whole = "".join(parts)
    try:
        return json.loads(whole) if whole else {}
    except ValueError:
        return whole


def _guardrail(wanted: Wanted) -> Live | None:
    name = wanted.target.get("guardrail")
    return wanted.published("guardrail", name) if name else None


def _params(model: str, guardrail: Live | None, **found: Live) -> dict[str, Any]:
    """What every call has; the stamps of what the target consists of are a part of it, where they are known."""
    params: dict[str, Any] = {"modelId": model}
    if guardrail:
        config = {"guardrailIdentifier": guardrail.id, "guardrailVersion": guardrail.version, "trace": "enabled"}
        params["guardrailConfig"] = config
        found = {**found, "guardrail": guardrail}
    stamps = {kind: live.stamp for kind, live in found.items() if live.stamp}
    return params | ({"behaviour": stamps} if stamps else {})


def _prompt(wanted: Wanted) -> Converses:
    name = wanted.target["prompt"]
    live = wanted.published("prompt", name) if wanted.via == "published" else wanted.live("prompt", name)
    variants = live.body.get("variants") or ()
    default = live.body.get("defaultVariant")
    variant = next((v for v in variants if v.get("name") == default), variants[0] if variants else {})
    model = str(variant.get("modelId", ""))
    lane = f"{wanted.place}/{model}"
    guardrail = _guardrail(wanted)
    if wanted.via == "published":
        return Converses(wanted.runtime, lane, model, _params(f"{live.arn}:{live.version}", guardrail, prompt=live))
    if not model:
        raise KeyError(f"model for {Address(wanted.use_case, 'prompt', name)}")
    params = _params(model, guardrail)
    inference = (variant.get("inferenceConfiguration") or {}).get("text")
    if inference:
        params["inferenceConfig"] = thaw(inference)
    if variant.get("additionalModelRequestFields"):
        params["additionalModelRequestFields"] = thaw(variant["additionalModelRequestFields"])
    return Converses(wanted.runtime, lane, model, params, variant)


def _model(wanted: Wanted) -> Converses:
    entry = wanted.models[wanted.target["model"]]
    model = str(entry["modelId"])
    params = _params(model, _guardrail(wanted))
    if entry.get("inference"):
        params["inferenceConfig"] = thaw(entry["inference"])
    return Converses(wanted.runtime, f"{wanted.place}/{model}", model, params, plain=True)


def _needs(target: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((kind, target[kind]) for kind in ("prompt", "guardrail") if kind in target)


KINDS = (
    Kind("prompt", _prompt, _needs, inline=True, beside=frozenset({"guardrail"})),
    Kind("model", _model, _needs, inline=True, beside=frozenset({"guardrail"})),
)
