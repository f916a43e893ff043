"""A knowledge base, by Retrieve: which passages it finds."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.errors import AwsError
from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Passage, Response, Timing
from releaser.core.values import thaw
from releaser.engine.ports import Runtime
from releaser.gates.evaluation.ports import Answer, Request
from releaser.gates.evaluation.targets.kind import Kind, Wanted
from releaser.gates.evaluation.targets.saying import cut_off, refusal

RESULTS = 10


@dataclass(frozen=True, slots=True)
class Retrieves:
    """One knowledge base: it has no versions, so what is asked is what callers get."""

    runtime: Runtime
    lane: str
    id: str

    def request(self, case: Case) -> Request:
        """The input's ``question`` or ``query``; of another mapping, all of it."""
        given = case.input
        if isinstance(given, Mapping):
            found = given.get("question") or given.get("query") or json.dumps(thaw(given), ensure_ascii=False)
        else:
            found = given
        content = {
            "knowledgeBaseId": self.id,
            "retrievalQuery": {"text": str(found)},
            "retrievalConfiguration": {"vectorSearchConfiguration": {"numberOfResults": RESULTS}},
        }
        return Request(self.lane, "Retrieve", content)

    def ask(self, request: Request) -> Answer:
        """One call."""
        began = time.monotonic()
        try:
            reply = self.runtime.call("bedrock-agent-runtime", "Retrieve", request.content)
        except AwsError as error:
            raise refusal(error) from None
        if "retrievalResults" not in reply:
            raise cut_off("retrievalResults")
        passages = tuple(_passage(row) for row in reply["retrievalResults"])
        response = Response(text="", passages=passages)
        return Answer(response, Timing(last_token=(time.monotonic() - began) * 1000))


def _passage(row: Mapping[str, Any]) -> Passage:
    location = row.get("location") or {}
    uri = (location.get("s3Location") or {}).get("uri") or str(location.get("type", ""))
    score = row.get("score")
    text = (row.get("content") or {}).get("text", "")
    return Passage(id=str(uri), text=text, score=float(score) if score is not None else None)


def _build(wanted: Wanted) -> Retrieves:
    live = wanted.live("knowledge-base", wanted.target["knowledge-base"])
    return Retrieves(wanted.runtime, f"{wanted.place}/retrieve", live.id)


def _needs(target: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return (("knowledge-base", target["knowledge-base"]),)


KINDS = (Kind("knowledge-base", _build, _needs),)
