"""Guardrail: filters on what goes to a model and what comes back. A draft, and numbered immutable versions.

Facts: AWS names policies differently on read (``topicPolicyConfig.topicsConfig`` is read as ``topicPolicy.topics``);
the server adds tiers, modalities and actions, and returns lists in another order
(terraform-provider-aws #44224, #43702, #48772); names are unique in an account and region; a version cut before the
draft settled keeps the old content (terraform-provider-awscc #2372).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from releaser.core.kind import (
    BEDROCK_TAGS,
    Calls,
    Draft,
    Entry,
    Fields,
    Identity,
    Kind,
    Problem,
    Remark,
    Status,
    View,
)
from releaser.core.normal import Sibling
from releaser.core.quotas import Quota
from releaser.core.strength import Item, Measure, Protection, compare, count, effect_of
from releaser.core.values import EMPTY, FrozenMap

# write member -> (read member, {list written: list read})
_READ_AS = {
    "topicPolicyConfig": ("topicPolicy", {"topicsConfig": "topics"}),
    "contentPolicyConfig": ("contentPolicy", {"filtersConfig": "filters"}),
    "wordPolicyConfig": (
        "wordPolicy",
        {"wordsConfig": "words", "managedWordListsConfig": "managedWordLists"},
    ),
    "sensitiveInformationPolicyConfig": (
        "sensitiveInformationPolicy",
        {"piiEntitiesConfig": "piiEntities", "regexesConfig": "regexes"},
    ),
    "contextualGroundingPolicyConfig": ("contextualGroundingPolicy", {"filtersConfig": "filters"}),
    "automatedReasoningPolicyConfig": ("automatedReasoningPolicy", {}),
}
_RENAMED = {"tier": "tierConfig"}


def _read(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    body = {k: reply[k] for k in ("description", "blockedInputMessaging", "blockedOutputsMessaging") if k in reply}
    for written, (seen, lists) in _READ_AS.items():
        if seen in reply:
            back = {v: k for k, v in lists.items()} | _RENAMED
            body[written] = {back.get(k, k): v for k, v in reply[seen].items()}
    if "kmsKeyArn" in reply:
        body["kmsKeyId"] = reply["kmsKeyArn"]
    if "crossRegionDetails" in reply:
        profile = reply["crossRegionDetails"].get("guardrailProfileId")
        body["crossRegionConfig"] = {"guardrailProfileIdentifier": profile}
    return body


def _comparable(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """AWS takes a guardrail profile by id or ARN and gives back the id."""
    cross = body.get("crossRegionConfig")
    if not isinstance(cross, Mapping) or "guardrailProfileIdentifier" not in cross:
        return body
    identifier = str(cross["guardrailProfileIdentifier"]).rsplit("/", 1)[-1]
    return FrozenMap({**body, "crossRegionConfig": {"guardrailProfileIdentifier": identifier}})


def _declare(view: View) -> Iterator[Draft]:
    for name, entry in view.section("guardrails").items():
        yield Draft(name, FrozenMap(entry))


def _exports(view: View) -> Mapping[str, Mapping[str, Any]]:
    from releaser.core.address import Ref

    found = {}
    for name in view.section("guardrails"):
        address = view.address("guardrail", name)
        found[name] = {"id": Ref(address, "id"), "version": Ref(address, "version")}
    return {"guardrails": found}


def _check(entry: Entry) -> Iterable[Problem]:
    yield from _check_filters(entry.data)
    yield from _check_grounding(entry.data)
    yield from _check_regexes(entry.data)
    yield from _check_tiers(entry.data)
    yield from _check_key(entry.data)
    yield from _check_repeats(entry.data)
    if not any(policy in entry.data for policy in _READ_AS):
        yield Problem(
            "E505",
            "a guardrail needs at least one policy",
            hint="add one of " + ", ".join(_READ_AS),
        )


def _items(data: Mapping[str, Any], policy: str, member: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    holder = data.get(policy)
    listed = holder.get(member) if isinstance(holder, Mapping) else None
    if isinstance(listed, list | tuple):
        yield from ((i, item) for i, item in enumerate(listed) if isinstance(item, Mapping))


def _check_filters(data: Mapping[str, Any]) -> Iterator[Problem]:
    # User guide, "Detect prompt attacks": the filter applies to input only.
    for i, item in _items(data, "contentPolicyConfig", "filtersConfig"):
        if item.get("type") == "PROMPT_ATTACK" and item.get("outputStrength") not in (None, "NONE"):
            yield Problem(
                "E501",
                "PROMPT_ATTACK filters input only: outputStrength must be NONE",
                ("contentPolicyConfig", "filtersConfig", i, "outputStrength"),
                "set outputStrength: NONE",
            )


def _check_grounding(data: Mapping[str, Any]) -> Iterator[Problem]:
    # User guide, "Contextual grounding check": thresholds run from 0 to 0.99; 1 would block everything.
    for i, item in _items(data, "contextualGroundingPolicyConfig", "filtersConfig"):
        threshold = item.get("threshold")
        if isinstance(threshold, int | float) and not isinstance(threshold, bool) and threshold >= 1:
            yield Problem(
                "E502",
                f"a grounding threshold must be below 1 (AWS allows 0 to 0.99), not {threshold}",
                ("contextualGroundingPolicyConfig", "filtersConfig", i, "threshold"),
                "0.7 is a common start",
            )


def _check_regexes(data: Mapping[str, Any]) -> Iterator[Problem]:
    for i, item in _items(data, "sensitiveInformationPolicyConfig", "regexesConfig"):
        pattern = item.get("pattern")
        if not isinstance(pattern, str):
            continue
        path = ("sensitiveInformationPolicyConfig", "regexesConfig", i, "pattern")
        # User guide, "Sensitive information filters": no lookarounds in custom regexes.
        if re.search(r"\(\?(=|!|<=|<!)", pattern):
            yield Problem("E503", "AWS does not accept lookarounds in a guardrail regex", path)
            continue
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            yield Problem("E503", f"this regex does not compile: {error}", path)


def _check_tiers(data: Mapping[str, Any]) -> Iterator[Problem]:
    # User guide, "Safeguard tiers": STANDARD needs cross-Region inference; so do Automated Reasoning checks.
    if "crossRegionConfig" in data:
        return
    hint = "add crossRegionConfig: {guardrailProfileIdentifier: eu.guardrail.v1:0}"
    if "automatedReasoningPolicyConfig" in data:
        message = "an automated reasoning policy needs crossRegionConfig"
        yield Problem("E504", message, ("automatedReasoningPolicyConfig",), hint)
    for policy in ("contentPolicyConfig", "topicPolicyConfig", "contextualGroundingPolicyConfig"):
        holder = data.get(policy)
        tier = holder.get("tierConfig") if isinstance(holder, Mapping) else None
        if isinstance(tier, Mapping) and tier.get("tierName") == "STANDARD":
            path = (policy, "tierConfig", "tierName")
            yield Problem("E504", "the STANDARD tier needs crossRegionConfig", path, hint)


def _check_key(data: Mapping[str, Any]) -> Iterator[Problem]:
    key = data.get("kmsKeyId")
    if isinstance(key, str) and not re.match(r"arn:[^:]+:kms:[^:]*:[^:]*:key/", key) and "${" not in key:
        yield Problem(
            "E506",
            "give the KMS key by its own ARN, not by id or alias: that is what AWS answers, whatever it was given",
            ("kmsKeyId",),
        )


_KEYS = {
    ("contentPolicyConfig", "filtersConfig"): "type",
    ("topicPolicyConfig", "topicsConfig"): "name",
    ("wordPolicyConfig", "wordsConfig"): "text",
    ("wordPolicyConfig", "managedWordListsConfig"): "type",
    ("sensitiveInformationPolicyConfig", "piiEntitiesConfig"): "type",
    ("sensitiveInformationPolicyConfig", "regexesConfig"): "name",
    ("contextualGroundingPolicyConfig", "filtersConfig"): "type",
}


def _check_repeats(data: Mapping[str, Any]) -> Iterator[Problem]:
    for (policy, member), key in _KEYS.items():
        seen: set[str] = set()
        for i, item in _items(data, policy, member):
            value = item.get(key)
            if isinstance(value, str) and value in seen:
                yield Problem("E507", f"{key} {value!r} stands twice in {member}", (policy, member, i, key))
            if isinstance(value, str):
                seen.add(value)


def _actions(at: str, input_value: Any = "BLOCK", output_value: Any = "BLOCK") -> dict[str, Any]:
    return {
        f"{at}[].inputAction": input_value,
        f"{at}[].outputAction": output_value,
        f"{at}[].inputEnabled": True,
        f"{at}[].outputEnabled": True,
    }


_STRENGTHS = {"NONE": 0, "LOW": 1, "MEDIUM": 2, "HIGH": 3}
_PII_ACTIONS = {"NONE": (0.1, "only detects"), "ANONYMIZE": (1.0, "masks"), "BLOCK": (2.0, "blocks")}


def _filter_level(item: Item, side: str) -> float:
    """Detecting at any strength is less than blocking at the lowest."""
    if not item.get(f"{side}Enabled", True):
        return 0
    strength = _STRENGTHS.get(str(item.get(f"{side}Strength")), 0)
    return strength if item.get(f"{side}Action", "BLOCK") == "BLOCK" else strength / 10


def _filter_words(item: Item, side: str) -> str:
    level = _filter_level(item, side)
    if not level:
        return "off"
    return f"{'blocks' if level >= 1 else 'only detects'} at {item.get(f'{side}Strength')}"


def _rule(item: Item, side: str) -> tuple[float, str]:
    if not item.get(f"{side}Enabled", True):
        return 0, "off"
    return (1, "blocks") if item.get(f"{side}Action", "BLOCK") == "BLOCK" else (0.1, "only detects")


def _masking(item: Item, side: str) -> tuple[float, str]:
    if not item.get(f"{side}Enabled", True):
        return 0, "off"
    return _PII_ACTIONS.get(str(item.get(f"{side}Action", item.get("action"))), (0.1, "only detects"))


def _grounding(item: Item) -> tuple[float, str]:
    threshold = float(item.get("threshold", 0))
    if not item.get("enabled", True):
        return 0, "off"
    if item.get("action", "BLOCK") != "BLOCK":
        return threshold / 10, f"only detects below {threshold:g}"
    return 1 + threshold, f"blocks below {threshold:g}"


def _modality(side: str, what: str) -> Measure:
    def level(item: Item) -> float:
        return float(what in item.get(f"{side}Modalities", ("TEXT",)))

    def words(item: Item) -> str:
        return "looked at" if level(item) else "not looked at"

    return Measure(f"{what.lower()} on {side}", level, words, acts=False)


def _sides(judge: Any) -> tuple[Measure, ...]:
    def measure(side: str) -> Measure:
        return Measure(side, lambda item: judge(item, side)[0], lambda item: judge(item, side)[1])

    return measure("input"), measure("output")


_BOTH = frozenset({"inputAction", "outputAction", "inputEnabled", "outputEnabled"})
_FILTER = frozenset({"inputStrength", "outputStrength", "inputModalities", "outputModalities"})

_PROTECTIONS: Mapping[str, Protection] = {
    "content filter": Protection(
        "contentPolicyConfig.filtersConfig",
        "type",
        "content filter {}:",
        (
            *_sides(lambda item, side: (_filter_level(item, side), _filter_words(item, side))),
            *(_modality(side, what) for side in ("input", "output") for what in ("IMAGE", "TEXT")),
        ),
        _BOTH | _FILTER | {"type"},
    ),
    "denied topic": Protection(
        "topicPolicyConfig.topicsConfig",
        "name",
        "denied topic {}:",
        _sides(_rule),
        _BOTH | {"name"},
        private=True,
        worded=frozenset({"definition", "examples"}),
    ),
    "blocked word": Protection(
        "wordPolicyConfig.wordsConfig", "text", "word {}:", _sides(_rule), _BOTH | {"text"}, private=True
    ),
    "managed word list": Protection(
        "wordPolicyConfig.managedWordListsConfig", "type", "word list {}:", _sides(_rule), _BOTH | {"type"}
    ),
    "kind of personal data": Protection(
        "sensitiveInformationPolicyConfig.piiEntitiesConfig",
        "type",
        "personal data {}:",
        _sides(_masking),
        _BOTH | {"type", "action"},
    ),
    "pattern": Protection(
        "sensitiveInformationPolicyConfig.regexesConfig",
        "name",
        "pattern {}:",
        _sides(_masking),
        _BOTH | {"name", "action"},
        private=True,
    ),
    "grounding check": Protection(
        "contextualGroundingPolicyConfig.filtersConfig",
        "type",
        "grounding check {}:",
        (Measure("", lambda item: _grounding(item)[0], lambda item: _grounding(item)[1]),),
        frozenset({"type", "threshold", "action", "enabled"}),
    ),
}
_TIERS = ("CLASSIC", "STANDARD")
_TIERED = ("contentPolicyConfig", "topicPolicyConfig", "contextualGroundingPolicyConfig")
_MESSAGES = {"blockedInputMessaging": "a question", "blockedOutputsMessaging": "an answer"}


def _describe(before: FrozenMap | None, after: FrozenMap | None) -> Iterator[Remark]:
    if before is None or after is None:
        whole = after if after is not None else before or EMPTY
        has = [f"{n} {noun}{'' if n == 1 else 's'}" for noun, p in _PROTECTIONS.items() if (n := count(p, whole))]
        is_new = before is None
        said = ", ".join(has).replace("kind of personal datas", "kinds of personal data") or "no filter that acts"
        yield Remark(f"is {'new' if is_new else 'removed'}: {said}", "stronger" if is_new else "weaker")
        return
    for protection in _PROTECTIONS.values():
        yield from compare(protection, before, after)
    yield from _describe_tiers(before, after)
    yield from _describe_reasoning(before, after)
    for member, what in _MESSAGES.items():
        old, new = str(before.get(member, "")), str(after.get(member, ""))
        if old != new:
            yield Remark(f"what users read when {what} is blocked changed", "changed", member, texts=(old, new))
    if before.get("crossRegionConfig") != after.get("crossRegionConfig"):
        yield Remark("the Regions in which content is checked changed", "changed", "crossRegionConfig")
    if before.get("kmsKeyId") != after.get("kmsKeyId"):
        # Without a key of the customer AWS encrypts with one of its own.
        effect = effect_of("kmsKeyId" in before, "kmsKeyId" in after)
        yield Remark("the encryption key changed", effect, "kmsKeyId")


def _describe_tiers(before: FrozenMap, after: FrozenMap) -> Iterator[Remark]:
    """STANDARD is the more robust tier (user guide, "Safeguard tiers")."""
    for policy in _TIERED:
        if policy not in before or policy not in after:
            continue
        old, new = (str(b[policy].get("tierConfig", {}).get("tierName", "CLASSIC")) for b in (before, after))
        if old != new:
            known = old in _TIERS and new in _TIERS
            effect = effect_of(_TIERS.index(old), _TIERS.index(new)) if known else "changed"
            yield Remark(f"tier {old} -> {new}", effect, f"{policy}.tierConfig.tierName")


def _describe_reasoning(before: FrozenMap, after: FrozenMap) -> Iterator[Remark]:
    at = "automatedReasoningPolicyConfig"
    old, new = before.get(at, EMPTY), after.get(at, EMPTY)
    was, now = {str(p) for p in old.get("policies", ())}, {str(p) for p in new.get("policies", ())}
    if now - was:
        yield Remark(f"{len(now - was)} automated reasoning checks are new", "stronger", at)
    if was - now:
        yield Remark(f"{len(was - now)} automated reasoning checks are removed", "weaker", at)
    if old and new and old.get("confidenceThreshold") != new.get("confidenceThreshold"):
        # A lower threshold acts on more findings, surer ones and less sure ones alike: neither side is stronger.
        yield Remark("the confidence from which automated reasoning acts changed", "changed", at)


_ACTIONS = frozenset({"BLOCK", "ANONYMIZE", "NONE"})
_VALUES: Mapping[str, frozenset[str] | None] = {
    "inputAction": _ACTIONS,
    "outputAction": _ACTIONS,
    "action": _ACTIONS,
    "inputStrength": frozenset(_STRENGTHS),
    "outputStrength": frozenset(_STRENGTHS),
    # What a pattern caught is no longer caught when another one stands in its place.
    "pattern": frozenset(),
}


def _ranked() -> dict[str, frozenset[str] | None]:
    """Every leaf that the rules above look at, made from them: a member that AWS adds is in none of them."""
    found: dict[str, frozenset[str] | None] = {}
    for protection in _PROTECTIONS.values():
        for member in protection.measured | protection.worded:
            found[f"{protection.path}[].{member}"] = _VALUES.get(member)
    for side in ("input", "output"):
        found[f"contentPolicyConfig.filtersConfig[].{side}Modalities[]"] = frozenset({"TEXT", "IMAGE"})
    found["topicPolicyConfig.topicsConfig[].type"] = frozenset({"DENY"})
    found["topicPolicyConfig.topicsConfig[].examples[]"] = None
    for member in ("description", "pattern"):
        found[f"sensitiveInformationPolicyConfig.regexesConfig[].{member}"] = _VALUES.get(member)
    for policy in _TIERED:
        found[f"{policy}.tierConfig.tierName"] = frozenset(_TIERS)
    for member in ("policies[]", "confidenceThreshold"):
        found[f"automatedReasoningPolicyConfig.{member}"] = None
    return found | dict.fromkeys((*_MESSAGES, "kmsKeyId", "crossRegionConfig.guardrailProfileIdentifier"))


KIND = Kind(
    name="guardrail",
    service="bedrock",
    tag_index="bedrock:guardrail",
    section="guardrails",
    declare=_declare,
    exports=_exports,
    check=_check,
    describe=_describe,
    read=_read,
    comparable=_comparable,
    calls=Calls(
        create="CreateGuardrail",
        get="GetGuardrail",
        update="UpdateGuardrail",
        delete="DeleteGuardrail",
        list="ListGuardrails",
        list_root="guardrails",
        publish="CreateGuardrailVersion",
        id_in="guardrailIdentifier",
        version_in="guardrailVersion",
        token="clientRequestToken",
    ),
    identity=Identity(id="guardrailId", arn="guardrailArn", name="name", row_id="id", row_arn="arn", row_name="name"),
    status=Status(
        member="status",
        ready=frozenset({"READY"}),
        pending=frozenset({"CREATING", "UPDATING", "VERSIONING", "DELETING"}),
        failed=frozenset({"FAILED"}),
        reasons="statusReasons",
    ),
    fields=Fields(
        omitted=frozenset({"clientRequestToken", "tags", "name"}),
        labels=frozenset({"description"}),
        ranked=_ranked(),
        defaults={
            "contentPolicyConfig.tierConfig": {"tierName": "CLASSIC"},
            "topicPolicyConfig.tierConfig": {"tierName": "CLASSIC"},
            "contentPolicyConfig.filtersConfig[].inputModalities": ("TEXT",),
            "contentPolicyConfig.filtersConfig[].outputModalities": ("TEXT",),
            **_actions("contentPolicyConfig.filtersConfig"),
            **_actions("topicPolicyConfig.topicsConfig"),
            **_actions("wordPolicyConfig.wordsConfig"),
            **_actions("wordPolicyConfig.managedWordListsConfig"),
            **_actions("sensitiveInformationPolicyConfig.piiEntitiesConfig", Sibling("action"), Sibling("action")),
            **_actions("sensitiveInformationPolicyConfig.regexesConfig", Sibling("action"), Sibling("action")),
            "contextualGroundingPolicyConfig.filtersConfig[].action": "BLOCK",
            "contextualGroundingPolicyConfig.filtersConfig[].enabled": True,
        },
        unordered={
            **{f"{policy}.{member}": key for (policy, member), key in _KEYS.items()},
            "wordPolicyConfig.wordsConfig": "#text",
            "contentPolicyConfig.filtersConfig[].inputModalities": None,
            "contentPolicyConfig.filtersConfig[].outputModalities": None,
            "topicPolicyConfig.topicsConfig[].examples": "#",
            "automatedReasoningPolicyConfig.policies": None,
        },
    ),
    tagging=BEDROCK_TAGS,
    version_quota=Quota(20),
    account_quota=Quota(100),
)
