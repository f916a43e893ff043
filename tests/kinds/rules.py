"""What AWS asks of a body beyond its service model, so that a synthesised body is one that AWS takes.

A kind without an entry here has no such rule.
"""

from __future__ import annotations

import copy
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kinds.flow_graphs import connected, nodes_within
from kinds.synthesis import Choice, Choices

KNOWN = {
    "GuardrailCrossRegionGuardrailProfileIdentifier": "eu.guardrail.v1:0",
    "KmsKeyId": "arn:aws:kms:eu-central-1:111111111111:key/12345678-1234-1234-1234-123456789012",
    "KnowledgeBaseRoleArn": "arn:aws:iam::111111111111:role/knowledge",
    "BedrockEmbeddingModelArn": "arn:aws:bedrock:eu-central-1::foundation-model/amazon.titan-embed-text-v2:0",
    "InferenceProfileModelSourceArn": "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0",
    "AgentRoleArn": "arn:aws:iam::111111111111:role/agent",
    "FlowExecutionRoleArn": "arn:aws:iam::111111111111:role/flow-11",
    "FlowIdentifier": "ABCDEFGH11",
    "FlowPromptArn": "arn:aws:bedrock:eu-central-1:111111111111:prompt/ABCDEFGHIJ:11",
    "FlowAgentAliasArn": "arn:aws:bedrock:eu-central-1:111111111111:agent-alias/ABCDEFGHIJ/ABCDEFGH11",
    "FlowLambdaArn": "arn:aws:lambda:eu-central-1:111111111111:function:lookup:11",
    "FlowLexBotAliasArn": "arn:aws:lex:eu-central-1:111111111111:bot-alias/ABCDEFGHIJ/ABCDEFGH11",
    "FlowKnowledgeBaseId": "ABCDEFGH11",
    "FlowS3BucketName": "bucket-11",
    "FlowPromptModelIdentifier": "amazon.nova-lite-v1:0",
    "KnowledgeBaseModelIdentifier": "amazon.nova-lite-v1:0",
    "BedrockModelArn": "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0",
    "GuardrailIdentifier": "abcdefghij11",
    "RoleArn": "arn:aws:iam::111111111111:role/alarms",
    "GuardrailVersion": "11",
    "Version": "11",
    "BedrockRerankingModelArn": "arn:aws:bedrock:eu-central-1::foundation-model/amazon.rerank-v1:0",
}
"""Shape -> a text that exists where the body is sent."""

MOST = {"FlowNodes": 4, "knowledge-base.dataSources": 5}
"""List shape -> how many items a body gets: AWS allows 40 nodes in a flow, and 20 connections between them; 5 data
sources in a knowledge base."""

FEW = {**MOST, "knowledge-base.dataSources": 2}
"""The same for bodies that are written often: each data source costs calls in every look."""

Body = dict[str, Any]


def _typed(member: str, ways: Mapping[str, str | None], *, loose: str = "") -> tuple[Choice, ...]:
    """A type and the one member that goes with it; with the ``loose`` type it need not be there."""

    def choice(says: str, member_of_it: frozenset[str]) -> Choice:
        return Choice({member: says}, **{"may" if says == loose else "has": member_of_it})

    return tuple(choice(says, frozenset({one} if one else ())) for says, one in ways.items())


KNOWLEDGE = {t: f"{t.lower()}KnowledgeBaseConfiguration" for t in ("VECTOR", "KENDRA", "SQL", "MANAGED")}
STORES = {
    "OPENSEARCH_SERVERLESS": "opensearchServerlessConfiguration",
    "OPENSEARCH_MANAGED_CLUSTER": "opensearchManagedClusterConfiguration",
    "PINECONE": "pineconeConfiguration",
    "REDIS_ENTERPRISE_CLOUD": "redisEnterpriseCloudConfiguration",
    "RDS": "rdsConfiguration",
    "MONGO_DB_ATLAS": "mongoDbAtlasConfiguration",
    "NEPTUNE_ANALYTICS": "neptuneAnalyticsConfiguration",
    "S3_VECTORS": "s3VectorsConfiguration",
}
SOURCES = {
    "S3": "s3Configuration",
    "WEB": "webConfiguration",
    "CONFLUENCE": "confluenceConfiguration",
    "SALESFORCE": "salesforceConfiguration",
    "SHAREPOINT": "sharePointConfiguration",
    "CUSTOM": None,
    "REDSHIFT_METADATA": None,
    "MANAGED_KNOWLEDGE_BASE_CONNECTOR": "managedKnowledgeBaseConnectorConfiguration",
}
CHUNKING = {
    "FIXED_SIZE": "fixedSizeChunkingConfiguration",
    "NONE": None,
    "HIERARCHICAL": "hierarchicalChunkingConfiguration",
    "SEMANTIC": "semanticChunkingConfiguration",
}
PARSING = {
    "BEDROCK_FOUNDATION_MODEL": "bedrockFoundationModelConfiguration",
    "BEDROCK_DATA_AUTOMATION": "bedrockDataAutomationConfiguration",
    "SMART_PARSING": None,
    "MULTI_MODAL_EMBEDDINGS": None,
}
ENGINES = {"SERVERLESS": "serverlessConfiguration", "PROVISIONED": "provisionedConfiguration"}
TABLES = {"REDSHIFT": "redshiftConfiguration", "AWS_DATA_CATALOG": "awsDataCatalogConfiguration"}
LOGINS = {"IAM": None, "USERNAME_PASSWORD": "usernamePasswordSecretArn"}

