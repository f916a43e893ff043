"""Agents, flows, knowledge bases and prompts: actions of the prefix ``bedrock`` too.

Source: Service Authorization Reference, Amazon Bedrock; user guide on service roles of agents, flows and knowledge
bases (iam:PassRole).
"""

from __future__ import annotations

from releaser.sandbox.call import Call
from releaser.sandbox.iam.demands import Rule, also, arn, named, needs, passes
from releaser.sandbox.iam.evaluation import Demand
from releaser.sandbox.iam.rules.bedrock import one_or_all, tagging

_SERVICE = "bedrock.amazonaws.com"
_AGENT, _BASE = "agent/{agentId}", "knowledge-base/{knowledgeBaseId}"
_FLOW, _PROMPT = "flow/{flowIdentifier}", "prompt/{promptIdentifier}"


def _version_of_prompt(call: Call) -> list[Demand]:
    """A prompt, or one version of it: the version is a resource of its own."""
    version, resource = call.params.get("promptVersion", "DRAFT"), arn(call, "bedrock", _PROMPT)
    return [Demand(f"bedrock:{call.operation.name}", resource if version == "DRAFT" else f"{resource}:{version}")]


RULES: dict[str, dict[str, Rule]] = {
    "bedrock-agent": {
        **named(
            needs("bedrock", _AGENT),
            "AssociateAgentCollaborator CreateAgentActionGroup DeleteAgent DeleteAgentActionGroup DeleteAgentVersion "
            "DisassociateAgentCollaborator GetAgent GetAgentActionGroup GetAgentCollaborator GetAgentVersion "
            "ListAgentActionGroups ListAgentAliases ListAgentCollaborators ListAgentKnowledgeBases ListAgentVersions "
            "PrepareAgent UpdateAgentActionGroup UpdateAgentCollaborator",
        ),
        **named(
            needs("bedrock", _AGENT, _BASE),
            "AssociateAgentKnowledgeBase DisassociateAgentKnowledgeBase GetAgentKnowledgeBase UpdateAgentKnowledgeBase",
        ),
        **named(
            needs("bedrock", "agent-alias/{agentId}/{agentAliasId}"), "DeleteAgentAlias GetAgentAlias UpdateAgentAlias"
        ),
        **named(
            needs("bedrock", _BASE),
            "CreateDataSource DeleteDataSource DeleteKnowledgeBase GetDataSource GetIngestionJob GetKnowledgeBase "
            "ListDataSources ListIngestionJobs StartIngestionJob StopIngestionJob UpdateDataSource",
        ),
        **named(
            needs("bedrock", _FLOW),
            "CreateFlowVersion DeleteFlow DeleteFlowVersion GetFlow GetFlowVersion ListFlowAliases ListFlowVersions "
            "PrepareFlow",
        ),
        **named(needs("bedrock", _FLOW + "/alias/{aliasIdentifier}"), "DeleteFlowAlias GetFlowAlias UpdateFlowAlias"),
        **named(needs("bedrock", "{resourceArn}"), "ListTagsForResource TagResource UntagResource"),
        **named(needs("bedrock"), "ListAgents ListFlows ListKnowledgeBases ValidateFlowDefinition"),
        **named(_version_of_prompt, "DeletePrompt GetPrompt"),
        "CreateAgent": also(needs("bedrock"), passes(_SERVICE, "agentResourceRoleArn"), tagging("agent/*")),
        "UpdateAgent": also(needs("bedrock", _AGENT), passes(_SERVICE, "agentResourceRoleArn")),
        "CreateAgentAlias": also(needs("bedrock", _AGENT), tagging("agent-alias/{agentId}/*")),
        "CreateFlow": also(needs("bedrock"), passes(_SERVICE, "executionRoleArn"), tagging("flow/*")),
        "UpdateFlow": also(needs("bedrock", _FLOW), passes(_SERVICE, "executionRoleArn")),
        "CreateFlowAlias": also(needs("bedrock", _FLOW), tagging(_FLOW + "/alias/*")),
        "CreateKnowledgeBase": also(needs("bedrock"), passes(_SERVICE, "roleArn"), tagging("knowledge-base/*")),
        "UpdateKnowledgeBase": also(needs("bedrock", _BASE), passes(_SERVICE, "roleArn")),
        "CreatePrompt": also(needs("bedrock"), tagging("prompt/*")),
        "UpdatePrompt": needs("bedrock", _PROMPT),
        "CreatePromptVersion": also(needs("bedrock", _PROMPT), tagging(_PROMPT + ":*")),
        "ListPrompts": one_or_all(_PROMPT, "promptIdentifier"),
    }
}
