"""A knowledge base: which passages it finds (Retrieve), or with ``model`` beside it what it answers from them
(RetrieveAndGenerate).

Sources: service model; both replies tell only the action of a guardrail. What RetrieveAndGenerate used in tokens
is not told: its cost is not known.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.core.evaluation.case import Case
from releaser.core.evaluation.response import Guarded, Response, Timing
from releaser.engine.ports import Runtime
from releaser.gates.evaluation.ports import Answer, Request
from releaser.gates.evaluation.targets.kind import Kind, Live, Wanted
from releaser.gates.evaluation.targets.saying import (
    called,
    cited,
    cut_off,
    passage_of,
    question_of,
    text_of,
    unreadable,
)

RESULTS = 10
_SERVICE = "bedrock-agent-runtime"


def _query(case: Case) -> str:
    """The input's ``question`` or ``query``; of another input, all of it."""
    given = case.input
    if isinstance(given, Mapping):
        for member in ("question", "query"):
            if given.get(member):
                return text_of(given[member])
    return question_of(case)


def _search() -> dict[str, Any]:
    return {"vectorSearchConfiguration": {"numberOfResults": RESULTS}}


@dataclass(frozen=True, slots=True)
class Retrieves:
    """One knowledge base: it has no versions, so what is asked is what callers get. ``moment`` tells its states
    apart."""

    runtime: Runtime
    lane: str
    id: str
    moment: str
    guardrail: Live | None = None

    def request(self, case: Case) -> Request:
        """The search for a case."""
        content: dict[str, Any] = {
            "knowledgeBaseId": self.id,
            "retrievalQuery": {"text": _query(case)},
            "retrievalConfiguration": _search(),
            "behaviour": self.moment,
        }
        if self.guardrail:
            content["guardrailConfiguration"] = _named(self.guardrail)
        return Request(self.lane, "Retrieve", content)

    def ask(self, request: Request) -> Answer:
        """One call."""
        params = {k: v for k, v in request.content.items() if k != "behaviour"}
        began = time.monotonic()
        reply = called(self.runtime, _SERVICE, "Retrieve", params)
        ended = time.monotonic()
        if "retrievalResults" not in reply:
            raise cut_off("retrievalResults")
        passages = tuple(passage_of(row) for row in reply["retrievalResults"])
        intervened = reply.get("guardrailAction") == "INTERVENED"
        guarded = Guarded(
            intervened=intervened, blocked=intervened and not passages, masked=intervened and bool(passages)
        )
        return Answer(Response(text="", passages=passages, guarded=guarded), Timing(last_token=(ended - began) * 1000))


@dataclass(frozen=True, slots=True)
class Generates:
    """One knowledge base with the model that answers."""

    runtime: Runtime
    lane: str
    id: str
    model: str
    moment: str
    inference: Mapping[str, Any] = field(default_factory=dict)
    guardrail: Live | None = None
    blocked: frozenset[str] = frozenset()
    """What the guardrail says in the place of what it blocks."""

    def request(self, case: Case) -> Request:
        """The question of a case, in a session of its own."""
        generation: dict[str, Any] = {}
        if self.inference:
            generation["inferenceConfig"] = {"textInferenceConfig": dict(self.inference)}
        if self.guardrail:
            generation["guardrailConfiguration"] = _named(self.guardrail)
        base: dict[str, Any] = {
            "knowledgeBaseId": self.id,
            "modelArn": self.model,
            "retrievalConfiguration": _search(),
        }
        if generation:
            base["generationConfiguration"] = generation
        content = {
            "input": {"text": _query(case)},
            "retrieveAndGenerateConfiguration": {"type": "KNOWLEDGE_BASE", "knowledgeBaseConfiguration": base},
            "behaviour": self.moment,
        }
        return Request(self.lane, "RetrieveAndGenerate", content)

    def ask(self, request: Request) -> Answer:
        """One call."""
        params = {k: v for k, v in request.content.items() if k != "behaviour"}
        began = time.monotonic()
        reply = called(self.runtime, _SERVICE, "RetrieveAndGenerate", params)
        ended = time.monotonic()
        text = (reply.get("output") or {}).get("text")
        if text is None:
            raise cut_off("output")
        response = Response(
            text=text,
            passages=cited(reply.get("citations") or ()),
            guarded=self._guarded(text, intervened=reply.get("guardrailAction") == "INTERVENED"),
            model=self.model,
        )
        return Answer(response, Timing(last_token=(ended - began) * 1000))

    def _guarded(self, text: str, *, intervened: bool) -> Guarded:
        """Blocked where the reply is the guardrail's own message; where its messages are not known, neither is that."""
        if intervened and not self.blocked:
            raise unreadable("the guardrail intervened and the reply does not say how")
        blocked = intervened and text in self.blocked
        return Guarded(intervened=intervened, blocked=blocked, masked=intervened and not blocked)


def _named(guardrail: Live) -> dict[str, str]:
    return {"guardrailId": guardrail.id, "guardrailVersion": guardrail.version}


def _build(wanted: Wanted) -> Retrieves | Generates:
    live = wanted.live("knowledge-base", wanted.target["knowledge-base"])
    name = wanted.target.get("guardrail")
    guardrail = wanted.published("guardrail", name) if name else None
    moment = wanted.moment(live)
    if "model" not in wanted.target:
        return Retrieves(wanted.runtime, f"{wanted.place}/retrieve", live.id, moment, guardrail)
    entry = wanted.models[wanted.target["model"]]
    model = str(entry["modelId"])
    return Generates(
        runtime=wanted.runtime,
        lane=f"{wanted.place}/{model}",
        id=live.id,
        model=model,
        moment=moment,
        inference=entry.get("inference") or {},
        guardrail=guardrail,
        blocked=wanted.blocked_messages,
    )


def _needs(target: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((kind, target[kind]) for kind in ("knowledge-base", "guardrail") if kind in target)


KINDS = (Kind("knowledge-base", _build, _needs, beside=frozenset({"guardrail", "model"})),)