CHOICES: Choices = {
    "KnowledgeBaseConfiguration": _typed("type", KNOWLEDGE),
    "StorageConfiguration": _typed("type", STORES),
    "DataSourceConfiguration": _typed("type", SOURCES),
    "ChunkingConfiguration": _typed("chunkingStrategy", CHUNKING, loose="FIXED_SIZE"),
    "ParsingConfiguration": _typed("parsingStrategy", PARSING, loose="BEDROCK_DATA_AUTOMATION"),
    "RedshiftQueryEngineConfiguration": _typed("type", ENGINES),
    "RedshiftQueryEngineStorageConfiguration": _typed("type", TABLES),
    "RedshiftServerlessAuthConfiguration": _typed("type", LOGINS),
    "RedshiftProvisionedAuthConfiguration": _typed("type", {**LOGINS, "USERNAME": "databaseUser"}),
    "S3VectorsConfiguration": (
        Choice(has=frozenset({"indexArn"})),
        Choice(has=frozenset({"vectorBucketArn", "indexName"})),
    ),
}
"""A type and its configuration: AWS takes one without the other, or with another's, for an error."""

SAID: Mapping[str, Body] = {"knowledge-base": {"updates": "inPlace"}}
"""Kind -> what a manifest's entry says beyond AWS's body, so that no content need be pinned."""


ADDED: Mapping[str, tuple[str, ...]] = {
    "knowledge-base": (
        "knowledgeBaseConfiguration.vectorKnowledgeBaseConfiguration.embeddingModelConfiguration",
        "dataSources[].vectorIngestionConfiguration",
    )
}
"""Where the harsher server adds members to what was written, of which no rule of the kind's knows: a plan tells them
from drift by what was released (test_new_defaults.py)."""


def is_added(kind: str, pattern: str) -> bool:
    """Whether the harsher server may have added what stands there."""
    return any(pattern == p or pattern.startswith(f"{p}.") for p in ADDED.get(kind, ()))


def acceptable(kind: str, body: Body) -> Body:
    """The body, mended in place where it breaks a rule that the model does not tell."""
    _MENDERS.get(kind, lambda _: None)(body)
    return body


def _guardrail(body: Body) -> None:
    for item in body.get("contentPolicyConfig", {}).get("filtersConfig", ()):
        if item["type"] == "PROMPT_ATTACK":
            item["outputStrength"] = "NONE"
    for item in body.get("sensitiveInformationPolicyConfig", {}).get("regexesConfig", ()):
        item["pattern"] = re.escape(item["pattern"])[:500].rstrip("\\") or "x"
    for item in body.get("contextualGroundingPolicyConfig", {}).get("filtersConfig", ()):
        item["threshold"] = min(item["threshold"], 0.99)
    policies = {k for k in body if k.endswith("PolicyConfig")}
    if not policies:
        body["contextualGroundingPolicyConfig"] = {"filtersConfig": [{"type": "GROUNDING", "threshold": 0.5}]}
    standard = any(body[p].get("tierConfig", {}).get("tierName") == "STANDARD" for p in policies)
    if standard or "automatedReasoningPolicyConfig" in body:
        body["crossRegionConfig"] = {
            "guardrailProfileIdentifier": KNOWN["GuardrailCrossRegionGuardrailProfileIdentifier"]
        }


