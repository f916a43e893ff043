"""What is wrong with an agent is told before AWS tells it, with its code and at its place."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from releaser.core.address import Address, Bound, Ref
from releaser.core.kind import Entry
from releaser.core.openapi import judge
from releaser.core.policy import check_guarded
from releaser.core.values import show_path
from releaser.kinds import registry
from releaser.kinds.models import model

AGENT = registry()["agent"]
GUARDRAIL = Address("x", "guardrail", "main")
OPERATION = {"description": "Gets it.", "responses": {"200": {"description": "It."}}}
DOCUMENT = {"openapi": "3.0.1", "info": {"title": "it", "version": "1"}, "paths": {"/it": {"get": OPERATION}}}
YAML = """openapi: 3.0.0
info: {title: it, version: "1"}
paths:
  /it:
    get:
      description: Gets it.
      parameters:
        - name: get
          schema:
            properties:
              get:
                type: string
    post:
      description: Makes it.
components: {}
"""
FUNCTIONS = {"functions": [{"name": "get"}, {"name": "put"}]}
GROUP = {
    "actionGroupName": "a",
    "actionGroupExecutor": {"customControl": "RETURN_CONTROL"},
    "functionSchema": FUNCTIONS,
}
API = {k: v for k, v in GROUP.items() if k != "functionSchema"} | {"apiSchema": {"payload": json.dumps(DOCUMENT)}}
PROMPT = {
    "promptType": "ORCHESTRATION",
    "promptCreationMode": "OVERRIDDEN",
    "promptState": "ENABLED",
    "basePromptTemplate": "$question$",
    "inferenceConfiguration": {"temperature": 0.2},
    "parserMode": "DEFAULT",
}
COLLEAGUE = {
    "collaboratorName": "c",
    "agentDescriptor": {"aliasArn": Ref(Address("x", "agent-alias", "c"), "arn")},
    "collaborationInstruction": "Knows.",
}
LAMBDA = "arn:aws:lambda:eu-central-1:111111111111:function:act"
WHOLE: dict[str, Any] = {
    "instruction": "Answer what is asked, politely and in full sentences.",
    "foundationModel": "amazon.nova-lite-v1:0",
    "agentResourceRoleArn": Bound("${env.role}", "arn:aws:iam::111111111111:role/agent"),
    "guardrailConfiguration": {
        "guardrailIdentifier": Ref(GUARDRAIL, "id"),
        "guardrailVersion": Ref(GUARDRAIL, "version"),
    },
    "actionGroups": [GROUP, {"actionGroupName": "ask", "parentActionGroupSignature": "AMAZON.UserInput"}],
    "knowledgeBases": [{"knowledgeBaseId": Ref(Address("x", "knowledge-base", "k"), "id"), "description": "d"}],
    "promptOverrideConfiguration": {"promptConfigurations": [PROMPT]},
}


def found(**changed: Any) -> list[tuple[str, str]]:
    """Code and place of every problem of the whole agent with these members; None takes one away."""
    data = {k: v for k, v in {**copy.deepcopy(WHOLE), **changed}.items() if v is not None}
    files = {"agent.md": "x" * 50, "short.md": "x" * 39}
    return [(p.code, show_path(p.path)) for p in AGENT.check(Entry("main", data, {}, files))]


def _groups(*groups: dict[str, Any]) -> dict[str, Any]:
    return {"actionGroups": [{**g, "actionGroupName": f"g{i}"} for i, g in enumerate(groups)]}


def _prompt(**changed: Any) -> dict[str, Any]:
    prompt = {k: v for k, v in {**PROMPT, **changed}.items() if v is not None}
    return {"promptOverrideConfiguration": {"promptConfigurations": [prompt]}}


_PROMPT_AT = "promptOverrideConfiguration.promptConfigurations[0]"


def test_a_whole_agent_has_no_problem() -> None:
    assert found() == []
    assert found(agentCollaboration="SUPERVISOR", collaborators=[COLLEAGUE]) == []
    assert found(instruction=None, instructionFile="agent.md") == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"instruction": None}, ("E570", "")),
        ({"foundationModel": None}, ("E570", "")),
        ({"agentResourceRoleArn": None}, ("E570", "")),
        ({"instructionFile": "agent.md"}, ("E570", "instructionFile")),
        ({"instruction": None, "instructionFile": "short.md"}, ("E570", "instructionFile")),
        ({"guardrailConfiguration": {"guardrailIdentifier": "abc"}}, ("E560", "guardrailConfiguration")),
        (
            {"guardrailConfiguration": {"guardrailIdentifier": "abc", "guardrailVersion": "DRAFT"}},
            ("E560", "guardrailConfiguration.guardrailVersion"),
        ),
        ({"agentCollaboration": "SUPERVISOR"}, ("E562", "agentCollaboration")),
        ({"agentCollaboration": "SUPERVISOR_ROUTER", "collaborators": []}, ("E562", "agentCollaboration")),
        ({"collaborators": [COLLEAGUE]}, ("E562", "collaborators")),
        (
            {"agentCollaboration": "SUPERVISOR", "collaborators": [{**COLLEAGUE, "agentDescriptor": {}}]},
            ("E560", "collaborators[0]"),
        ),
        (_groups({"functionSchema": FUNCTIONS}), ("E563", "actionGroups[0]")),
        (_groups({"actionGroupExecutor": {"customControl": "RETURN_CONTROL"}}), ("E563", "actionGroups[0]")),
        (_groups({**GROUP, "apiSchema": {"s3": {}}}), ("E563", "actionGroups[0]")),
        (
            _groups({"parentActionGroupSignature": "AMAZON.UserInput", "functionSchema": FUNCTIONS}),
            ("E564", "actionGroups[0].functionSchema"),
        ),
        (
            _groups({"parentActionGroupSignature": "AMAZON.UserInput", "description": "d"}),
            ("E564", "actionGroups[0].description"),
        ),
        (
            _groups({"parentActionGroupSignature": "AMAZON.UserInput", "parentActionGroupSignatureParams": {}}),
            ("E564", "actionGroups[0].parentActionGroupSignatureParams"),
        ),
        (_groups({**API, "apiSchema": {"payload": "{"}}), ("E565", "actionGroups[0].apiSchema.payload")),
        (_groups(*[{**GROUP, "actionGroupState": "DISABLED"}] * 21), ("E566", "actionGroups")),
        (_groups(*[GROUP] * 16), ("E566", "actionGroups")),
        (_groups(*[API] * 12), ("E566", "actionGroups")),
        (
            {"knowledgeBases": [{"knowledgeBaseId": f"ABCDEFGHI{n}", "description": "d"} for n in range(3)]},
            ("E566", "knowledgeBases"),
        ),
        ({"actionGroups": [GROUP, GROUP]}, ("E567", "actionGroups[1].actionGroupName")),
        ({"knowledgeBases": WHOLE["knowledgeBases"] * 2}, ("E567", "knowledgeBases[1].knowledgeBaseId")),
        (
            _groups({**GROUP, "functionSchema": {"functions": [{"name": "get"}, {"name": "get"}]}}),
            ("E567", "actionGroups[0].functionSchema.functions[1].name"),
        ),
        (_prompt(promptType=None), ("E568", _PROMPT_AT)),
        (_prompt(promptCreationMode="DEFAULT"), ("E568", _PROMPT_AT)),
        (_prompt(parserMode="OVERRIDDEN"), ("E568", "promptOverrideConfiguration")),
        ({"orchestrationType": "CUSTOM_ORCHESTRATION"}, ("E569", "orchestrationType")),
        ({"customOrchestration": {"executor": {"lambda": f"{LAMBDA}:1"}}}, ("E569", "customOrchestration")),
    ],
)
def test_what_aws_would_refuse_has_a_code_and_a_place(changed: dict[str, Any], told: tuple[str, str]) -> None:
    assert found(**changed) == [told]


@pytest.mark.parametrize("member", ["promptState", "basePromptTemplate", "inferenceConfiguration", "parserMode"])
def test_aws_37903_an_incomplete_override_is_told_before_aws_does(member: str) -> None:
    """terraform-provider-aws #37903."""
    assert found(**_prompt(**{member: None})) == [("E568", _PROMPT_AT)]


