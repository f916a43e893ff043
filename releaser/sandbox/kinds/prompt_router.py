"""Intelligent prompt routers: the default ones of a region, and the account's own.

Sources: bedrock service model (names unique in account and region; ConflictException and ResourceNotFoundException on
create; no update); user guide, "Understanding intelligent prompt routing": exactly two models within the same family,
models in one Region or by inference profile, default routers beside configured ones; quota page: 500 routers.

Where they disagree: the guide's command line gives the fallback beside ``models``, and callers were seen to give it
among them. Both are taken: the models and the fallback together must be two. The ARN of a router of one's own has the
type ``prompt-router`` (the model's TaggableResourcesArn, and bedrock-runtime's model ids); the pattern of
PromptRouterArn knows ``default-prompt-router`` only.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Iterator
from typing import Any

from releaser.sandbox import models, tags
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict, not_found, quota_exceeded, validation
from releaser.sandbox.kind import Kind, Taggable
from releaser.sandbox.paging import page
from releaser.sandbox.regions import geography
from releaser.sandbox.store import Doc
from releaser.sandbox.tokens import once

_ALPHABET = string.ascii_lowercase + string.digits
_PAGE = 100
_SHOWN = ("promptRouterName", "routingCriteria", "description", "createdAt", "updatedAt", "promptRouterArn",
          "models", "fallbackModel", "status", "type")  # fmt: skip
_GIVEN = ("promptRouterName", "routingCriteria", "description", "models", "fallbackModel")
_FAMILY = re.compile(r"[a-z0-9]+\.[a-z]+")
_DEFAULTS = {
    "anthropic.claude:1": ("Anthropic Prompt Router", "anthropic.claude-3-5-sonnet-20240620-v1:0",
                           "anthropic.claude-3-haiku-20240307-v1:0"),
    "amazon.nova:1": ("Nova Prompt Router", "amazon.nova-pro-v1:0", "amazon.nova-lite-v1:0"),
}  # fmt: skip
"""Id -> name, fallback, the other model. A region has those whose models it offers by profile of its geography."""


def _exists(call: Call, resource: str) -> bool:
    return call.row("prompt-router", resource.removeprefix("prompt-router/")) is not None


KIND = Kind(
    "prompt-router",
    quotas={"promptRouters": 500},
    taggables=(Taggable("bedrock", "prompt-router/", _exists),),
    wrong_patterns=frozenset({("bedrock", "PromptRouterArn")}),
)


@KIND.operation("bedrock", "CreatePromptRouter")
def create_prompt_router(call: Call) -> dict[str, Any]:
    """A new custom router, AVAILABLE at once."""
    return once(call, lambda: _create(call))


def _create(call: Call) -> dict[str, Any]:
    params = call.params
    targets = {model["modelArn"] for model in (*params["models"], params["fallbackModel"])}
    found = {arn: _family(call, arn) for arn in sorted(targets)}
    if len(targets) != 2:
        raise validation(f"A prompt router must have exactly two models, not {len(targets)}.")
    if len(set(found.values())) != 1:
        raise validation("The models of a prompt router must be of the same model family.")
    existing = call.rows("prompt-router")
    name = params["promptRouterName"]
    if any(doc["promptRouterName"] == name for doc in existing.values()):
        raise conflict(f"A prompt router named {name} already exists.")
    if len(existing) >= call.settings.quota("promptRouters"):
        raise quota_exceeded("You have reached the maximum number of prompt routers for this account.")
    id = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    arn, now = call.arn("bedrock", f"prompt-router/{id}"), call.clock.stamp()
    doc = {member: params[member] for member in _GIVEN if member in params}
    doc |= {"promptRouterArn": arn, "status": "AVAILABLE", "type": "custom", "createdAt": now, "updatedAt": now}
    call.put("prompt-router", id, doc)
    tags.attach(call, arn, tags.from_list(params.get("tags", [])))
    return {"promptRouterArn": arn}


@KIND.operation("bedrock", "GetPromptRouter")
def get_prompt_router(call: Call) -> dict[str, Any]:
    """A router by its ARN, one's own or a default one."""
    return _show(_router(call))


@KIND.operation("bedrock", "ListPromptRouters")
def list_prompt_routers(call: Call) -> dict[str, Any]:
    """Default routers first, then the account's own, newest first; filtered by type."""
    wanted = call.params.get("type")
    rows: list[tuple[tuple[Any, ...], Doc]] = []
    if wanted != "custom":
        rows += [((0, 0, router["promptRouterArn"]), router) for router in _default_routers(call)]
    if wanted != "default":
        rows += [((1, -router["createdAt"], id), router) for id, router in call.rows("prompt-router").items()]
    size, token = call.params.get("maxResults", _PAGE), call.params.get("nextToken")
    found, more = page(call, rows, size=size, token=token, question=[wanted])
    return {"promptRouterSummaries": [_show(router) for router in found], "nextToken": more}


@KIND.operation("bedrock", "DeletePromptRouter")
def delete_prompt_router(call: Call) -> dict[str, Any]:
    """Deletes a custom router."""
    router = _router(call)
    if router["type"] != "custom":
        raise validation("Default prompt routers cannot be deleted.")
    arn = router["promptRouterArn"]
    call.delete("prompt-router", arn.rpartition("/")[2])
    tags.forget(call, arn)
    return {}


def _router(call: Call) -> Doc:
    arn = call.params["promptRouterArn"]
    own = call.row("prompt-router", arn.rpartition("/")[2])
    for router in (*([own] if own is not None else []), *_default_routers(call)):
        if arn == router["promptRouterArn"]:
            return router
    raise not_found(f"The prompt router {arn} was not found.")


def _default_routers(call: Call) -> Iterator[Doc]:
    profiles = {p["inferenceProfileId"]: p for p in models.system_profiles(call)}
    here = geography(call.region)
    for id, (name, *members) in _DEFAULTS.items():
        both = [profiles[f"{here}.{m}"] for m in members if f"{here}.{m}" in profiles]
        if len(both) == len(members):
            targets = [{"modelArn": p["inferenceProfileArn"]} for p in both]
            began = max(p["createdAt"] for p in both)
            yield {
                "promptRouterName": name,
                "routingCriteria": {"responseQualityDifference": 0.0},
                "description": f"Routes requests among models in the {name.split()[0]} family",
                "promptRouterArn": call.arn("bedrock", f"default-prompt-router/{id}"),
                "models": targets,
                "fallbackModel": targets[0],
                "status": "AVAILABLE",
                "type": "default",
                "createdAt": began,
                "updatedAt": began,
            }


def _family(call: Call, arn: str) -> str:
    """The family of the model behind an ARN, which must exist here."""
    own = call.row("inference-profile", arn.rpartition("/")[2]) if ":application-inference-profile/" in arn else None
    profiles = [*models.system_profiles(call), *([own] if own is not None else [])]
    behind = [p["models"][0]["modelArn"] for p in profiles if p["inferenceProfileArn"] == arn]
    behind += [arn for model in models.available(call) if arn == models.model_arn(call.region, model.id)]
    match = _FAMILY.match(behind[0].rpartition("/")[2]) if behind else None
    if match is None:
        raise not_found(f"The model {arn} was not found.")
    return match[0]


def _show(router: Doc) -> dict[str, Any]:
    return {name: router[name] for name in _SHOWN if name in router}
