"""A turn of a conversation with an agent: guardrail, knowledge bases, perhaps an action for the caller, an answer.

Sources: bedrock-agent-runtime service model (traces, RETURN_CONTROL, sessions, ``sessionState``); user guide: a session
lasts ``idleSessionTTLInSeconds`` after its last turn; the test alias runs the draft as it was last prepared. How an
agent decides is its model's affair on AWS. Here passages are looked up for every question, and a function is returned
for control when the question has most of the words of its description. Lambda functions, API schemas, collaborators,
code interpretation and memory are not played: they are never chosen.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.sandbox import agent_state as state
from releaser.sandbox import grounded, retrieval
from releaser.sandbox.call import Call
from releaser.sandbox.citations import cite, references
from releaser.sandbox.errors import AwsError, not_found, validation
from releaser.sandbox.generation import MAX_TOKENS, Answered, Asked, generate, refuse
from releaser.sandbox.language import inference
from releaser.sandbox.passages import words
from releaser.sandbox.retrieval import Hit
from releaser.sandbox.store import Doc

_LOOSE = frozenset(
    words(
        "a an and by for from in is of on or that the this to with "
        "auf das dem den der die ein eine einen einer für im mit oder und von zu zum zur"
    )
)
_POLICIES_IN_TRACES = ("topicPolicy", "contentPolicy", "wordPolicy", "sensitiveInformationPolicy")
_NOT_IN_TRACES = ("detected", "filterStrength")
_MOST = 0.6
_NUMBER = re.compile(r"(?<![\w-])-?\d+(?:[.,]\d+)?(?![\w-])")
_NAMED = re.compile(r"\"([^\"]+)\"|'([^']+)'|(?<![\w-])((?=[\w-]*\d)\w[\w-]*)")


@dataclass(frozen=True, slots=True)
class Agent:
    """A version of an agent (or its draft as last prepared), through an alias."""

    id: str
    alias: str
    version: str
    body: Doc
    parts: Mapping[str, Mapping[str, Doc]]

    def enabled(self, kind: str, member: str) -> list[Doc]:
        """The parts of a kind that are ENABLED."""
        return [part for part in self.parts[kind].values() if part.get(member, "ENABLED") == "ENABLED"]


@dataclass(slots=True)
class Said:
    """A turn's outcome: a text with its citations, or an action that the caller is to take."""

    text: str = ""
    citations: list[dict[str, Any]] = field(default_factory=list)
    control: dict[str, Any] | None = None


def find(call: Call, id: str, alias_id: str) -> Agent:
    """The agent behind an alias, when it takes invocations."""
    agent = state.find_agent(call, id)
    if agent is None:
        raise not_found(f"Failed to retrieve resource because it doesn't exist. Agent {id} was not found.")
    if alias_id == state.TEST_ALIAS:
        kept = call.row("agent-prepared", id)
        if kept is None:
            raise validation(f"Agent {id} was never prepared. Prepare the agent and retry the request.")
        return Agent(id, alias_id, "DRAFT", kept["body"], kept["parts"])
    alias = state.find_alias(call, id, alias_id)
    if alias is None:
        raise not_found(f"Failed to retrieve resource because it doesn't exist. Alias {alias_id} was not found.")
    now = state.status(call, alias)
    if alias["invocations"] == "REJECT_INVOCATIONS":
        code = str(call.settings.switch("agentAliasRejects"))
        raise AwsError(code, f"Agent alias {alias_id} is set to REJECT_INVOCATIONS.")
    routing = alias["before"] if now == "UPDATING" else alias["routing"]
    number = routing[0].get("agentVersion") if routing and now in ("PREPARED", "UPDATING") else None
    if number is None:
        raise validation(f"Agent alias {alias_id} is in {now.title()} state and cannot be invoked.")
    version = state.find_version(call, id, number)
    if version is None:
        raise not_found(f"Version {number} of agent {id} was not found.")
    return Agent(id, alias_id, number, version["body"], version["parts"])


