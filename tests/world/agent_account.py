"""What an account holds of knowledge bases, flows and agents, with their parts, versions and aliases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Found = tuple[str, Any, dict[str, str]]
_OF_A_RUN = {"ResponseMetadata", "clientToken", "agentAliasHistoryEvents", "startDate", "endDate"}
_DRAFT_ALIAS = "TSTALIASID"
"""AWS's own."""


def everything(client: Callable[[str], Any]) -> Iterator[Found]:
    """Name, content, and the names that its ids stand for."""
    agent = client("bedrock-agent")
    yield from _knowledge_bases(agent)
    yield from _flows(agent)
    yield from _agents(agent)


def routers(client: Callable[[str], Any]) -> Iterator[Found]:
    """Prompt routers of the account's own."""
    bedrock = client("bedrock")
    for row in _pages(bedrock.list_prompt_routers, "promptRouterSummaries", type="custom"):
        name = f"router {row['promptRouterName']}"
        tags = bedrock.list_tags_for_resource(resourceARN=row["promptRouterArn"])["tags"]
        named = {tag["key"]: tag["value"] for tag in tags}
        yield name, {"draft": _timeless(row), "tags": named}, {row["promptRouterArn"].rpartition("/")[2]: name}


def _pages(call: Callable[..., dict[str, Any]], root: str, **params: Any) -> Iterator[dict[str, Any]]:
    while True:
        reply = call(**params)
        yield from reply[root]
        if not reply.get("nextToken"):
            return
        params["nextToken"] = reply["nextToken"]


def _timeless(value: Any) -> Any:
    """Without times and tokens, at any depth."""
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if k not in _OF_A_RUN and not k.endswith("At")}
    if isinstance(value, list):
        return [_timeless(v) for v in value]
    return value


def _tags(agent: Any, arn: str) -> Any:
    return agent.list_tags_for_resource(resourceArn=arn)["tags"]


def _knowledge_bases(agent: Any) -> Iterator[Found]:
    for row in _pages(agent.list_knowledge_bases, "knowledgeBaseSummaries"):
        base = {"knowledgeBaseId": row["knowledgeBaseId"]}
        name = f"knowledge base {row['name']}"
        ids = {row["knowledgeBaseId"]: name}
        sources = {}
        for source in _pages(agent.list_data_sources, "dataSourceSummaries", **base):
            where = {**base, "dataSourceId": source["dataSourceId"]}
            jobs = list(_pages(agent.list_ingestion_jobs, "ingestionJobSummaries", **where))
            ids |= {source["dataSourceId"]: f"{name} {source['name']}"}
            sources[source["name"]] = {
                "is": _timeless(agent.get_data_source(**where)["dataSource"]),
                "jobs": sorted((j["description"], j["status"], str(j["statistics"])) for j in jobs),
            }
        draft = agent.get_knowledge_base(**base)["knowledgeBase"]
        tags = _tags(agent, draft["knowledgeBaseArn"])
        yield name, {"draft": _timeless(draft), "dataSources": sources, "tags": tags}, ids


def _flows(agent: Any) -> Iterator[Found]:
    for row in _pages(agent.list_flows, "flowSummaries"):
        flow = {"flowIdentifier": row["id"]}
        name = f"flow {row['name']}"
        numbers = [r["version"] for r in _pages(agent.list_flow_versions, "flowVersionSummaries", **flow)]
        ids, aliases = {row["id"]: name}, {}
        for alias in _pages(agent.list_flow_aliases, "flowAliasSummaries", **flow):
            ids[alias["id"]] = f"{name} alias {alias['name']}"
            full = agent.get_flow_alias(**flow, aliasIdentifier=alias["id"])
            aliases[alias["name"]] = {"is": _timeless(full), "tags": _tags(agent, full["arn"])}
        document = {
            "draft": _timeless(agent.get_flow(**flow)),
            "versions": {n: _timeless(agent.get_flow_version(**flow, flowVersion=n)) for n in numbers if n != "DRAFT"},
            "aliases": aliases,
            "tags": _tags(agent, row["arn"]),
        }
        ids.pop(_DRAFT_ALIAS, None)
        yield name, document, ids


def _agents(agent: Any) -> Iterator[Found]:
    for row in _pages(agent.list_agents, "agentSummaries"):
        who = {"agentId": row["agentId"]}
        name = f"agent {row['agentName']}"
        draft = agent.get_agent(**who)["agent"]
        numbers = [r["agentVersion"] for r in _pages(agent.list_agent_versions, "agentVersionSummaries", **who)]
        ids, aliases = {row["agentId"]: name}, {}
        for alias in _pages(agent.list_agent_aliases, "agentAliasSummaries", **who):
            ids[alias["agentAliasId"]] = f"{name} alias {alias['agentAliasName']}"
            full = agent.get_agent_alias(**who, agentAliasId=alias["agentAliasId"])["agentAlias"]
            tags = {} if alias["agentAliasId"] == _DRAFT_ALIAS else _tags(agent, full["agentAliasArn"])
            aliases[alias["agentAliasName"]] = {"is": _timeless(full), "tags": tags}
        versions = {}
        for n in numbers:
            if n == "DRAFT":
                continue
            full = agent.get_agent_version(**who, agentVersion=n)["agentVersion"]
            versions[n] = {"is": _timeless(full), "parts": _agent_parts(agent, who, n, name, ids)}
        parts = _agent_parts(agent, who, "DRAFT", name, ids)
        document = {"draft": _timeless(draft), "parts": parts, "versions": versions, "aliases": aliases}
        ids.pop(_DRAFT_ALIAS, None)
        yield name, {**document, "tags": _tags(agent, draft["agentArn"])}, ids


def _agent_parts(agent: Any, who: dict[str, str], version: str, name: str, ids: dict[str, str]) -> dict[str, Any]:
    """Action groups, knowledge bases and collaborators of one version; learns their ids."""
    where = {**who, "agentVersion": version}
    groups = {}
    for row in _pages(agent.list_agent_action_groups, "actionGroupSummaries", **where):
        ids[row["actionGroupId"]] = f"{name} group {row['actionGroupName']}"
        full = agent.get_agent_action_group(**where, actionGroupId=row["actionGroupId"])["agentActionGroup"]
        groups[row["actionGroupName"]] = _timeless(full)
    bases = list(_pages(agent.list_agent_knowledge_bases, "agentKnowledgeBaseSummaries", **where))
    others = {}
    for row in _pages(agent.list_agent_collaborators, "agentCollaboratorSummaries", **where):
        ids[row["collaboratorId"]] = f"{name} collaborator {row['collaboratorName']}"
        others[row["collaboratorName"]] = _timeless(row)
    return {
        "actionGroups": groups,
        "knowledgeBases": sorted((_timeless(b) for b in bases), key=lambda b: str(b["description"])),
        "collaborators": others,
    }
