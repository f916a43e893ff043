"""What a guardrail says: from the write shape to the read shape, with what the server adds.

Accepting checks the rules that are not in the service model. Showing renames (``topicsConfig`` to
``topics``), fills in server defaults, and gives lists in an order of its own: callers must compare them
as sets.
"""

from __future__ import annotations

import json
import re
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.sandbox.call import Call
from releaser.sandbox.errors import validation
from releaser.sandbox.regions import geography
from releaser.sandbox.settings import Value
from releaser.sandbox.store import Doc

_PLAIN = ("name", "description", "blockedInputMessaging", "blockedOutputsMessaging")
_BOTH = {"inputEnabled": True, "outputEnabled": True}
_BLOCK = {"inputAction": "BLOCK", "outputAction": "BLOCK"}
_TEXT = {"inputModalities": ["TEXT"], "outputModalities": ["TEXT"]}

# What AWS was seen to do is the default of each switch; the other value is a harsher server.
# guardrailDefaults. Observed: tier CLASSIC for topics and content (terraform-provider-aws 44224, 43702) and
# nothing else: the provider's attributes for actions, switches and modalities are optional and not computed, so
# its acceptance tests against AWS would fail if AWS filled them in; a live read showed a PII entity with type
# and action alone (46158). "all" fills in every optional member.
# guardrailListOrder. Observed: content filters (40304) and modalities (48772) come back in another order.
# "all" reorders every list.
SWITCHES: Mapping[str, tuple[Value, ...]] = {
    "guardrailDefaults": ("observed", "all"),
    "guardrailListOrder": ("observed", "all"),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of a policy: its name in the read shape, whether AWS keeps its order, what a harsh server adds.

    ``own_action``: an element's ``action`` is also what its input and output actions default to.
    """

    read: str
    harsh: Mapping[str, Any] = field(default_factory=dict)
    ordered: bool = True
    own_action: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy: its name in the read shape, its lists, whether the server adds tier CLASSIC."""

    read: str
    lists: Mapping[str, Listing]
    has_tier: bool = False


_POLICIES: Mapping[str, Policy] = {
    "topicPolicyConfig": Policy("topicPolicy", {"topicsConfig": Listing("topics", {**_BLOCK, **_BOTH})}, has_tier=True),
    "contentPolicyConfig": Policy(
        "contentPolicy",
        {"filtersConfig": Listing("filters", {**_TEXT, **_BLOCK, **_BOTH}, ordered=False)},
        has_tier=True,
    ),
    "wordPolicyConfig": Policy(
        "wordPolicy",
        {
            "wordsConfig": Listing("words", {**_BLOCK, **_BOTH}),
            "managedWordListsConfig": Listing("managedWordLists", {**_BLOCK, **_BOTH}),
        },
    ),
    "sensitiveInformationPolicyConfig": Policy(
        "sensitiveInformationPolicy",
        {
            "piiEntitiesConfig": Listing("piiEntities", _BOTH, own_action=True),
            "regexesConfig": Listing("regexes", _BOTH, own_action=True),
        },
    ),
    "contextualGroundingPolicyConfig": Policy(
        "contextualGroundingPolicy",
        {"filtersConfig": Listing("filters", {"action": "BLOCK", "enabled": True})},
    ),
    "automatedReasoningPolicyConfig": Policy("automatedReasoningPolicy", {}),
}


def accept(call: Call) -> dict[str, Any]:
    """The body of a create or update, checked; ``kmsKeyId`` and ``crossRegionConfig`` resolved."""
    params = call.params
    body = {name: params[name] for name in (*_PLAIN, *_POLICIES) if name in params}
    problems = [*_content_problems(body), *_sensitive_problems(body), *_grounding_problems(body)]
    problems += _tier_problems(body, "crossRegionConfig" in params)
    if problems:
        raise validation("; ".join(problems))
    if "kmsKeyId" in params:
        body["kmsKeyArn"] = _key_arn(call, params["kmsKeyId"])
    if "crossRegionConfig" in params:
        body["crossRegionDetails"] = _profile(call, params["crossRegionConfig"]["guardrailProfileIdentifier"])
    return body


def _content_problems(body: Mapping[str, Any]) -> list[str]:
    filters = body.get("contentPolicyConfig", {}).get("filtersConfig", [])
    found = [
        "Content filter PROMPT_ATTACK: outputStrength must be NONE"
        for one in filters
        if one["type"] == "PROMPT_ATTACK" and one["outputStrength"] != "NONE"
    ]
    return found + _twice([one["type"] for one in filters], "Content filter")


def _sensitive_problems(body: Mapping[str, Any]) -> list[str]:
    policy = body.get("sensitiveInformationPolicyConfig", {})
    found = _twice([one["type"] for one in policy.get("piiEntitiesConfig", [])], "PII entity")
    found += _twice([one["name"] for one in policy.get("regexesConfig", [])], "Regex")
    for one in policy.get("regexesConfig", []):
        try:
            re.compile(one["pattern"])
        except re.error as error:
            found.append(f"Regex {one['name']}: the pattern does not compile: {error}")
    return found


def _grounding_problems(body: Mapping[str, Any]) -> list[str]:
    filters = body.get("contextualGroundingPolicyConfig", {}).get("filtersConfig", [])
    found = [
        f"Contextual grounding filter {one['type']}: the threshold must be at least 0 and below 1"
        for one in filters
        if one["threshold"] >= 1
    ]
    return found + _twice([one["type"] for one in filters], "Contextual grounding filter")


def _tier_problems(body: Mapping[str, Any], cross_region: bool) -> list[str]:
    """User guide, safeguard tiers: the Standard tier requires cross-Region inference."""
    if cross_region:
        return []
    return [
        f"{name}: the STANDARD tier requires crossRegionConfig"
        for name in _POLICIES
        if body.get(name, {}).get("tierConfig", {}).get("tierName") == "STANDARD"
    ] + (
        ["automatedReasoningPolicyConfig requires crossRegionConfig"]
        if "automatedReasoningPolicyConfig" in body
        else []
    )


def _twice(keys: list[str], noun: str) -> list[str]:
    return [f"{noun} {key} is given more than once" for key in sorted({k for k in keys if keys.count(k) > 1})]


def _key_arn(call: Call, key: str) -> str:
    """The key's ARN; an alias is resolved to a key id of the sandbox's own making."""
    if re.search(r"(^|:)alias/", key):
        key = f"key/{uuid.uuid5(uuid.NAMESPACE_URL, f'{call.account}/{call.region}/{key}')}"
        return call.arn("kms", key)
    return key if key.startswith("arn:") else call.arn("kms", f"key/{key}")


def _profile(call: Call, identifier: str) -> dict[str, str]:
    """User guide: guardrail profiles are one per geography, such as ``eu.guardrail.v1:0``."""
    id = identifier.rpartition("/")[2]
    place = geography(call.region)
    if place is None or id != f"{place}.guardrail.v1:0":
        raise validation(f"The guardrail profile {identifier} does not exist in {call.region}.")
    return {"guardrailProfileId": id, "guardrailProfileArn": call.arn("bedrock", f"guardrail-profile/{id}")}


def show(call: Call, view: Doc) -> dict[str, Any]:
    """The read shape of a DRAFT or a version."""
    body = view["body"]
    shown = {name: body[name] for name in (*_PLAIN, "kmsKeyArn", "crossRegionDetails") if name in body}
    shown |= {_POLICIES[name].read: _read_policy(call, name, body[name]) for name in _POLICIES if name in body}
    times = {"createdAt": view["createdAt"], "updatedAt": view["updatedAt"]}
    identity = {"guardrailId": view["id"], "guardrailArn": view["arn"], "version": view["version"]}
    return {**shown, **identity, **times, "status": view["status"]}


def summarise(call: Call, view: Doc) -> dict[str, Any]:
    """A row of ListGuardrails."""
    body = view["body"]
    shown = {name: body[name] for name in ("name", "description", "crossRegionDetails") if name in body}
    same = {name: view[name] for name in ("id", "arn", "status", "version", "createdAt", "updatedAt")}
    return {**shown, **same}


def _read_policy(call: Call, name: str, policy: Mapping[str, Any]) -> dict[str, Any]:
    spec, shown = _POLICIES[name], dict[str, Any]()
    harsh = call.settings.switch("guardrailDefaults") == "all"
    shuffle = call.settings.switch("guardrailListOrder") == "all"
    for key, value in policy.items():
        if key in spec.lists:
            shown[spec.lists[key].read] = _read_list(spec.lists[key], value, harsh=harsh, shuffle=shuffle)
        else:
            shown["tier" if key == "tierConfig" else key] = value
    if "tier" not in shown and spec.has_tier:
        shown["tier"] = {"tierName": "CLASSIC"}
    return shown


def _read_list(spec: Listing, items: list[Any], *, harsh: bool, shuffle: bool) -> list[Any]:
    shown = [_element(spec, one, harsh) for one in items]
    return reordered(shown) if shuffle or not spec.ordered else shown


def _element(spec: Listing, one: Mapping[str, Any], harsh: bool) -> dict[str, Any]:
    added = dict(spec.harsh) if harsh else {}
    if harsh and spec.own_action:
        added |= {"inputAction": one["action"], "outputAction": one["action"]}
    full = {**added, **one}
    for name in ("inputModalities", "outputModalities"):
        if name in full:
            full[name] = reordered(full[name])
    return full


def reordered(items: list[Any]) -> list[Any]:
    """The same elements in an order of the server's own: always the same, and not the one they came in."""
    if len(items) < 2:
        return items
    keyed = sorted(items, key=lambda item: zlib.crc32(json.dumps(item, sort_keys=True).encode()))
    return keyed[1:] + keyed[:1] if keyed == items else keyed
