"""Inference: models, guardrails at work, retrieval, agents and flows at run time.

Sources: Service Authorization Reference, Amazon Bedrock; user guide, "Prerequisites for running model inference"
(Converse takes bedrock:InvokeModel, ConverseStream takes InvokeModelWithResponseStream; a prompt takes RenderPrompt, a
guardrail ApplyGuardrail) and "Prerequisites for inference profiles" (also the models behind the profile, with
``bedrock:InferenceProfileArn``); Condition keys: ``bedrock:GuardrailIdentifier`` is the guardrail's ARN, with
``:version`` where that is a number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from releaser.sandbox import models
from releaser.sandbox.call import Call
from releaser.sandbox.iam.demands import Rule, arn, needs
from releaser.sandbox.iam.evaluation import Demand
from releaser.sandbox.iam.matching import Context

_STREAM = "InvokeModelWithResponseStream"
_PROMPT = re.compile(r"arn:[^:]+:bedrock:[^:]*:\d{12}:prompt/(\w{10})(?::(\d{1,5}))?")


def _model(call: Call, action: str, identifier: str, known: Context) -> list[Demand]:
    """A model, or a profile and every model that it may lead to, in every Region."""
    profile = _profile(call, identifier)
    if profile is None:
        own = identifier if identifier.startswith("arn:") else models.model_arn(call.region, identifier)
        return [Demand(action, own, known)]
    own = profile["inferenceProfileArn"]
    through = {**known, "bedrock:inferenceprofilearn": (own,)}
    return [Demand(action, own, known), *(Demand(action, one["modelArn"], through) for one in profile["models"])]


def _profile(call: Call, identifier: str) -> Mapping[str, Any] | None:
    id = identifier.rpartition("/")[2]
    if ":application-inference-profile/" in identifier:
        return call.row("inference-profile", id) or {"inferenceProfileArn": identifier, "models": []}
    if identifier.startswith("arn:") and ":inference-profile/" not in identifier:
        return None
    return next((one for one in models.system_profiles(call) if one["inferenceProfileId"] == id), None)


def _invoke(call: Call, action: str, identifier: str, known: Context) -> list[Demand]:
    """A model by any of its names; a prompt stands for its default variant's."""
    found = _PROMPT.fullmatch(identifier)
    if found is None:
        return _model(call, f"bedrock:{action}", identifier, known)
    table, id = (f"prompt-version/{found[1]}", found[2]) if found[2] else ("prompt", found[1])
    doc = call.row(table, id) or {}
    variants = doc.get("variants", [])
    wanted = doc.get("defaultVariant", variants[0]["name"] if variants else "")
    named = [one["modelId"] for one in variants if one["name"] == wanted and "modelId" in one]
    rendered = Demand("bedrock:RenderPrompt", identifier, known)
    return [rendered, *(demand for model in named for demand in _model(call, f"bedrock:{action}", model, known))]


def _guarded(call: Call, identifier: str | None, version: str | None) -> tuple[Context, list[Demand]]:
    """What a guardrail in a request makes known, and what it takes."""
    if not identifier:
        return {}, []
    own = arn(call, "bedrock", "guardrail/{id}", {"id": identifier})
    known = f"{own}:{version}" if version and version.isdigit() else own
    kept = call.row("guardrail", own.rpartition("/")[2]) or {}
    across = (kept.get("body") or {}).get("crossRegionDetails")
    resources = [own, *([across["guardrailProfileArn"]] if across else [])]
    applied = [Demand("bedrock:ApplyGuardrail", resource) for resource in resources]
    return {"bedrock:guardrailidentifier": (known,)}, applied


def _converse(action: str) -> Rule:
    def rule(call: Call) -> list[Demand]:
        given = call.params.get("guardrailConfig", {})
        known, applied = _guarded(call, given.get("guardrailIdentifier"), given.get("guardrailVersion"))
        return [*_invoke(call, action, call.params["modelId"], known), *applied]

    return rule


def _invoke_model(call: Call) -> list[Demand]:
    known, applied = _guarded(call, call.params.get("guardrailIdentifier"), call.params.get("guardrailVersion"))
    return [*_invoke(call, "InvokeModel", call.params["modelId"], known), *applied]


def _apply_guardrail(call: Call) -> list[Demand]:
    return _guarded(call, call.params["guardrailIdentifier"], call.params["guardrailVersion"])[1]


def _retrieve_and_generate(call: Call) -> list[Demand]:
    """The action itself, and in the caller's name the retrieval and the model (streamed or not: one action)."""
    given = call.params.get("retrieveAndGenerateConfiguration", {}).get("knowledgeBaseConfiguration", {})
    guardrail = given.get("generationConfiguration", {}).get("guardrailConfiguration", {})
    known, applied = _guarded(call, guardrail.get("guardrailId"), guardrail.get("guardrailVersion"))
    demands = [Demand("bedrock:RetrieveAndGenerate")]
    if given:
        base = arn(call, "bedrock", "knowledge-base/{knowledgeBaseId}", given)
        action = _STREAM if call.operation.name.endswith("Stream") else "InvokeModel"
        demands += [Demand("bedrock:Retrieve", base), *_invoke(call, action, given["modelArn"], known)]
    return [*demands, *applied]


def _count_tokens(call: Call) -> list[Demand]:
    return _model(call, "bedrock:CountTokens", call.params["modelId"], {})


RULES: dict[str, dict[str, Rule]] = {
    "bedrock-runtime": {
        "Converse": _converse("InvokeModel"),
        "ConverseStream": _converse(_STREAM),
        "InvokeModel": _invoke_model,
        "CountTokens": _count_tokens,
        "ApplyGuardrail": _apply_guardrail,
    },
    "bedrock-agent-runtime": {
        "InvokeAgent": needs("bedrock", "agent-alias/{agentId}/{agentAliasId}"),
        "InvokeFlow": needs("bedrock", "flow/{flowIdentifier}/alias/{flowAliasIdentifier}"),
        "Retrieve": needs("bedrock", "knowledge-base/{knowledgeBaseId}"),
        "RetrieveAndGenerate": _retrieve_and_generate,
        "RetrieveAndGenerateStream": _retrieve_and_generate,
    },
}
