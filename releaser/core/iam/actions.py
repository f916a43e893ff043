"""Operations and their IAM actions, with the resource types that each action can be restricted to. Pure.

Source: Service Authorization Reference, as read in November 2026. Most actions are called as their operation; those
that are not stand in ``OTHERWISE``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

PREFIXES: Mapping[str, str] = {
    "appconfig": "appconfig",
    "bedrock": "bedrock",
    "bedrock-agent": "bedrock",
    "bedrock-agent-runtime": "bedrock",
    "bedrock-runtime": "bedrock",
    "cloudwatch": "cloudwatch",
    "iam": "iam",
    "kms": "kms",
    "resourcegroupstaggingapi": "tag",
    "s3": "s3",
    "service-quotas": "servicequotas",
    "ssm": "ssm",
    "sts": "sts",
}
"""Service, as botocore calls it -> prefix of its IAM actions."""

_GUARDED = ("bedrock:ApplyGuardrail", "bedrock:RenderPrompt")

OTHERWISE: Mapping[tuple[str, str], tuple[str, ...]] = {
    # User guide, "Prerequisites for running model inference": Converse has no action of its own. A prompt as model is
    # rendered, a guardrail in the request is applied, both with the caller's permissions.
    ("bedrock-runtime", "Converse"): ("bedrock:InvokeModel", *_GUARDED),
    ("bedrock-runtime", "ConverseStream"): ("bedrock:InvokeModelWithResponseStream", *_GUARDED),
    ("bedrock-agent-runtime", "RetrieveAndGenerate"): (
        "bedrock:RetrieveAndGenerate",
        "bedrock:Retrieve",
        "bedrock:InvokeModel",
        "bedrock:ApplyGuardrail",
    ),
    ("s3", "ListObjectVersions"): ("s3:ListBucketVersions",),
    ("s3", "HeadObject"): ("s3:GetObject", "s3:GetObjectVersion"),
    ("s3", "GetObject"): ("s3:GetObject", "s3:GetObjectVersion"),
    ("s3", "DeleteObject"): ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    # API reference: "No permissions are required to perform this operation."
    ("sts", "GetCallerIdentity"): (),
}
"""Operations whose actions are not called like them, or are several."""


class Access(StrEnum):
    """What an action does."""

    READ = "read"
    INVOKE = "invoke"
    """Calls what applications call: it costs money and changes nothing that is managed."""
    WRITE = "write"
    BY_HAND = "by hand"
    """What no role of a pipeline is given."""


@dataclass(frozen=True, slots=True)
class Action:
    """One IAM action. ``on``: the resource types it can be restricted to; none: only ``*`` is possible."""

    name: str
    access: Access
    on: tuple[str, ...] = ()

    @property
    def service(self) -> str:
        return self.name.partition(":")[0]


RESOURCES: Mapping[str, str] = {
    "agent": "bedrock:{region}:{account}:agent/*",
    "agent-alias": "bedrock:{region}:{account}:agent-alias/*",
    "application-inference-profile": "bedrock:{region}:{account}:application-inference-profile/*",
    "default-prompt-router": "bedrock:{region}:{account}:default-prompt-router/*",
    "flow": "bedrock:{region}:{account}:flow/*",
    "flow-alias": "bedrock:{region}:{account}:flow/*/alias/*",
    "foundation-model": "bedrock:{region}::foundation-model/*",
    "guardrail": "bedrock:{region}:{account}:guardrail/*",
    "guardrail-profile": "bedrock:{region}:{account}:guardrail-profile/*",
    "inference-profile": "bedrock:{region}:{account}:inference-profile/*",
    "knowledge-base": "bedrock:{region}:{account}:knowledge-base/*",
    "prompt": "bedrock:{region}:{account}:prompt/*",
    "prompt-router": "bedrock:{region}:{account}:prompt-router/*",
    "prompt-version": "bedrock:{region}:{account}:prompt/*:*",
    "application": "appconfig:{region}:{account}:application/*",
    "configurationprofile": "appconfig:{region}:{account}:application/*/configurationprofile/*",
    "deployment": "appconfig:{region}:{account}:application/*/environment/*/deployment/*",
    "deploymentstrategy": "appconfig:{region}:{account}:deploymentstrategy/*",
    "environment": "appconfig:{region}:{account}:application/*/environment/*",
    "hostedconfigurationversion": (
        "appconfig:{region}:{account}:application/*/configurationprofile/*/hostedconfigurationversion/*"
    ),
    "parameter": "ssm:{region}:{account}:parameter/releaser/*",
    "quota": "servicequotas:{region}:{account}:bedrock/*",
    "bucket": "s3:::{bucket}",
    "object": "s3:::{bucket}/{key}",
    "key": "kms:{region}:{account}:key/*",
    "role": "iam::{account}:role/*",
}
"""Resource type -> ARN, after ``arn:<partition>:``. Ids are AWS's, so that names restrict only parameters."""

