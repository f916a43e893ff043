"""What an agent says: rules that are not in the model, server defaults, and the default prompts in every read.

Sources: service model ("If you leave it as DEFAULT, the agent uses a default prompt template", the default
state of each step, parserMode and overrideLambda need each other); users: aws provider 37168 and 42867 (every
default prompt comes back on read), 37903 (an override without a template), 578 of generative-ai-cdk-constructs
(a guardrail configuration without identifier). The default templates' real wording is not reproduced.
"""

from __future__ import annotations

from typing import Any

from releaser.sandbox.call import Call
from releaser.sandbox.errors import validation
from releaser.sandbox.settings import Value
from releaser.sandbox.store import Doc

# 600: "Idle session timeout" of an agent made without one. The model does not say, nor what memory gets.
SWITCHES: dict[str, tuple[Value, ...]] = {
    "agentIdleSessionDefault": (600,),
    "agentMemoryDefaults": (True, False),
}

_MEMBERS = (
    "agentName",
    "instruction",
    "foundationModel",
    "description",
    "orchestrationType",
    "customOrchestration",
    "idleSessionTTLInSeconds",
    "agentResourceRoleArn",
    "customerEncryptionKeyArn",
    "promptOverrideConfiguration",
    "guardrailConfiguration",
    "memoryConfiguration",
    "agentCollaboration",
)
_STEPS = {
    "PRE_PROCESSING": "DISABLED",
    "ORCHESTRATION": "ENABLED",
    "POST_PROCESSING": "DISABLED",
    "KNOWLEDGE_BASE_RESPONSE_GENERATION": "ENABLED",
    "MEMORY_SUMMARIZATION": "ENABLED",
}
_DEFAULT_INFERENCE = {
    "temperature": 0.0,
    "topP": 1.0,
    "topK": 250,
    "maximumLength": 2048,
    "stopSequences": ["\n\nHuman:"],
}
_ONLY_OVERRIDDEN = ("basePromptTemplate", "inferenceConfiguration", "additionalModelRequestFields")


def accept(call: Call) -> dict[str, Any]:
    """The body in a request, checked, with the server's defaults; what is left out is not there."""
    body = {name: call.params[name] for name in _MEMBERS if name in call.params}
    body.setdefault("orchestrationType", "DEFAULT")
    body.setdefault("agentCollaboration", "DISABLED")
    body.setdefault("idleSessionTTLInSeconds", int(call.settings.switch("agentIdleSessionDefault")))
    body.setdefault("agentResourceRoleArn", _own_role(call))
    custom = body["orchestrationType"] == "CUSTOM_ORCHESTRATION"
    if custom != ("customOrchestration" in body):
        raise validation("customOrchestration is given exactly when orchestrationType is CUSTOM_ORCHESTRATION.")
    _check_guardrail(body.get("guardrailConfiguration"))
    _check_prompts(body.get("promptOverrideConfiguration"))
    if "memoryConfiguration" in body and call.settings.switch("agentMemoryDefaults"):
        filled = {"storageDays": 30, "sessionSummaryConfiguration": {"maxRecentSessions": 20}}
        body["memoryConfiguration"] = {**filled, **body["memoryConfiguration"]}
    return body


def show(body: Doc, *, settled: bool = True) -> dict[str, Any]:
    """The body as read: every step of the agent sequence has its prompt, in AWS's order, not the writer's.

    Not ``settled``: an agent being created or updated; replies of AWS show no default prompt then.
    """
    if not settled:
        return dict(body)
    own = body.get("promptOverrideConfiguration", {})
    given = {one["promptType"]: one for one in own.get("promptConfigurations", [])}
    steps = [_step(name, given.get(name, {})) for name in _STEPS]
    return {**body, "promptOverrideConfiguration": {**own, "promptConfigurations": steps}}


def _step(name: str, given: Doc) -> dict[str, Any]:
    base = {"promptType": name, "promptCreationMode": "DEFAULT", "parserMode": "DEFAULT", "promptState": _STEPS[name]}
    if given.get("promptCreationMode") == "OVERRIDDEN":
        return {**base, **given}
    template = f"The default prompt template of {name}."
    return {**base, "basePromptTemplate": template, "inferenceConfiguration": _DEFAULT_INFERENCE, **given}


def _check_guardrail(given: Doc | None) -> None:
    for member in ("guardrailIdentifier", "guardrailVersion"):
        if given is not None and member not in given:
            raise validation(f"'{member}' cannot be null")


def _check_prompts(given: Doc | None) -> None:
    if given is None:
        return
    types = [one.get("promptType") for one in given["promptConfigurations"]]
    if None in types or len(set(types)) != len(types):
        raise validation("Each prompt configuration names a promptType, and each promptType appears once.")
    for one in given["promptConfigurations"]:
        overridden = one.get("promptCreationMode") == "OVERRIDDEN"
        if overridden and "basePromptTemplate" not in one:
            raise validation(f"{one['promptType']}: basePromptTemplate is required when the prompt is OVERRIDDEN.")
        surplus = [] if overridden else [member for member in _ONLY_OVERRIDDEN if member in one]
        if surplus:
            raise validation(f"{one['promptType']}: {', '.join(surplus)} requires promptCreationMode OVERRIDDEN.")
    parsers = any(one.get("parserMode") == "OVERRIDDEN" for one in given["promptConfigurations"])
    if parsers != ("overrideLambda" in given):
        raise validation("overrideLambda is given exactly when a prompt configuration has parserMode OVERRIDDEN.")


def _own_role(call: Call) -> str:
    """Input may leave the role out, output requires it: the service's own."""
    name = "AmazonBedrockExecutionRoleForAgents_default"
    return f"arn:aws:iam::{call.account}:role/service-role/{name}"
