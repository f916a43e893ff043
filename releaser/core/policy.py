"""An environment's policy, applied to one use case: which models, which guardrails, where data may go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from releaser.core.address import Bound, Ref
from releaser.core.environment import Policy
from releaser.core.kind import Kind, Problem
from releaser.core.shapes import ServiceModel
from releaser.core.values import FrozenMap, Path

GEOGRAPHIES: Mapping[str, tuple[str, ...]] = {
    # User guide, "Supported Regions and models for inference profiles": destination Regions of a source
    # geography.
    "eu": (
        "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3",
    ),
    "us": ("us-east-1", "us-east-2", "us-west-1", "us-west-2"),
    "us-gov": ("us-gov-east-1", "us-gov-west-1"),
    "apac": ("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1",
             "ap-southeast-2", "ap-southeast-4"),
    "jp": ("ap-northeast-1", "ap-northeast-3"),
    "au": ("ap-southeast-2", "ap-southeast-4"),
    "ca": ("ca-central-1", "us-east-1", "us-east-2", "us-west-2"),
    "global": ("every commercial region",),
}  # fmt: skip

_MODEL_MEMBERS = frozenset({"modelId", "foundationModel", "modelArn", "embeddingModelArn"})
_PROFILE_MEMBERS = frozenset({"guardrailProfileIdentifier"})
_KEY_MEMBERS = ("kmsKeyId", "customerEncryptionKeyArn", "kmsKeyArn", "encryptionKeyArn")
_DRAFTS = ("DRAFT", "TSTALIASID")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a policy looks at, gathered from a resolved spec in one pass."""

    models: tuple[tuple[Path, str], ...]
    profiles: tuple[tuple[Path, str], ...]
    drafts: tuple[Path, ...]

    def rebound(self, values: Mapping[Path, str]) -> Facts:
        """The same where bindings have other values."""
        models, profiles = (
            tuple((path, values.get(path, text)) for path, text in found) for found in (self.models, self.profiles)
        )
        drafts = [path for path in self.drafts if path not in values]
        drafts += [path for path, text in values.items() if is_draft(text)]
        return Facts(models, profiles, tuple(drafts))


def is_draft(text: str) -> bool:
    return text.endswith(_DRAFTS) and re.split("[:/]", text)[-1] in _DRAFTS


def facts(spec: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Facts:
    """Model ids, guardrail profiles, and references to drafts, in the sections that become resources."""
    found: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    for section in ("models", *(kind.section for kind in kinds.values() if kind.section)):
        _gather(spec.get(section, {}), ("spec", section), found)
    return Facts(*(tuple(each) for each in found))


def _gather(value: Any, at: Path, found: tuple[list[Any], list[Any], list[Any]]) -> None:
    """One pass over everything: paths are made for containers and finds only."""
    if isinstance(value, FrozenMap | dict):
        for key, item in value.items():
            if type(item) is str or type(item) is Bound:
                text = item if type(item) is str else str(item)
                if text.endswith(_DRAFTS) and is_draft(text):
                    found[2].append((*at, key))
                if key in _MODEL_MEMBERS:
                    found[0].append(((*at, key), text))
                elif key in _PROFILE_MEMBERS:
                    found[1].append(((*at, key), text))
            else:
                _gather(item, (*at, key), found)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _gather(item, (*at, index), found)


def check_policy(
    policy: Policy, spec: Mapping[str, Any], found: Facts, region: str, kinds: Mapping[str, Kind]
) -> Iterator[Problem]:
    """What in a resolved spec the policy refuses."""
    if policy.allowedModels is not None:
        yield from _models(policy.allowedModels, found)
    if policy.forbidDraft:
        for path in found.drafts:
            yield Problem("E605", "this refers to a DRAFT", path, "name a published version")
    if policy.requireGuardrail:
        yield from _unguarded(spec, kinds)
    if policy.residency:
        yield from _residency(policy, spec, region, found)


def model_name(value: str) -> str:
    """The id in a model id, or the last part of an ARN."""
    return value.rsplit("/", 1)[-1] if value.startswith("arn:") else value


def _models(allowed: tuple[str, ...], found: Facts) -> Iterator[Problem]:
    for path, value in found.models:
        name = model_name(value)
        if not any(fnmatchcase(name, glob) or fnmatchcase(value, glob) for glob in allowed):
            yield Problem("E603", f"the model {name} is not allowed", path, "allowed: " + ", ".join(allowed))


def _unguarded(spec: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Iterator[Problem]:
    for kind in kinds.values():
        if not kind.section or "guardrail" not in (kind.entry.model_fields if kind.entry else {}):
            continue
        for name, entry in _entries(spec, kind.section):
            if not entry.get("guardrail"):
                hint = "add guardrail: NAME, an entry of guardrails"
                yield Problem("E604", f"{kind.name} {name} names no guardrail", ("spec", kind.section, name), hint)


def check_guarded(
    spec: Mapping[str, Any], kinds: Mapping[str, Kind], models: Callable[[str], ServiceModel]
) -> Iterator[Problem]:
    """Entries without a guardrail whose resource has one of its own: AWS's model says which."""
    for kind in kinds.values():
        if not kind.section or "guardrailConfiguration" not in models(kind.service).input(kind.calls.create).members:
            continue
        for name, entry in _entries(spec, kind.section):
            if not entry.get("guardrailConfiguration"):
                hint = "add guardrailConfiguration: {guardrailIdentifier: ..., guardrailVersion: ...}"
                yield Problem("E604", f"{kind.name} {name} names no guardrail", ("spec", kind.section, name), hint)


def check_keys(
    spec: Mapping[str, Any], kinds: Mapping[str, Kind], models: Callable[[str], ServiceModel]
) -> Iterator[Problem]:
    """Entries without a KMS key whose resource could have one: AWS's model says which."""
    for kind in kinds.values():
        if not kind.section:
            continue
        members = models(kind.service).input(kind.calls.create).members
        key = next((m for m in _KEY_MEMBERS if m in members), None)
        if key is None:
            continue
        for name, entry in _entries(spec, kind.section):
            if not entry.get(key):
                yield Problem("E606", f"{kind.name} {name} has no {key}", ("spec", kind.section, name), f"add {key}")


def _residency(policy: Policy, spec: Mapping[str, Any], region: str, found: Facts) -> Iterator[Problem]:
    governance = spec.get("governance")
    classification = governance.get("dataClassification") if isinstance(governance, Mapping) else None
    if classification is None:
        message = "residency is restricted here, and this use case has no classification"
        yield Problem("E614", message, ("spec", "governance"), "add spec.governance.dataClassification")
        return
    allowed = policy.residency.get(classification)
    if allowed is None:
        return
    for path, value in (*found.models, *found.profiles):
        name = model_name(value)
        outside = [r for r in reachable(name, region) if not any(fnmatchcase(r, glob) for glob in allowed)]
        if outside:
            shown = ", ".join(outside[:3]) + (" and others" if len(outside) > 3 else "")
            message = f"{classification} data could be sent to {shown} by {name}"
            yield Problem("E607", message, path, "allowed: " + ", ".join(allowed))


def reachable(name: str, region: str) -> tuple[str, ...]:
    """Regions that a call through this model or profile can be served in."""
    return GEOGRAPHIES.get(name.split(".", 1)[0], (region,))


def _entries(spec: Mapping[str, Any], section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    found = spec.get(section)
    if isinstance(found, Mapping):
        for name, entry in found.items():
            if isinstance(entry, Mapping) and not isinstance(entry, Ref):
                yield name, entry