UNTAGGED = frozenset({"deploymentstrategy", "deployment", "hostedconfigurationversion", "prompt-version"})
"""Types of resources that we make without tags: what is ours cannot be told by one."""

_AGENT = """
    GetAgent GetAgentVersion ListAgentVersions ListAgentAliases GetAgentActionGroup ListAgentActionGroups
    ListAgentCollaborators ListAgentKnowledgeBases
"""
_OWN_AGENT = """
    UpdateAgent DeleteAgent DeleteAgentVersion PrepareAgent CreateAgentAlias CreateAgentActionGroup
    UpdateAgentActionGroup DeleteAgentActionGroup AssociateAgentCollaborator UpdateAgentCollaborator
    DisassociateAgentCollaborator
"""
_KNOWLEDGE = "GetKnowledgeBase GetDataSource ListDataSources GetIngestionJob ListIngestionJobs"
_OWN_KNOWLEDGE = """
    UpdateKnowledgeBase DeleteKnowledgeBase CreateDataSource UpdateDataSource DeleteDataSource StartIngestionJob
"""
_TAGGED = """
    agent agent-alias application-inference-profile flow flow-alias guardrail knowledge-base prompt prompt-router
"""
_CONFIGURED = "application environment configurationprofile"
_MODELS = "foundation-model inference-profile application-inference-profile"
_CALLED = f"{_MODELS} prompt-router default-prompt-router"

