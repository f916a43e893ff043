"""What AWS predefines for each type of flow node: its inputs and outputs, and the configuration it must have.

Source: user guide, "Node types for your flow" (tables of inputs and outputs); service model (which
configurations have required members). AWS's own samples leave the empty configurations out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Node = Mapping[str, Any]

ANY = ""


@dataclass(frozen=True, slots=True)
class Ports:
    """Names and data types (``ANY`` when free). None: the user names them; ``optional`` ones may be left out."""

    inputs: Mapping[str, str] | None = None
    outputs: Mapping[str, str] | None = None
    optional: frozenset[str] = field(default_factory=frozenset)


_PREDEFINED: Mapping[str, Ports] = {
    "Input": Ports({}, {"document": ANY}),
    "Output": Ports({"document": ANY}, {}),
    "Condition": Ports(None, {}),
    "Prompt": Ports(None, {"modelCompletion": "String"}),
    "LambdaFunction": Ports(None, {"functionResponse": ANY}),
    "InlineCode": Ports(None, {"response": ANY}),
    "Lex": Ports(
        {"inputText": "String", "requestAttributes": "Object"},
        {"predictedIntent": "String"},
        frozenset({"requestAttributes"}),
    ),
    "Agent": Ports(
        {"agentInputText": "String", "promptAttributes": "Object", "sessionAttributes": "Object"},
        {"agentResponse": "String"},
        frozenset({"promptAttributes", "sessionAttributes"}),
    ),
    "Storage": Ports({"content": ANY, "objectKey": "String"}, {"s3Uri": "String"}),
    "Retrieval": Ports({"objectKey": "String"}, {"s3Content": ANY}),
    "Iterator": Ports({"array": "Array"}, {"arrayItem": ANY, "arraySize": "Number"}),
    "Collector": Ports({"arrayItem": ANY, "arraySize": "Number"}, {"collectedArray": "Array"}),
}
_EMPTY_CONFIGURATIONS = frozenset({"Input", "Output", "Iterator", "Collector", "LoopInput"})
_VARIABLE = re.compile(r"\{\{\s*([0-9a-zA-Z_-]+)\s*\}\}")


def member(node_type: str) -> str:
    """The member of FlowNodeConfiguration that belongs to a node type: the type with a small first letter."""
    return node_type[0].lower() + node_type[1:]


def ports(node: Node) -> Ports:
    """What a node's inputs and outputs must be. What they are, is in the node."""
    kind, body = node["type"], configuration(node)
    if kind == "KnowledgeBase":
        answer = {"outputText": "String"} if body.get("modelId") else {"retrievalResults": "Array"}
        return Ports({"retrievalQuery": "String"}, answer)
    found = _PREDEFINED.get(kind, Ports())
    inline = body.get("sourceConfiguration", {}).get("inline") if kind == "Prompt" else None
    return Ports(_variables(inline), found.outputs) if inline else found


def configuration(node: Node) -> Mapping[str, Any]:
    """The configuration of the node's own type; empty when there is none."""
    found: Mapping[str, Any] = node.get("configuration", {}).get(member(node["type"]), {})
    return found


def is_configured(node: Node) -> bool:
    """Whether everything is there that the type needs to run. A draft may hold empty strings for now."""
    if "configuration" not in node:
        return node["type"] in _EMPTY_CONFIGURATIONS
    body = configuration(node)
    named = {
        "Prompt": ("sourceConfiguration", "resource", "promptArn"),
        "KnowledgeBase": ("knowledgeBaseId",),
        "Lex": ("botAliasArn",),
        "LambdaFunction": ("lambdaArn",),
        "Agent": ("agentAliasArn",),
        "Storage": ("serviceConfiguration", "s3", "bucketName"),
        "Retrieval": ("serviceConfiguration", "s3", "bucketName"),
        "InlineCode": ("code",),
    }.get(node["type"], ())
    if node["type"] == "Prompt" and "inline" in body.get("sourceConfiguration", {}):
        named = ("sourceConfiguration", "inline", "modelId")
    return not named or bool(_at(body, named))


def types(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Inputs or outputs of a node: data types by name."""
    return {row["name"]: row["type"] for row in rows}


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value.get(name, {})
    return value


def _variables(inline: Mapping[str, Any]) -> dict[str, str]:
    """Variables of a prompt: declared ones, and those in double braces in its texts."""
    names: dict[str, str] = {}
    for template in inline["templateConfiguration"].values():
        names |= {one["name"]: ANY for one in template.get("inputVariables", []) if "name" in one}
        blocks = [*template.get("system", []), *(b for m in template.get("messages", []) for b in m["content"])]
        for text in (template.get("text", ""), *_texts(blocks)):
            names |= dict.fromkeys(_VARIABLE.findall(text), ANY)
    return names


def _texts(blocks: list[dict[str, Any]]) -> Iterator[str]:
    return (block["text"] for block in blocks if "text" in block)