def _prompt(body: Body) -> None:
    for variant in body.get("variants", ()):
        variant["templateType"] = "CHAT" if "chat" in variant["templateConfiguration"] else "TEXT"
    if "defaultVariant" in body and body.get("variants"):
        body["defaultVariant"] = body["variants"][0]["name"]
    elif "defaultVariant" in body:
        del body["defaultVariant"]


def _prompt_router(body: Body) -> None:
    lite, pro = (f"arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-{m}-v1:0" for m in ("lite", "pro"))
    body["models"] = [{"modelArn": pro}, {"modelArn": lite}]
    body["fallbackModel"] = {"modelArn": lite}
    difference = body["routingCriteria"]["responseQualityDifference"]
    body["routingCriteria"] = {"responseQualityDifference": 5 * round(difference / 5)}


_OPERATION = {"description": "Gets it.", "responses": {"200": {"description": "It."}}}
OPENAPI = json.dumps(
    {"openapi": "3.0.0", "info": {"title": "it", "version": "1"}, "paths": {"/it": {"get": _OPERATION}}}
)
_MOST_GROUPS, _MOST_BASES = 11, 2


_SOMEBODY = "arn:aws:bedrock:eu-central-1:111111111111:agent-alias/ABCDEFGHIJ/ABCDEFGHIJ"


def _agent(body: Body) -> None:
    needed = {
        "agentResourceRoleArn": KNOWN["AgentRoleArn"],
        "foundationModel": "amazon.nova-lite-v1:0",
        "instruction": "Answer what is asked, politely and in full sentences.",
    }
    for member, value in needed.items():
        body.setdefault(member, value)
    if "actionGroups" in body:
        groups = [_action_group(g, kind) for g in body["actionGroups"] for kind in _kinds_of_group(g)]
        body["actionGroups"] = groups[:_MOST_GROUPS]
    if "knowledgeBases" in body:
        body["knowledgeBases"] = body["knowledgeBases"][:_MOST_BASES]
    for one in body.get("collaborators", ()):
        one["agentDescriptor"].setdefault("aliasArn", _SOMEBODY)
    leads = body.get("agentCollaboration") in ("SUPERVISOR", "SUPERVISOR_ROUTER")
    if body.get("collaborators"):
        body["agentCollaboration"] = "SUPERVISOR_ROUTER" if leads else "SUPERVISOR"
    elif leads:
        body["agentCollaboration"] = "DISABLED"
    if len(body.get("guardrailConfiguration", {})) < 2 and "guardrailConfiguration" in body:
        del body["guardrailConfiguration"]
    if body.get("guardrailConfiguration", {}).get("guardrailVersion") == "DRAFT":
        body["guardrailConfiguration"]["guardrailVersion"] = "1"
    if body.get("customOrchestration", {}).get("executor"):
        body["orchestrationType"] = "CUSTOM_ORCHESTRATION"
    else:
        body.pop("customOrchestration", None)
        body["orchestrationType"] = "DEFAULT"
    _overrides(body)


def _agent_alias(body: Body) -> None:
    target = next(iter(body.get("routingConfiguration", ())), {})
    body["routingConfiguration"] = [{**target, "agentVersion": "1"}]
    body.setdefault("aliasInvocationState", "ACCEPT_INVOCATIONS")


def _kinds_of_group(group: Body) -> list[str]:
    """An item with everything set stands for several, since AWS takes one of these alone."""
    kinds = ("functionSchema", "apiSchema", "parentActionGroupSignature")
    return [k for k in kinds if k in group] or ["functionSchema"]


def _action_group(group: Body, kind: str) -> Body:
    others = {"functionSchema", "apiSchema", "parentActionGroupSignature", "parentActionGroupSignatureParams"} - {kind}
    made = copy.deepcopy({k: v for k, v in group.items() if k not in others})
    made["actionGroupName"] = f"{group['actionGroupName'][:90]}{kind[0]}"
    if kind == "parentActionGroupSignature":
        made = {k: v for k, v in made.items() if k not in ("actionGroupExecutor", "description")}
        params = group.get("parentActionGroupSignatureParams")
        tuned = params and str(group[kind]).startswith("ANTHROPIC.")
        return made | ({"parentActionGroupSignatureParams": params} if tuned else {})
    made.setdefault("actionGroupExecutor", {"customControl": "RETURN_CONTROL"})
    made.setdefault("functionSchema" if kind == "functionSchema" else "apiSchema", {"functions": [{"name": "act"}]})
    if "payload" in made.get("apiSchema", {}):
        made["apiSchema"] = {"payload": OPENAPI}
    return made