class Conversation:
    """A session with an agent. ``traces``: what happened in this turn."""

    def __init__(self, call: Call, agent: Agent, session: str) -> None:
        self.traces: list[dict[str, Any]] = []
        self._call = call
        self._agent = agent
        self._table = f"agent-session/{agent.id}/{agent.alias}"
        self._session = session
        kept = call.row(self._table, session)
        idle = agent.body["idleSessionTTLInSeconds"]
        alive = kept is not None and call.clock.now() - kept["at"] <= idle
        self._kept: Doc = kept if kept is not None and alive else {"turns": [], "waiting": None}
        self._trace = uuid.uuid4().hex[:16]

    def end(self) -> None:
        """Forgets the session."""
        if self._call.row(self._table, self._session) is not None:
            self._call.delete(self._table, self._session)

    def ask(self, text: str, given: Mapping[str, Any] | None = None) -> Said:
        """A question; ``given``: the request's ``sessionState``."""
        refused = refuse(self._call, self._agent.body.get("guardrailConfiguration"), text)
        if refused is not None:
            self._finish(text, refused)
            return Said(refused.text)
        hits = self._look_up(text, given or {})
        control = self._control(text)
        if control is not None:
            waiting = {"question": text, "invocationId": control["invocationId"]}
            self._keep(self._kept["turns"], waiting)
            return Said(control=control)
        return self._answer(text, hits, "")

    def resume(self, given: Mapping[str, Any]) -> Said:
        """The results of the action that the caller took; the question is the one that was asked before."""
        waiting = self._kept["waiting"]
        if waiting is None or given.get("invocationId") != waiting["invocationId"]:
            raise validation("The invocationId does not match an action that this session waits for.")
        found = "\n".join(_results(given["returnControlInvocationResults"]))
        found = f"<context>\n{found}\n</context>"
        return self._answer(waiting["question"], [], found)

    def _answer(self, text: str, hits: list[Hit], results: str) -> Said:
        body = self._agent.body
        background = grounded.fill(self._call, grounded.TEMPLATE, text, hits) if hits else ""
        system = "\n\n".join(part for part in (body["instruction"], background, results) if part)
        wanted = Asked(
            model=body["foundationModel"],
            system=system,
            turns=[*((role, said) for role, said in self._kept["turns"]), ("user", text)],
            grounds=[hit.text for hit in hits],
            guardrail=body.get("guardrailConfiguration"),
            inference=inference(_inference(body), MAX_TOKENS),
        )
        self._step(modelInvocationInput={"type": "ORCHESTRATION", "text": f"{system}\n\n{text}"})
        answered = generate(self._call, wanted)
        usage = {"metadata": {"usage": dict(answered.usage)}} if answered.usage else {}
        self._step(modelInvocationOutput={"rawResponse": {"content": answered.text}, **usage})
        self._finish(text, answered)
        cited = [] if answered.intervened else cite(answered.text, hits)
        return Said(answered.text, cited if references(cited) else [])

    def _finish(self, text: str, answered: Answered) -> None:
        """The end of a turn that has a text."""
        if answered.before:
            self.traces.append({"guardrailTrace": {"traceId": self._trace, **_assessed(answered)}})
        self._step(observation={"type": "FINISH", "finalResponse": {"text": answered.text}})
        self._keep([*self._kept["turns"], ("user", text), ("assistant", answered.text)], None)

    def _look_up(self, text: str, given: Mapping[str, Any]) -> list[Hit]:
        """Passages from every knowledge base of the agent, the best first."""
        wanted = {one["knowledgeBaseId"]: one["retrievalConfiguration"]
                  for one in given.get("knowledgeBaseConfigurations", ())}  # fmt: skip
        found: list[Hit] = []
        for part in self._agent.enabled(state.KNOWLEDGE_BASE, "knowledgeBaseState"):
            id = part["knowledgeBaseId"]
            asked = {"knowledgeBaseId": id, "text": text}
            self._step(invocationInput={"invocationType": "KNOWLEDGE_BASE", "knowledgeBaseLookupInput": asked})
            hits = retrieval.search(self._call, retrieval.base(self._call, id), text, wanted.get(id))
            output = {"retrievedReferences": [hit.reference() for hit in hits]}
            self._step(observation={"type": "KNOWLEDGE_BASE", "knowledgeBaseLookupOutput": output})
            found += hits
        return sorted(found, key=lambda hit: -hit.score)[: retrieval.RESULTS]

    def _control(self, text: str) -> dict[str, Any] | None:
        """The function to return control for: the one whose description shares most of its words with the question."""
        asked = set(words(text))
        best, chosen = 0.0, None
        for group, function in self._functions():
            wanted = set(words(function.get("description") or _spaced(function["name"]))) - _LOOSE
            share = len(wanted & asked) / len(wanted) if wanted else 0.0
            if share > best:
                best, chosen = share, (group, function)
        if chosen is None or best < _MOST:
            return None
        group, function = chosen
        body = {
            "actionGroup": group["actionGroupName"],
            "function": function["name"],
            "parameters": _parameters(function, text),
            "agentId": self._agent.id,
            "actionInvocationType": "RESULT",
        }
        if function.get("requireConfirmation") == "ENABLED":
            body["actionInvocationType"] = "USER_CONFIRMATION_AND_RESULT"
        return {"invocationId": str(uuid.uuid4()), "invocationInputs": [{"functionInvocationInput": body}]}

    def _functions(self) -> Iterator[tuple[Doc, Doc]]:
        for group in self._agent.enabled(state.ACTION_GROUP, "actionGroupState"):
            if group.get("actionGroupExecutor", {}).get("customControl") == "RETURN_CONTROL":
                for function in group.get("functionSchema", {}).get("functions", ()):
                    yield group, function

    def _step(self, **step: dict[str, Any]) -> None:
        member, body = next(iter(step.items()))
        self.traces.append({"orchestrationTrace": {member: {"traceId": self._trace, **body}}})

    def _keep(self, turns: list[Any], waiting: Mapping[str, str] | None) -> None:
        now = self._call.clock.now()
        self._call.put(self._table, self._session, {"turns": turns, "waiting": waiting, "at": now})


