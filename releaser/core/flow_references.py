"""What the nodes of a flow point at, and whether each is pinned: a version, or an alias that somebody moves on purpose.

A reference to a draft would change what callers get without a release, and without a trace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from releaser.core.address import Bound, Ref
from releaser.core.flow_graph import FlowNode
from releaser.core.kind import Problem
from releaser.core.values import Path

CODE = "E555"
_TEST_ALIAS = "TSTALIASID"
"""AWS's built-in alias of the draft."""


def check_pins(node: FlowNode) -> Iterator[Problem]:
    """Every reference of one node that is not pinned."""
    settings = node.settings
    for path, holder in _holders(node):
        at = (*node.at, "configuration", *path)
        if "guardrailConfiguration" in holder:
            yield from _guardrail(holder["guardrailConfiguration"], (*at, "guardrailConfiguration"))
    match node.type:
        case "Prompt":
            yield from _prompt(node)
        case "Agent":
            yield from _one(settings, "agentAliasArn", _agent_alias, (*node.at, "configuration", "agent"))
        case "LambdaFunction":
            yield from _one(settings, "lambdaArn", _function, (*node.at, "configuration", "lambdaFunction"))
        case "Lex":
            yield from _one(settings, "botAliasArn", _bot_alias, (*node.at, "configuration", "lex"))
        case "KnowledgeBase":
            yield from _one(settings, "knowledgeBaseId", _knowledge_base, (*node.at, "configuration", "knowledgeBase"))
        case _:
            pass


def _holders(node: FlowNode) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for member in ("prompt", "knowledgeBase"):
        holder = node.configuration.get(member)
        if isinstance(holder, Mapping):
            yield (member,), holder


def _plain(value: Any) -> str | None:
    """A text as it will be; None for a reference and for what is no text."""
    text = value.value if isinstance(value, Bound) else value
    return text if isinstance(text, str) and "${" not in text else None


def _one(holder: Mapping[str, Any], member: str, judge: Any, at: Path) -> Iterator[Problem]:
    value = holder.get(member)
    said = judge(value, _plain(value))
    if said is not None:
        yield Problem(CODE, said[0], (*at, member), said[1])


_Said = tuple[str, str] | None


def _prompt(node: FlowNode) -> Iterator[Problem]:
    source = node.settings.get("sourceConfiguration")
    resource = source.get("resource") if isinstance(source, Mapping) else None
    if isinstance(resource, Mapping):
        at = (*node.at, "configuration", "prompt", "sourceConfiguration", "resource")
        yield from _one(resource, "promptArn", _prompt_version, at)


def _prompt_version(value: Any, text: str | None) -> _Said:
    if isinstance(value, Ref) and value.output != "versionArn":
        return f"{value} is the draft of a prompt", f"write {_with(value, 'versionArn')}"
    if text and not re.search(r":prompt/[^:]+:[0-9]+$", text):
        return (
            "this ARN names the draft of a prompt",
            "end it with a version, as :3, or refer to ${prompt/NAME.versionArn}",
        )
    return None


def _agent_alias(value: Any, text: str | None) -> _Said:
    if isinstance(value, Ref):
        if value.address.kind == "agent" or value.output != "arn":
            return f"{value} is no alias of an agent", f"write ${{agent-alias/{value.address.name}.arn}}"
        return None
    if text and text.endswith(f"/{_TEST_ALIAS}"):
        return f"{_TEST_ALIAS} is the draft of the agent", "name an alias of your own, or ${agent-alias/NAME.arn}"
    return None


def _function(value: Any, text: str | None) -> _Said:
    # Lambda developer guide, "Lambda function versions": an ARN without a qualifier means $LATEST.
    found = re.search(r":function:[^:]+(?::(.+))?$", text) if text else None
    if found is not None and found[1] in (None, "$LATEST"):
        return "this ARN means $LATEST of the function: whatever was deployed last", "end it with a version or an alias"
    return None


def _bot_alias(value: Any, text: str | None) -> _Said:
    if text and text.endswith(f"/{_TEST_ALIAS}"):
        return f"{_TEST_ALIAS} is the draft of the bot", "name an alias of your own"
    return None


def _knowledge_base(value: Any, text: str | None) -> _Said:
    if isinstance(value, Ref) and value.output != "id":
        return f"a node names a knowledge base by its id, not by {value}", f"write {_with(value, 'id')}"
    return None


def _guardrail(held: Any, at: Path) -> Iterator[Problem]:
    """A guardrail without a version is none: AWS's callers must give both."""
    if not isinstance(held, Mapping):
        return
    identifier, version = held.get("guardrailIdentifier"), held.get("guardrailVersion")
    hint = "guardrailVersion: ${guardrail/NAME.version}"
    if isinstance(identifier, Ref):
        hint = f"guardrailVersion: {_with(identifier, 'version')}"
    if identifier is None or version is None:
        lacking = "guardrailIdentifier" if identifier is None else "guardrailVersion"
        yield Problem(CODE, f"a guardrail needs identifier and version, and {lacking} is missing", at, hint)
        return
    place = (*at, "guardrailVersion")
    if isinstance(version, Ref):
        if version.output != "version":
            yield Problem(CODE, f"{version} is no version", place, f"write {_with(version, 'version')}")
        elif isinstance(identifier, Ref) and identifier.address != version.address:
            message = f"{version} is a version of another guardrail than {identifier}"
            yield Problem(CODE, message, place, hint)
    elif _plain(version) == "DRAFT":
        yield Problem(CODE, "DRAFT is whatever was saved last", place, hint)
    elif isinstance(identifier, Ref):
        message = f"{identifier} is of this manifest: its version is known only after it is published"
        yield Problem(CODE, message, place, hint)


def _with(ref: Ref, output: str) -> str:
    return f"${{{ref.address.kind}/{ref.address.name}.{output}}}"
