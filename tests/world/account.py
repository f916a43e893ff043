"""Everything an account holds, without what differs from run to run: ids, times, tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from world import agent_account

_TIMES = {"createdAt", "updatedAt", "LastModifiedDate", "ResponseMetadata", "LastModifiedUser"}
_IDS = (
    "(application-inference-profile/)[a-z0-9]{12}",
    "(agent-alias/)[A-Z0-9]{10}/[A-Z0-9]{10}",
    '("knowledgeBaseId": ")[A-Z0-9]{10}',
)
"""Of what old versions still name when it is there no more."""
Client = Callable[[str], Any]


def content(client: Client) -> dict[str, Any]:
    """Name -> draft, versions, tags of every resource we manage. Ids are replaced by the names they stand for."""
    found: dict[str, Any] = {}
    ids: dict[str, str] = {}
    own = (*_guardrails(client), *_prompts(client), *_profiles(client), *_parameters(client))
    for name, document, known in (*own, *agent_account.routers(client), *agent_account.everything(client)):
        assert name not in found, f"two of {name}"
        found[name] = document
        ids |= known
    return json.loads(_plain(found, ids))


def versions(state: dict[str, Any]) -> dict[str, list[str]]:
    """Which versions there are of what."""
    return {name: sorted(d["versions"]) for name, d in state.items() if "versions" in d}


def _plain(found: dict[str, Any], ids: dict[str, str]) -> str:
    text = json.dumps(found, default=str, sort_keys=True)
    for id_ in sorted(ids, key=len, reverse=True):
        text = text.replace(id_, f"<{ids[id_]}>")
    for pattern in _IDS:
        text = re.sub(pattern, r"\1<gone>", text)
    return re.sub(r'("releaser:retired": )"[^"]+"', r'\1"<when>"', text)


def _without(reply: dict[str, Any], *more: str) -> dict[str, Any]:
    return {k: v for k, v in reply.items() if k not in _TIMES and k not in more}


def _pages(call: Callable[..., dict[str, Any]], root: str, token: str = "nextToken", **params: Any) -> Iterator[Any]:
    while True:
        reply = call(**params)
        yield from reply[root]
        if not reply.get(token):
            return
        params[token] = reply[token]


def _guardrails(client: Client) -> Iterator[tuple[str, Any, dict[str, str]]]:
    bedrock = client("bedrock")
    for row in _pages(bedrock.list_guardrails, "guardrails"):
        name = f"guardrail {row['name']}"
        numbers = [
            r["version"]
            for r in _pages(bedrock.list_guardrails, "guardrails", guardrailIdentifier=row["id"])
            if r["version"] != "DRAFT"
        ]
        get = bedrock.get_guardrail
        document = {
            "draft": _without(get(guardrailIdentifier=row["id"])),
            "versions": {n: _without(get(guardrailIdentifier=row["id"], guardrailVersion=n)) for n in numbers},
            "tags": _tags(bedrock.list_tags_for_resource(resourceARN=row["arn"])["tags"]),
        }
        yield name, document, {row["id"]: name}


def _prompts(client: Client) -> Iterator[tuple[str, Any, dict[str, str]]]:
    agent = client("bedrock-agent")
    for row in _pages(agent.list_prompts, "promptSummaries"):
        name = f"prompt {row['name']}"
        listed = _pages(agent.list_prompts, "promptSummaries", promptIdentifier=row["id"])
        numbers = [r["version"] for r in listed if r["version"] != "DRAFT"]
        get = agent.get_prompt
        document = {
            "draft": _without(get(promptIdentifier=row["id"])),
            "versions": {n: _without(get(promptIdentifier=row["id"], promptVersion=n)) for n in numbers},
            "tags": agent.list_tags_for_resource(resourceArn=row["arn"])["tags"],
        }
        yield name, document, {row["id"]: name}


def _profiles(client: Client) -> Iterator[tuple[str, Any, dict[str, str]]]:
    bedrock = client("bedrock")
    listed = _pages(bedrock.list_inference_profiles, "inferenceProfileSummaries", typeEquals="APPLICATION")
    for row in listed:
        name = f"profile {row['inferenceProfileName']}"
        arn = row["inferenceProfileArn"]
        tags = _tags(bedrock.list_tags_for_resource(resourceARN=arn)["tags"])
        yield name, {"draft": _without(row), "tags": tags}, {row["inferenceProfileId"]: name}


def _parameters(client: Client) -> Iterator[tuple[str, Any, dict[str, str]]]:
    ssm = client("ssm")
    for row in _pages(ssm.describe_parameters, "Parameters", "NextToken"):
        found = _without(ssm.get_parameter(Name=row["Name"])["Parameter"])
        listed = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=row["Name"])["TagList"]
        tags = {t["Key"]: t["Value"] for t in listed}
        yield f"parameter {row['Name']}", {"draft": {**found, "Value": json.loads(found["Value"])}, "tags": tags}, {}


def _tags(rows: list[dict[str, str]]) -> dict[str, str]:
    return {row["key"]: row["value"] for row in rows}
