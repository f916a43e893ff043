"""A guardrail alone, by ApplyGuardrail: what it does with what callers say, or with what a model said.

A case whose input has the member ``output`` is asked as output, with its other members ``query`` and ``source`` and its
``contexts`` for contextual grounding; any other input is asked as input.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response, Timing
from releaser.engine.ports import Runtime
from releaser.gates.evaluation.ports import Answer, Request
from releaser.gates.evaluation.targets.kind import Kind, Live, Wanted
from releaser.gates.evaluation.targets.saying import called, cut_off, guarded_of, text_of, unfit, units_of, usage_of

_OUTPUT = frozenset({"output", "query", "source"})


@dataclass(frozen=True, slots=True)
class Guards:
    """One published version."""

    runtime: Runtime
    lane: str
    live: Live

    def request(self, case: Case) -> Request:
        """All texts of the input, one after the other; of an output, with what each of them is."""
        given = case.input
        is_output = isinstance(given, Mapping) and "output" in given
        content: dict[str, Any] = {
            "guardrailIdentifier": self.live.id,
            "guardrailVersion": self.live.version,
            "source": "OUTPUT" if is_output else "INPUT",
            "content": list(_output(case) if is_output else _input(given)),
        }
        if self.live.stamp:
            content["behaviour"] = self.live.stamp
        return Request(self.lane, "ApplyGuardrail", content)

    def ask(self, request: Request) -> Answer:
        """One call. The text is what goes on: what was given, where the guardrail does nothing."""
        params = {k: v for k, v in request.content.items() if k != "behaviour"}
        began = time.monotonic()
        reply = called(self.runtime, "bedrock-runtime", "ApplyGuardrail", params)
        ended = time.monotonic()
        action = reply.get("action")
        if not action:
            raise cut_off("action")
        intervened = action == "GUARDRAIL_INTERVENED"
        assessments = reply.get("assessments") or []
        said = [str(o.get("text", "")) for o in reply.get("outputs") or ()]
        if intervened and not said:
            raise cut_off("outputs")
        units = reply.get("usage") or units_of(assessments)
        response = Response(
            text="\n".join(said if intervened else _judged(params["content"])),
            stop_reason=str(action),
            guarded=guarded_of(assessments, intervened=intervened),
            usage=usage_of({}, {k: v for k, v in units.items() if isinstance(v, int) and v}),
        )
        return Answer(response, Timing(last_token=(ended - began) * 1000))


def _input(given: Any) -> Iterator[dict[str, Any]]:
    values = [v for _, v in sorted(given.items())] if isinstance(given, Mapping) else [given]
    yield from ({"text": {"text": text_of(value)}} for value in values)


def _output(case: Case) -> Iterator[dict[str, Any]]:
    if odd := sorted(case.input.keys() - _OUTPUT):
        raise unfit(f"the input of an output has output, query and source, not {odd[0][:60]}")
    sources = [*case.contexts, *([text_of(case.input["source"])] if "source" in case.input else [])]
    parts = [("grounding_source", text) for text in sources]
    parts += [("query", text_of(case.input["query"]))] if "query" in case.input else []
    for qualifier, text in parts:
        yield {"text": {"text": text, "qualifiers": [qualifier]}}
    judged: dict[str, Any] = {"text": text_of(case.input["output"])}
    yield {"text": {**judged, "qualifiers": ["guard_content"]} if parts else judged}


def _judged(content: Any) -> list[str]:
    """The texts that were judged, without what they were judged by."""
    texts = [block["text"] for block in content]
    return [t["text"] for t in texts if t.get("qualifiers", ["guard_content"]) == ["guard_content"]]


def _build(wanted: Wanted) -> Guards:
    return Guards(
        wanted.runtime, f"{wanted.place}/guardrail", wanted.published("guardrail", wanted.target["guardrail"])
    )


def _needs(target: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return (("guardrail", target["guardrail"]),)


KINDS = (Kind("guardrail", _build, _needs),)
