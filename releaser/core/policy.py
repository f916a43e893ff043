"""An environment's policy, applied to one use case: which models, which guardrails, where data may go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from releaser.core.address import Bound, Ref
from releaser.core.environment import Policy
from releaser.core.geography import Reach, guardrail_reach, model_reach, name_of
from releaser.core.kind import Kind, Problem
from releaser.core.model_ids import MODEL_MEMBERS, PROFILE_MEMBERS
from releaser.core.ours import is_external
from releaser.core.shapes import ServiceModel
from releaser.core.values import FrozenMap, Path

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
                if key in MODEL_MEMBERS:
                    found[0].append(((*at, key), text))
                elif key in PROFILE_MEMBERS:
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
    yield from _unknown(policy, found, region)
    if policy.residency:
        yield from _residency(policy, spec, region, found)


def _models(allowed: tuple[str, ...], found: Facts) -> Iterator[Problem]:
    for path, value in found.models:
        name = name_of(value)
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
    for path, value, reach in _reaches(policy, found, region):
        outside = reach.outside(allowed)
        if outside:
            shown = ", ".join(outside[:3]) + (" and others" if len(outside) > 3 else "")
            message = f"{classification} data could be sent to {shown} by {name_of(value)}"
            yield Problem("E607", message, path, "allowed: " + ", ".join(allowed))


def _reaches(policy: Policy, found: Facts, region: str) -> Iterator[tuple[Path, str, Reach]]:
    for path, value in found.models:
        yield path, value, model_reach(value, region, policy.geographies)
    for path, value in found.profiles:
        yield path, value, guardrail_reach(value, region, policy.geographies)


def _unknown(policy: Policy, found: Facts, region: str) -> Iterator[Problem]:
    """Profiles of which nobody here knows where they lead: refused, not assumed."""
    for path, value, reach in _reaches(policy, found, region):
        prefix = name_of(value).split(".", 1)[0]
        if reach.doubt == "prefix":
            message = f"nobody here knows which regions {name_of(value)} may use"
            hint = f"look them up in AWS's user guide and write policy.geographies: {{{prefix}: [REGION, ...]}}"
            yield Problem("E615", message, path, hint)
        elif reach.doubt == "source":
            message = f"{name_of(value)} cannot be used in {region}, as far as is known here"
            hint = f"a profile of the region's own geography; or policy.geographies: {{{prefix}: [REGION, ...]}}"
            yield Problem("E615", message, path, hint)


def _entries(spec: Mapping[str, Any], section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Those that are written here: what another team owns answers to its own policy."""
    found = spec.get(section)
    if isinstance(found, Mapping):
        for name, entry in found.items():
            if isinstance(entry, Mapping) and not isinstance(entry, Ref) and not is_external(entry):
                yield name, entry