def test_the_draft_of_a_collaborator_is_no_fixed_version() -> None:
    arn = "arn:aws:bedrock:eu-central-1:111111111111:agent-alias/ABCDEFGHIJ/TSTALIASID"
    one = {**COLLEAGUE, "agentDescriptor": {"aliasArn": arn}}
    assert found(agentCollaboration="SUPERVISOR", collaborators=[one]) == [
        ("E560", "collaborators[0].agentDescriptor.aliasArn")
    ]


@pytest.mark.parametrize(("arn", "warned"), [(LAMBDA, True), (f"{LAMBDA}:$LATEST", True), (f"{LAMBDA}:live", False)])
def test_a_function_without_a_version_is_a_warning(arn: str, warned: bool) -> None:
    data = {**WHOLE, **_groups({**GROUP, "actionGroupExecutor": {"lambda": arn}})}
    problems = list(AGENT.check(Entry("main", data, {}, {})))
    assert [(p.code, p.severity) for p in problems] == [("E561", "warning")] * warned


def test_an_environment_that_asks_for_guardrails_asks_agents_too() -> None:
    kinds = {"agent": AGENT, "prompt": registry()["prompt"]}
    spec = {"agents": {"main": WHOLE, "bare": {k: v for k, v in WHOLE.items() if k != "guardrailConfiguration"}}}
    problems = list(check_guarded(spec, kinds, model))
    assert [(p.code, p.path) for p in problems] == [("E604", ("spec", "agents", "bare"))]


def test_operations_are_counted_in_json_and_in_yaml() -> None:
    assert judge(json.dumps(DOCUMENT)).operations == 1
    assert judge(YAML).operations == 2
    assert judge(YAML).problems == judge(json.dumps(DOCUMENT)).problems == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (YAML.replace("openapi: 3.0.0", "swagger: '2.0'"), "no openapi"),
        (YAML.replace("openapi: 3.0.0", 'openapi: "2.0"'), "OpenAPI 2.0"),
        (YAML.replace("paths:", "path:"), "no paths"),
        (json.dumps({**DOCUMENT, "openapi": "2.0"}), "OpenAPI 2.0"),
        (json.dumps({**DOCUMENT, "paths": {"/it": {"get": {}}}}), "get /it has no description and no responses"),
        ("[]", "a list"),
        ("", "no openapi and no info and no paths"),
    ],
)
def test_a_document_that_aws_refuses(text: str, said: str) -> None:
    assert any(said in problem for problem in judge(text).problems)