_TABLE: tuple[tuple[str, Access, str, str], ...] = (
    (
        "bedrock",
        Access.READ,
        "ListAgents ListFlows ListGuardrails ListInferenceProfiles ListKnowledgeBases ListPrompts ListPromptRouters "
        "ListFoundationModels GetFoundationModelAvailability ListEnforcedGuardrailsConfiguration",
        "",
    ),
    ("bedrock", Access.READ, _AGENT, "agent"),
    ("bedrock", Access.READ, "GetAgentAlias", "agent-alias"),
    ("bedrock", Access.READ, "GetFlow GetFlowVersion ListFlowVersions ListFlowAliases", "flow"),
    ("bedrock", Access.READ, "GetFlowAlias", "flow-alias"),
    ("bedrock", Access.READ, "GetGuardrail", "guardrail"),
    ("bedrock", Access.READ, "GetInferenceProfile", "application-inference-profile inference-profile"),
    ("bedrock", Access.READ, "GetPromptRouter", "prompt-router default-prompt-router"),
    ("bedrock", Access.READ, "GetPrompt", "prompt prompt-version"),
    ("bedrock", Access.READ, _KNOWLEDGE, "knowledge-base"),
    ("bedrock", Access.READ, "ListTagsForResource", _TAGGED),
    ("bedrock", Access.INVOKE, "InvokeModel InvokeModelWithResponseStream", _CALLED),
    ("bedrock", Access.INVOKE, "CountTokens", "foundation-model"),
    ("bedrock", Access.INVOKE, "ApplyGuardrail", "guardrail guardrail-profile"),
    ("bedrock", Access.INVOKE, "RenderPrompt", "prompt prompt-version"),
    ("bedrock", Access.INVOKE, "Retrieve", "knowledge-base"),
    ("bedrock", Access.INVOKE, "RetrieveAndGenerate", ""),
    ("bedrock", Access.INVOKE, "InvokeFlow", "flow-alias"),
    ("bedrock", Access.INVOKE, "InvokeAgent", "agent-alias"),
    (
        "bedrock",
        Access.WRITE,
        "CreateAgent CreateFlow CreateGuardrail CreateKnowledgeBase CreatePrompt AssociateThirdPartyKnowledgeBase",
        "",
    ),
    ("bedrock", Access.WRITE, _OWN_AGENT, "agent"),
    (
        "bedrock",
        Access.WRITE,
        "AssociateAgentKnowledgeBase UpdateAgentKnowledgeBase DisassociateAgentKnowledgeBase",
        "agent knowledge-base",
    ),
    ("bedrock", Access.WRITE, "UpdateAgentAlias DeleteAgentAlias", "agent-alias"),
    (
        "bedrock",
        Access.WRITE,
        "UpdateFlow DeleteFlow PrepareFlow CreateFlowVersion DeleteFlowVersion CreateFlowAlias",
        "flow",
    ),
    ("bedrock", Access.WRITE, "UpdateFlowAlias DeleteFlowAlias", "flow-alias"),
    ("bedrock", Access.WRITE, "UpdateGuardrail DeleteGuardrail CreateGuardrailVersion", "guardrail"),
    ("bedrock", Access.WRITE, "CreateInferenceProfile", _MODELS),
    ("bedrock", Access.WRITE, "DeleteInferenceProfile", "application-inference-profile"),
    ("bedrock", Access.WRITE, "CreatePromptRouter", f"{_MODELS} prompt-router"),
    ("bedrock", Access.WRITE, "DeletePromptRouter", "prompt-router"),
    ("bedrock", Access.WRITE, "UpdatePrompt CreatePromptVersion", "prompt"),
    ("bedrock", Access.WRITE, "DeletePrompt", "prompt prompt-version"),
    ("bedrock", Access.WRITE, _OWN_KNOWLEDGE, "knowledge-base"),
    ("bedrock", Access.WRITE, "TagResource UntagResource", _TAGGED),
    ("appconfig", Access.READ, "ListApplications ListDeploymentStrategies", ""),
    ("appconfig", Access.READ, "GetApplication ListEnvironments ListConfigurationProfiles", "application"),
    ("appconfig", Access.READ, "GetEnvironment ListDeployments", "application environment"),
    (
        "appconfig",
        Access.READ,
        "GetConfigurationProfile ListHostedConfigurationVersions",
        "application configurationprofile",
    ),
    (
        "appconfig",
        Access.READ,
        "GetHostedConfigurationVersion",
        "application configurationprofile hostedconfigurationversion",
    ),
    ("appconfig", Access.READ, "GetDeployment", "application environment deployment"),
    ("appconfig", Access.READ, "ListTagsForResource", _CONFIGURED),
    ("appconfig", Access.WRITE, "CreateApplication CreateDeploymentStrategy", ""),
    (
        "appconfig",
        Access.WRITE,
        "UpdateApplication DeleteApplication CreateEnvironment CreateConfigurationProfile",
        "application",
    ),
    ("appconfig", Access.WRITE, "UpdateEnvironment DeleteEnvironment", "application environment"),
    (
        "appconfig",
        Access.WRITE,
        "UpdateConfigurationProfile DeleteConfigurationProfile CreateHostedConfigurationVersion",
        "application configurationprofile",
    ),
    (
        "appconfig",
        Access.WRITE,
        "DeleteHostedConfigurationVersion",
        "application configurationprofile hostedconfigurationversion",
    ),
    ("appconfig", Access.WRITE, "StartDeployment", f"{_CONFIGURED} deploymentstrategy"),
    ("appconfig", Access.WRITE, "StopDeployment", "application environment deployment"),
    ("appconfig", Access.WRITE, "TagResource UntagResource", _CONFIGURED),
    ("ssm", Access.READ, "DescribeParameters", ""),
    ("ssm", Access.READ, "GetParameter GetParameters ListTagsForResource", "parameter"),
    ("ssm", Access.WRITE, "PutParameter DeleteParameter AddTagsToResource RemoveTagsFromResource", "parameter"),
    ("tag", Access.READ, "GetResources", ""),
    # Composite alarms are told only to who may describe all (API reference, DescribeAlarms).
    ("cloudwatch", Access.READ, "DescribeAlarms", ""),
    ("servicequotas", Access.READ, "GetServiceQuota", "quota"),
    ("s3", Access.READ, "ListBucketVersions", "bucket"),
    ("s3", Access.READ, "GetObject GetObjectVersion GetObjectRetention", "object"),
    ("s3", Access.WRITE, "PutObject", "object"),
    ("s3", Access.BY_HAND, "DeleteObject DeleteObjectVersion", "object"),
    ("kms", Access.READ, "Decrypt DescribeKey GetPublicKey Verify", "key"),
    ("kms", Access.WRITE, "CreateGrant GenerateDataKey Sign", "key"),
    ("iam", Access.READ, "SimulatePrincipalPolicy", "role"),
    ("iam", Access.WRITE, "PassRole", "role"),
    ("sts", Access.READ, "AssumeRole", "role"),
)


def _actions() -> dict[str, Action]:
    found = {}
    for prefix, access, names, on in _TABLE:
        for name in names.split():
            found[f"{prefix}:{name}"] = Action(f"{prefix}:{name}", access, tuple(on.split()))
    return found


ACTIONS: Mapping[str, Action] = MappingProxyType(_actions())
"""Every action that anything here may need, by name."""


def actions_of(service: str, operation: str) -> tuple[Action, ...]:
    """What a caller of an operation must be allowed. KeyError: nobody has said so yet."""
    names = OTHERWISE.get((service, operation))
    if names is None:
        names = (f"{PREFIXES[service]}:{operation}",)
    return tuple(ACTIONS[name] for name in names)
