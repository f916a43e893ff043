"""A guardrail alone, by ApplyGuardrail: what it does with the input."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from releaser.core.errors import AwsError
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Response, Timing
from releaser.core.values import thaw
from releaser.engine.ports import Runtime
from releaser.gates.evaluation.ports import Answer, Request
from releaser.gates.evaluation.targets.kind import Kind, Wanted
from releaser.gates.evaluation.targets.saying import cut_off, guarded_of, refusal, units_of, usage_of


@dataclass(frozen=True, slots=True)
class Guards:
    """One published version."""

    runtime: Runtime
    lane: str
    id: str
    version: str

    def request(self, case: Case) -> Request:
        """All texts of the input, one after the other."""
        given = case.input
        texts = (
            [given]
            if isinstance(given, str)
            else [
                v if isinstance(v, str) else json.dumps(thaw(v), ensure_ascii=False) for _, v in sorted(given.items())
            ]
        )
        content = {
            "guardrailIdentifier": self.id,
            "guardrailVersion": self.version,
            "source": "INPUT",
            "content": [{"text": {"text": text}} for text in texts],
        }
        return Request(self.lane, "ApplyGuardrail", content)

    def ask(self, request: Request) -> Answer:
        """One call."""
        began = time.monotonic()
        try:
            reply = self.runtime.call("bedrock-runtime", "ApplyGuardrail", request.content)
        except AwsError as error:
            raise refusal(error) from None
        if "action" not in reply:
            raise cut_off("action")
        assessments = reply.get("assessments") or []
        units = reply.get("usage") or units_of(assessments)
        response = Response(
            text="\n".join(o.get("text", "") for o in reply.get("outputs") or ()),
            stop_reason=str(reply["action"]),
            guarded=guarded_of(assessments, intervened=reply["action"] == "GUARDRAIL_INTERVENED"),
            usage=usage_of({}, {k: v for k, v in units.items() if isinstance(v, int) and v}),
        )
        return Answer(response, Timing(last_token=(time.monotonic() - began) * 1000))


def _build(wanted: Wanted) -> Guards:
    live = wanted.live("guardrail", wanted.target["guardrail"])
    return Guards(wanted.runtime, f"{wanted.place}/guardrail", live.id, live.version)


def _needs(target: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return (("guardrail", target["guardrail"]),)


KINDS = (Kind("guardrail", _build, _needs),)
