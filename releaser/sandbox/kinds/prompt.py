"""Prompts and their versions (Prompt Management): synchronous, no status, immutable numbered versions.

Sources: bedrock-agent service model (operations, shapes, errors); quota page: 500 prompts an account
(adjustable), 10 versions a prompt (not adjustable). Names: neither the model nor the user guide asks for
uniqueness, so the same name may be used twice (switch ``promptNamesUnique``).
"""

from __future__ import annotations

import re
import secrets
import string
from typing import Any

from releaser.sandbox import tags
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict, not_found, quota_exceeded, validation
from releaser.sandbox.kind import Kind, Taggable
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc
from releaser.sandbox.tokens import once

_ALPHABET = string.ascii_uppercase + string.digits
_CONTENT = ("name", "description", "customerEncryptionKeyArn", "defaultVariant", "variants")
_IDENTITY = ("id", "arn", "version", "createdAt", "updatedAt")
_SUMMARY = ("name", "description", *_IDENTITY)
_METADATA_ONLY = ("name", "description", "customerEncryptionKeyArn", *_IDENTITY)
_TEMPLATE_MEMBER = {"TEXT": "text", "CHAT": "chat"}
# The model gives PromptSummaries at most 10 elements and maxResults at most 1,000: 10 a page unless asked.
_PAGE = 10


def _exists(call: Call, resource: str) -> bool:
    id, _, version = resource.removeprefix("prompt/").partition(":")
    prompt = call.row("prompt", id)
    return prompt is not None and (not version or call.row(f"prompt-version/{id}", version) is not None)


# The tagging API lists prompt versions, not prompts (AWS: resource types of Resource Groups).
KIND = Kind(
    "prompt",
    quotas={"prompts": 500, "promptVersions": 10},
    switches={"promptNamesUnique": (False, True), "promptVersionListIncludesDraft": (True, False)},
    taggables=(Taggable("bedrock-agent", "prompt/", _exists, "bedrock:prompt-version", grouped=lambda r: ":" in r),),
)


@KIND.operation("bedrock-agent", "CreatePrompt")
def create_prompt(call: Call) -> dict[str, Any]:
    """A new prompt's DRAFT."""
    return once(call, lambda: _create(call))


def _create(call: Call) -> dict[str, Any]:
    _check(call, call.params)
    if len(call.rows("prompt")) >= call.settings.quota("prompts"):
        raise quota_exceeded("You have reached the maximum number of prompts for this account.")
    id = _fresh_id(call)
    now = call.clock.stamp()
    arn = call.arn("bedrock", f"prompt/{id}")
    content = {name: call.params[name] for name in _CONTENT if name in call.params}
    doc = {
        **content,
        "id": id,
        "arn": arn,
        "version": "DRAFT",
        "createdAt": now,
        "updatedAt": now,
        "lastVersion": 0,
    }
    call.put("prompt", id, doc)
    tags.attach(call, arn, call.params.get("tags", {}))
    return _show(doc)


@KIND.operation("bedrock-agent", "UpdatePrompt")
def update_prompt(call: Call) -> dict[str, Any]:
    """Replaces the DRAFT: "Include both fields that you want to keep and fields that you want to replace"."""
    id, version = _identify(call)
    if version:
        raise validation("Only the DRAFT of a prompt can be updated.")
    old = _prompt(call, id)
    _check(call, call.params, id)
    kept = {name: old[name] for name in ("id", "arn", "version", "createdAt", "lastVersion")}
    content = {name: call.params[name] for name in _CONTENT if name in call.params}
    doc = {**content, **kept, "updatedAt": call.clock.stamp()}
    call.put("prompt", id, doc)
    return _show(doc)


@KIND.operation("bedrock-agent", "GetPrompt")
def get_prompt(call: Call) -> dict[str, Any]:
    """The DRAFT, or a version by ``promptVersion`` or by version ARN."""
    doc = _version(call, *_identify(call))
    if call.params.get("includedData") == "METADATA_ONLY":
        return {name: doc[name] for name in _METADATA_ONLY if name in doc}
    return _show(doc)


@KIND.operation("bedrock-agent", "ListPrompts")
def list_prompts(call: Call) -> dict[str, Any]:
    """DRAFTs of all prompts, or all versions of one."""
    identifier = call.params.get("promptIdentifier")
    if identifier is None:
        rows = [((-doc["createdAt"], id), doc) for id, doc in call.rows("prompt").items()]
    else:
        id, _ = _identify(call)
        prompt = _prompt(call, id)
        rows = [((-int(doc["version"]), ""), doc) for doc in call.rows(f"prompt-version/{id}").values()]
        if call.settings.switch("promptVersionListIncludesDraft"):
            rows.append(((-1_000_000, ""), prompt))
    size, token = call.params.get("maxResults", _PAGE), call.params.get("nextToken")
    found, more = page(call, rows, size=size, token=token, question=[identifier])
    summaries = [{name: doc[name] for name in _SUMMARY if name in doc} for doc in found]
    return {"promptSummaries": summaries, "nextToken": more}


