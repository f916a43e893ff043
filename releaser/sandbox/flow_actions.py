"""What the nodes of a flow do that call something: prompts, knowledge bases, agents, objects in S3.

Source: user guide, "Node types for your flow". Lambda functions, inline code, Lex bots and loops are not played: a flow
that comes to one ends with a DependencyFailedException that says so.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from releaser.sandbox import agent_run, flow_nodes, grounded, objects, retrieval
from releaser.sandbox.call import Call
from releaser.sandbox.errors import AwsError, not_found, validation
from releaser.sandbox.flow_nodes import Node
from releaser.sandbox.flow_run import Action
from releaser.sandbox.generation import MAX_TOKENS, Asked, generate
from releaser.sandbox.language import inference
from releaser.sandbox.store import Doc

Inputs = Mapping[str, Any]
_VARIABLE = re.compile(r"\{\{\s*([0-9a-zA-Z_-]+)\s*\}\}")
_PROMPT = re.compile(r"prompt/(\w{10})(?::(\d{1,5}))?$")
_AGENT = re.compile(r"agent-alias/(\w{10})/(\w{10})$")


def actions(call: Call, execution: str) -> Action:
    """What runs a node in this call."""

    def act(node: Node, inputs: Inputs) -> dict[str, Any]:
        if node["type"] == "Agent":
            return _agent(call, node, inputs, execution)
        play = _PLAYED.get(node["type"])
        if play is None:
            raise failed(f"Node {node['name']}: nodes of type {node['type']} are not played in the sandbox.")
        return play(call, flow_nodes.configuration(node), inputs)

    return act


def failed(message: str) -> AwsError:
    """A DependencyFailedException."""
    return AwsError("DependencyFailedException", message)


def _prompt(call: Call, body: Mapping[str, Any], inputs: Inputs) -> dict[str, Any]:
    source = body["sourceConfiguration"]
    variant = source["inline"] if "inline" in source else _variant(call, source["resource"]["promptArn"])
    if "modelId" not in variant:
        raise validation("The prompt names no model that could be invoked.")
    system, turns = _turns(variant["templateConfiguration"], inputs)
    wanted = Asked(
        model=variant["modelId"],
        system=system,
        turns=turns,
        guardrail=body.get("guardrailConfiguration"),
        inference=inference(variant.get("inferenceConfiguration", {}).get("text"), MAX_TOKENS),
    )
    return {"modelCompletion": generate(call, wanted).text}


def _variant(call: Call, arn: str) -> Doc:
    """The default variant of a prompt's draft, or of the version that the ARN names."""
    found = _PROMPT.search(arn)
    doc = None
    if found is not None and arn.startswith(call.arn("bedrock", "prompt/")):
        doc = call.row(f"prompt-version/{found[1]}", found[2]) if found[2] else call.row("prompt", found[1])
    if doc is None:
        raise not_found(f"The prompt {arn} was not found.")
    variants = doc.get("variants", [])
    if not variants:
        raise validation(f"The prompt {arn} has no variant.")
    wanted = doc.get("defaultVariant", variants[0]["name"])
    variant: Doc = next(one for one in variants if one["name"] == wanted)
    return variant


def _turns(template: Mapping[str, Any], inputs: Inputs) -> tuple[str, list[tuple[str, str]]]:
    if "text" in template:
        return "", [("user", _filled(template["text"]["text"], inputs))]
    chat = template["chat"]
    system = "\n".join(_filled(block["text"], inputs) for block in chat.get("system", []) if "text" in block)
    turns = [
        (m["role"], _filled("\n".join(b["text"] for b in m["content"] if "text" in b), inputs))
        for m in chat["messages"]
    ]
    return system, turns


def _filled(text: str, inputs: Inputs) -> str:
    def value(mark: re.Match[str]) -> str:
        if mark[1] not in inputs:
            raise validation(f"The prompt's variable {mark[1]} has no input.")
        found = inputs[mark[1]]
        return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)

    return _VARIABLE.sub(value, text)


def _knowledge_base(call: Call, body: Mapping[str, Any], inputs: Inputs) -> dict[str, Any]:
    base = retrieval.base(call, body["knowledgeBaseId"])
    count = {"numberOfResults": body["numberOfResults"]} if "numberOfResults" in body else {}
    if "rerankingConfiguration" in body:
        raise failed("Reranking is not played in the sandbox.")
    managed = base["knowledgeBaseConfiguration"]["type"] == "MANAGED"
    search = {"managedSearchConfiguration" if managed else "vectorSearchConfiguration": count}
    text = inputs["retrievalQuery"]
    if "modelId" not in body:
        return {"retrievalResults": [hit.result() for hit in retrieval.search(call, base, text, search)]}
    question = grounded.Question(
        text=text,
        model=body["modelId"],
        retrieval=search,
        template=body.get("promptTemplate", {}).get("textPromptTemplate", grounded.TEMPLATE),
        inference=body.get("inferenceConfiguration", {}).get("text"),
        guardrail=body.get("guardrailConfiguration"),
    )
    return {"outputText": grounded.answer(call, base, question).text}


def _agent(call: Call, node: Node, inputs: Inputs, execution: str) -> dict[str, Any]:
    arn = flow_nodes.configuration(node)["agentAliasArn"]
    found = _AGENT.search(arn)
    if found is None or not arn.startswith(call.arn("bedrock", "agent-alias/")):
        raise not_found(f"The agent alias {arn} was not found.")
    agent = agent_run.find(call, found[1], found[2])
    said = agent_run.Conversation(call, agent, execution).ask(inputs["agentInputText"])
    if said.control is not None:
        raise failed(f"Node {node['name']}: the agent returns control, which is not played in flows.")
    return {"agentResponse": said.text}


def _bucket(call: Call, body: Mapping[str, Any]) -> Doc:
    name = body["serviceConfiguration"]["s3"]["bucketName"]
    found = objects.bucket(call.store, name)
    if found is None:
        raise failed(f"The specified bucket {name} does not exist.")
    if found["account"] != call.account:
        raise failed(f"Access to the bucket {name} was denied.")
    return found


def _retrieval(call: Call, body: Mapping[str, Any], inputs: Inputs) -> dict[str, Any]:
    bucket, key = _bucket(call, body), inputs["objectKey"]
    newest = next(iter(objects.versions(call.store, bucket, key)), {})
    if "blob" not in newest:
        raise failed(f"The object {key} does not exist in the bucket {bucket['name']}.")
    return {"s3Content": call.store.blobs.get(newest["blob"]).decode(errors="replace")}


def _storage(call: Call, body: Mapping[str, Any], inputs: Inputs) -> dict[str, Any]:
    bucket, key, content = _bucket(call, body), inputs["objectKey"], inputs["content"]
    data = (content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)).encode()
    etag = f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
    what = {"etag": etag, "size": len(data), "blob": call.store.blobs.put(data), "checksums": {}}
    objects.add_version(call, bucket, key, {**what, "about": objects.about({})})
    return {"s3Uri": f"s3://{bucket['name']}/{key}"}


_PLAYED: Mapping[str, Callable[[Call, Mapping[str, Any], Inputs], dict[str, Any]]] = {
    "Prompt": _prompt,
    "KnowledgeBase": _knowledge_base,
    "Retrieval": _retrieval,
    "Storage": _storage,
}
