"""Inference profiles: system-defined ones per geography, and application ones made from a model or a profile.

Sources: bedrock service model; quota page: 1,000 application profiles (adjustable). There is no update.
The source of a profile cannot be read back: what shows is ``models``. Names are not documented as unique
and may repeat (switch ``profileNamesUnique``).
"""

from __future__ import annotations

import secrets
import string
from typing import Any

from releaser.sandbox import models, tags
from releaser.sandbox.call import Call
from releaser.sandbox.errors import conflict, not_found, quota_exceeded, validation
from releaser.sandbox.kind import Kind, Taggable
from releaser.sandbox.paging import page
from releaser.sandbox.store import Doc
from releaser.sandbox.tokens import once

_ALPHABET = string.ascii_lowercase + string.digits
_PAGE = 100
_SHOWN = ("inferenceProfileName", "description", "createdAt", "updatedAt", "inferenceProfileArn", "models",
          "inferenceProfileId", "status", "type")  # fmt: skip


def _exists(call: Call, resource: str) -> bool:
    return call.row("inference-profile", resource.removeprefix("application-inference-profile/")) is not None


KIND = Kind(
    "inference-profile",
    quotas={"applicationInferenceProfiles": 1000},
    switches={"profileNamesUnique": (False, True)},
    taggables=(
        Taggable("bedrock", "application-inference-profile/", _exists, "bedrock:application-inference-profile"),
    ),
)


@KIND.operation("bedrock", "CreateInferenceProfile")
def create_inference_profile(call: Call) -> dict[str, Any]:
    """A new application profile, ACTIVE at once."""
    return once(call, lambda: _create(call))


def _create(call: Call) -> dict[str, Any]:
    params = call.params
    members = _members(call, params["modelSource"]["copyFrom"])
    existing = call.rows("inference-profile")
    if len(existing) >= call.settings.quota("applicationInferenceProfiles"):
        raise quota_exceeded("You have reached the maximum number of inference profiles for this account.")
    name = params["inferenceProfileName"]
    taken = any(doc["inferenceProfileName"] == name for doc in existing.values())
    if taken and call.settings.switch("profileNamesUnique"):
        raise conflict(f"An inference profile named {name} already exists.")
    id = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    arn, now = call.arn("bedrock", f"application-inference-profile/{id}"), call.clock.stamp()
    doc = {
        "inferenceProfileName": name,
        "inferenceProfileArn": arn,
        "inferenceProfileId": id,
        "models": members,
        "status": "ACTIVE",
        "type": "APPLICATION",
        "createdAt": now,
        "updatedAt": now,
    }
    if "description" in params:
        doc["description"] = params["description"]
    call.put("inference-profile", id, doc)
    tags.attach(call, arn, tags.from_list(params.get("tags", [])))
    return {"inferenceProfileArn": arn, "status": "ACTIVE"}


@KIND.operation("bedrock", "GetInferenceProfile")
def get_inference_profile(call: Call) -> dict[str, Any]:
    """A profile by id or ARN, application or system-defined."""
    return _show(_profile(call, call.params["inferenceProfileIdentifier"]))


@KIND.operation("bedrock", "ListInferenceProfiles")
def list_inference_profiles(call: Call) -> dict[str, Any]:
    """System-defined profiles first, then the account's own; filtered by type."""
    wanted = call.params.get("typeEquals")
    rows: list[tuple[tuple[Any, ...], Doc]] = []
    if wanted != "APPLICATION":
        rows += [((0, 0, profile["inferenceProfileId"]), profile) for profile in models.system_profiles(call)]
    if wanted != "SYSTEM_DEFINED":
        own = call.rows("inference-profile").items()
        rows += [((1, -profile["createdAt"], id), profile) for id, profile in own]
    size, token = call.params.get("maxResults", _PAGE), call.params.get("nextToken")
    found, more = page(call, rows, size=size, token=token, question=[wanted])
    return {"inferenceProfileSummaries": [_show(profile) for profile in found], "nextToken": more}


@KIND.operation("bedrock", "DeleteInferenceProfile")
def delete_inference_profile(call: Call) -> dict[str, Any]:
    """Deletes an application profile."""
    profile = _profile(call, call.params["inferenceProfileIdentifier"])
    if profile["type"] != "APPLICATION":
        raise validation("System-defined inference profiles cannot be deleted.")
    call.delete("inference-profile", profile["inferenceProfileId"])
    tags.forget(call, profile["inferenceProfileArn"])
    return {}


def _members(call: Call, source: str) -> list[dict[str, str]]:
    """The models behind a foundation model's or a system-defined profile's ARN, which must exist here."""
    profile = next((p for p in models.system_profiles(call) if p["inferenceProfileArn"] == source), None)
    if profile is not None:
        return list(profile["models"])
    if any(source == models.model_arn(call.region, model.id) for model in models.available(call)):
        return [{"modelArn": source}]
    raise validation(f"{source} is neither a foundation model nor a system-defined inference profile in {call.region}.")


def _profile(call: Call, identifier: str) -> Doc:
    """A whole ARN must be this account's; an id may be of either type."""
    own = call.row("inference-profile", identifier.rpartition("/")[2])
    candidates = [*([own] if own is not None else []), *models.system_profiles(call)]
    for profile in candidates:
        if identifier in (profile["inferenceProfileId"], profile["inferenceProfileArn"]):
            return profile
    raise not_found(f"The inference profile {identifier} was not found.")


def _show(profile: Doc) -> dict[str, Any]:
    return {name: profile[name] for name in _SHOWN if name in profile}
