"""Stronger and weaker are opposites, and neither is missed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from any_body import bodies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from releaser.core.kind import Effect, Kind
from releaser.core.normal import comparable
from releaser.core.values import EMPTY, FrozenMap
from releaser.kinds import registry
from releaser.render.view import body_shape

OPPOSITE: dict[Effect, Effect] = {
    "stronger": "weaker",
    "weaker": "stronger",
    "changed": "changed",
    "neutral": "neutral",
}
KINDS = [k for k in registry().values() if k.describe and k.name != "runtime-configuration"]


def effects(kind: Kind, before: Any, after: Any) -> Counter[tuple[str, Effect]]:
    assert kind.describe is not None
    left, right = (None if b is None else comparable(kind, FrozenMap(b)) for b in (before, after))
    return Counter((r.path, r.effect) for r in kind.describe(left, right))


def flipped(found: Counter[tuple[str, Effect]]) -> Counter[tuple[str, Effect]]:
    return Counter({(path, OPPOSITE[effect]): n for (path, effect), n in found.items()})


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_swapping_turns_stronger_into_weaker(kind: Kind, data: st.DataObject) -> None:
    shape = body_shape(kind)
    assert shape is not None
    drawn = bodies(shape.without(kind.fields.omitted))
    before, after = data.draw(st.one_of(st.none(), drawn)), data.draw(drawn)
    assert flipped(effects(kind, before, after)) == effects(kind, after, before)
    assert not effects(kind, after, after)


HATE = {"type": "HATE", "inputStrength": "MEDIUM", "outputStrength": "MEDIUM"}
EMAIL = {"type": "EMAIL", "action": "ANONYMIZE"}
TOPIC = {"name": "Investment advice", "definition": "d", "type": "DENY"}
GROUNDING = {"type": "GROUNDING", "threshold": 0.7}


def content(*items: Any, **more: Any) -> dict[str, Any]:
    return {"contentPolicyConfig": {"filtersConfig": items, **more}}


def topics(*items: Any, **more: Any) -> dict[str, Any]:
    return {"topicPolicyConfig": {"topicsConfig": items, **more}}


def personal(*items: Any) -> dict[str, Any]:
    return {"sensitiveInformationPolicyConfig": {"piiEntitiesConfig": items}}


def grounding(*items: Any) -> dict[str, Any]:
    return {"contextualGroundingPolicyConfig": {"filtersConfig": items}}


def words(*items: Any) -> dict[str, Any]:
    return {"wordPolicyConfig": {"wordsConfig": [{"text": i} for i in items]}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (content(HATE), content({**HATE, "inputStrength": "LOW"})),
        (content(HATE), content({**HATE, "inputAction": "NONE"})),
        (content(HATE), content({**HATE, "outputEnabled": False})),
        (content(HATE), {}),
        (content(HATE, tierConfig={"tierName": "STANDARD"}), content(HATE)),
        (content({**HATE, "inputModalities": ["TEXT", "IMAGE"]}), content(HATE)),
        (topics(TOPIC), {}),
        (topics(TOPIC), topics({**TOPIC, "inputAction": "NONE"})),
        (words("a", "b"), words("a")),
        (personal({**EMAIL, "action": "BLOCK"}), personal(EMAIL)),
        (personal(EMAIL), personal({**EMAIL, "action": "NONE"})),
        (personal(EMAIL), personal({**EMAIL, "outputAction": "NONE"})),
        (grounding(GROUNDING), grounding({**GROUNDING, "threshold": 0.5})),
        (grounding(GROUNDING), grounding({**GROUNDING, "action": "NONE"})),
        (grounding(GROUNDING), grounding({**GROUNDING, "enabled": False})),
        (content(HATE), None),
    ],
)
def test_less_protection_is_called_weaker(before: Any, after: Any) -> None:
    found = effects(registry()["guardrail"], before, after)
    assert {effect for _, effect in found} == {"weaker"}


def test_what_cannot_be_ranked_is_called_changed() -> None:
    kind = registry()["guardrail"]
    found = effects(kind, topics(TOPIC), topics({**TOPIC, "definition": "another"}))
    assert {effect for _, effect in found} == {"changed"}
    mixed = effects(kind, content(HATE), content({**HATE, "inputStrength": "HIGH", "outputStrength": "LOW"}))
    assert {effect for _, effect in mixed} == {"stronger", "weaker"}


def test_a_prompt_without_its_guardrail_is_weaker() -> None:
    kind = registry()["runtime-configuration"]
    named, bare = ({"document": {"prompts": {"answer": p}}} for p in ({"guardrail": "main"}, {"arn": "x"}))
    assert [e for _, e in effects(kind, named, bare)] == ["weaker"]
    assert [e for _, e in effects(kind, bare, named)] == ["stronger"]


def test_every_difference_of_a_guardrail_is_told() -> None:
    """Every member of the shape that changes alone gives at least one remark; a label gives none."""
    kind = registry()["guardrail"]
    assert not effects(kind, {"description": "a"}, {"description": "b"})
    assert effects(kind, {"kmsKeyId": "a"}, {"kmsKeyId": "b"})
    assert effects(kind, {"blockedInputMessaging": "a"}, {"blockedInputMessaging": "b"})
    cross = [
        {"crossRegionConfig": {"guardrailProfileIdentifier": i}} for i in ("eu.guardrail.v1:0", "us.guardrail.v1:0")
    ]
    assert effects(kind, *cross)
    assert effects(kind, EMPTY, {"automatedReasoningPolicyConfig": {"policies": ["arn:aws:bedrock:::p"]}})