@KIND.operation("bedrock-agent", "CreatePromptVersion")
def create_prompt_version(call: Call) -> dict[str, Any]:
    """An immutable copy of the DRAFT under the next number; numbers are never used again."""
    return once(call, lambda: _cut(call))


def _cut(call: Call) -> dict[str, Any]:
    id, version = _identify(call)
    if version:
        raise validation("A version can only be created from the DRAFT of a prompt.")
    draft = _prompt(call, id)
    if len(call.rows(f"prompt-version/{id}")) >= call.settings.quota("promptVersions"):
        raise quota_exceeded("You have reached the maximum number of versions for this prompt.")
    number, now = str(draft["lastVersion"] + 1), call.clock.stamp()
    content = {name: draft[name] for name in _CONTENT if name in draft and name != "description"}
    if "description" in call.params:
        content["description"] = call.params["description"]
    arn = f"{draft['arn']}:{number}"
    doc = {**content, "id": id, "arn": arn, "version": number, "createdAt": now, "updatedAt": now}
    call.put(f"prompt-version/{id}", number, doc)
    call.put("prompt", id, {**draft, "lastVersion": int(number)})
    tags.attach(call, arn, call.params.get("tags", {}))
    return _show(doc)


@KIND.operation("bedrock-agent", "DeletePrompt")
def delete_prompt(call: Call) -> dict[str, Any]:
    """One version when a version is named; otherwise the prompt with all its versions."""
    id, version = _identify(call)
    doc = _version(call, id, version)
    if version:
        call.delete(f"prompt-version/{id}", version)
        tags.forget(call, doc["arn"])
        return {"id": id, "version": version}
    for number, row in list(call.rows(f"prompt-version/{id}").items()):
        call.delete(f"prompt-version/{id}", number)
        tags.forget(call, row["arn"])
    call.delete("prompt", id)
    tags.forget(call, doc["arn"])
    return {"id": id}


def _show(doc: Doc) -> dict[str, Any]:
    return {name: doc[name] for name in (*_CONTENT, *_IDENTITY) if name in doc}


def _identify(call: Call) -> tuple[str, str]:
    """Id and version ("" for the DRAFT) from the identifier (id, ARN, version ARN) and ``promptVersion``."""
    identifier = call.params["promptIdentifier"]
    found = re.fullmatch(r"(?:arn:aws:bedrock:([^:]+):(\d+):prompt/)?(\w{10})(?::(\d{1,5}))?", identifier)
    if found is None:
        raise validation(f"The prompt identifier {identifier} is not valid.")
    if found[1] and (found[1], found[2]) != (call.region, call.account):
        raise not_found(f"Prompt {identifier} was not found.")
    asked = call.params.get("promptVersion", "")
    version = "" if asked == "DRAFT" else asked
    if found[4] and asked and asked != found[4]:
        raise validation("The version in the prompt's ARN and promptVersion differ.")
    return found[3], found[4] or version


def _prompt(call: Call, id: str) -> Doc:
    doc = call.row("prompt", id)
    if doc is None:
        raise not_found(f"Prompt {id} was not found.")
    return doc


def _version(call: Call, id: str, version: str) -> Doc:
    prompt = _prompt(call, id)
    doc = call.row(f"prompt-version/{id}", version) if version else prompt
    if doc is None:
        raise not_found(f"Version {version} of prompt {id} was not found.")
    return doc


def _check(call: Call, params: dict[str, Any], id: str = "") -> None:
    """What the model does not say: the default variant exists, template and type agree, unique names."""
    variants = params.get("variants", [])
    default = params.get("defaultVariant")
    if default is not None and default not in [variant["name"] for variant in variants]:
        raise validation(f"The default variant {default} is not among the prompt's variants.")
    for variant in variants:
        if _TEMPLATE_MEMBER[variant["templateType"]] not in variant["templateConfiguration"]:
            raise validation(f"Variant {variant['name']}: templateConfiguration does not match the template type.")
    if call.settings.switch("promptNamesUnique"):
        same = [d for d in call.rows("prompt").values() if d["name"] == params["name"] and d["id"] != id]
        if same:
            raise conflict(f"A prompt named {params['name']} already exists.")


def _fresh_id(call: Call) -> str:
    while True:
        id = "".join(secrets.choice(_ALPHABET) for _ in range(10))
        if call.row("prompt", id) is None:
            return id