def _overrides(body: Body) -> None:
    overrides = body.get("promptOverrideConfiguration")
    if overrides is None:
        return
    prompts = [p for p in overrides["promptConfigurations"] if "promptType" in p]
    for prompt in prompts:
        prompt["promptCreationMode"] = "OVERRIDDEN"
        prompt["parserMode"] = "OVERRIDDEN" if "overrideLambda" in overrides else "DEFAULT"
        prompt.setdefault("promptState", "ENABLED")
        prompt.setdefault("basePromptTemplate", "$question$")
        if not prompt.get("inferenceConfiguration"):
            prompt["inferenceConfiguration"] = {"temperature": 0.5}
    overrides["promptConfigurations"] = prompts
    if not prompts:
        del body["promptOverrideConfiguration"]


def _knowledge_base(body: Body) -> None:
    type_ = body["knowledgeBaseConfiguration"]["type"]
    if type_ != "VECTOR":
        body.pop("storageConfiguration", None)
    else:
        vectors = {"indexArn": "arn:aws:s3vectors:eu-central-1:111111111111:bucket/vectors/index/main"}
        body.setdefault("storageConfiguration", {"type": "S3_VECTORS", "s3VectorsConfiguration": vectors})
    for source in body.get("dataSources", ()):
        if type_ == "MANAGED" and source.get("dataDeletionPolicy") == "RETAIN":
            source["dataDeletionPolicy"] = "DELETE"
        chunking = source.get("vectorIngestionConfiguration", {}).get("chunkingConfiguration", {})
        levels = chunking.get(str(CHUNKING["HIERARCHICAL"]), {}).get("levelConfigurations", ())
        for parent, child in itertools.pairwise(levels):  # which is no larger
            child["maxTokens"] = min(child["maxTokens"], max(1, parent["maxTokens"] // 2))


def several(kind: str, bodies: list[Body]) -> list[Body]:
    """Bodies that stand for several, since AWS takes one of their members alone."""
    return list(_knowledge_bases(bodies)) if kind == "knowledge-base" else bodies


def _knowledge_bases(bodies: list[Body]) -> Iterator[Body]:
    """Every store under vectors, and every other type without one; the data sources of each list once."""
    bases = {json.dumps(b["knowledgeBaseConfiguration"]): b["knowledgeBaseConfiguration"] for b in bodies}
    vectors = next(b for b in bases.values() if b["type"] == "VECTOR")
    told: list[Any] = []
    for body in bodies:
        made = {**body, "knowledgeBaseConfiguration": vectors}
        if made["dataSources"] in told:
            del made["dataSources"]
        else:
            told.append(made["dataSources"])
        yield copy.deepcopy(made)
    rest = {k: v for k, v in bodies[0].items() if k not in ("dataSources", "storageConfiguration")}
    yield from (copy.deepcopy({**rest, "knowledgeBaseConfiguration": b}) for b in bases.values() if b is not vectors)


def _flow(body: Body) -> None:
    body["definition"] = connected(body.get("definition", {}))
    for node in nodes_within(body["definition"]):
        for member in ("prompt", "knowledgeBase"):
            held = node.get("configuration", {}).get(member, {})
            if "guardrailConfiguration" in held:
                told = {
                    "guardrailIdentifier": KNOWN["GuardrailIdentifier"],
                    "guardrailVersion": KNOWN["GuardrailVersion"],
                }
                held["guardrailConfiguration"] = {**told, **held["guardrailConfiguration"]}


def _flow_alias(body: Body) -> None:
    body["routingConfiguration"] = [{"flowVersion": "1"}]


def _appconfig_profile(body: Body) -> None:
    body["LocationUri"] = "hosted"
    if "Type" in body:
        body["Type"] = "AWS.Freeform"
    if body.get("Validators"):
        content = json.dumps({"title": str(body["Validators"][0].get("Content", ""))})
        body["Validators"] = [{"Type": "JSON_SCHEMA", "Content": content}]


_MENDERS: Mapping[str, Callable[[Body], None]] = {
    "agent": _agent,
    "agent-alias": _agent_alias,
    "appconfig-profile": _appconfig_profile,
    "guardrail": _guardrail,
    "prompt": _prompt,
    "prompt-router": _prompt_router,
    "knowledge-base": _knowledge_base,
    "flow": _flow,
    "flow-alias": _flow_alias,
}