def _inference(body: Doc) -> Mapping[str, Any] | None:
    """The inference configuration of the orchestration step, where it is overridden."""
    prompts = body.get("promptOverrideConfiguration", {}).get("promptConfigurations", ())
    found = [one.get("inferenceConfiguration") for one in prompts if one.get("promptType") == "ORCHESTRATION"]
    return found[0] if found else None


def _assessed(answered: Answered) -> dict[str, Any]:
    """A guardrail's verdicts as traces show them: less than bedrock-runtime shows."""
    action = "INTERVENED" if answered.intervened else "NONE"
    before, after = ([_trimmed(one) for one in found] for found in (answered.before, answered.after))
    return {"action": action, "inputAssessments": before, "outputAssessments": after}


def _trimmed(assessment: Mapping[str, Any]) -> dict[str, Any]:
    return {
        policy: {
            rows: [{name: value for name, value in row.items() if name not in _NOT_IN_TRACES} for row in found]
            for rows, found in assessment[policy].items()
        }
        for policy in _POLICIES_IN_TRACES
        if policy in assessment
    }


def _results(given: list[Mapping[str, Any]]) -> Iterator[str]:
    for one in given:
        result = next(iter(one.values()))
        for content in result.get("responseBody", {}).values():
            yield content.get("body", "")


def _parameters(function: Doc, text: str) -> list[dict[str, str]]:
    """Numbers for parameters that are numbers, in order; quoted texts and words with digits for the other ones."""
    numbers = [mark[0] for mark in _NUMBER.finditer(text)]
    named = [next(group for group in mark.groups() if group) for mark in _NAMED.finditer(text)]
    found = []
    for name, detail in function.get("parameters", {}).items():
        source = numbers if detail["type"] in ("number", "integer") else named if detail["type"] == "string" else []
        if source:
            found.append({"name": name, "type": detail["type"], "value": source.pop(0)})
    return found


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]", " ", name)
