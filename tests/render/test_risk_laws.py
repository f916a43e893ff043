"""Adding protection never weakens; taking it away again always does."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from any_body import bodies
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from releaser.core.address import Address
from releaser.core.diff import differences
from releaser.core.normal import comparable
from releaser.core.plan import Action, Change, Risk, worst
from releaser.core.risk import judged
from releaser.core.values import FrozenMap
from releaser.kinds import registry
from releaser.render.view import body_shape

KIND = registry()["guardrail"]
SHAPE = body_shape(KIND)
STRENGTHS = ("NONE", "LOW", "MEDIUM", "HIGH")
ACTIONS = ("NONE", "ANONYMIZE", "BLOCK")


def is_stronger(before: Any, after: Any) -> bool:
    """What was raised may be switched off: then nothing is."""
    left, right = (comparable(KIND, FrozenMap(b)) for b in (before, after))
    return KIND.describe is not None and any(r.effect == "stronger" for r in KIND.describe(left, right))


def risk(before: Any, after: Any) -> Risk:
    left, right = (comparable(KIND, FrozenMap(b)) for b in (before, after))
    assert KIND.describe is not None
    fields = tuple(differences(left, right, KIND.fields.unordered))
    remarks = tuple(KIND.describe(left, right))
    return judged(Change(Address("x", "guardrail", "main"), Action.UPDATE, fields, remarks=remarks), KIND).risk


_ADDED: dict[tuple[str, str], dict[str, Any]] = {
    ("contentPolicyConfig", "filtersConfig"): {"type": "NEW", "inputStrength": "LOW", "outputStrength": "NONE"},
    ("topicPolicyConfig", "topicsConfig"): {"name": "NEW", "definition": "d", "type": "DENY"},
    ("wordPolicyConfig", "wordsConfig"): {"text": "NEW"},
    ("sensitiveInformationPolicyConfig", "piiEntitiesConfig"): {"type": "NEW", "action": "ANONYMIZE"},
    ("sensitiveInformationPolicyConfig", "regexesConfig"): {"name": "NEW", "pattern": "x", "action": "BLOCK"},
    ("contextualGroundingPolicyConfig", "filtersConfig"): {"type": "NEW", "threshold": 0.4},
}


def added(draw: st.DrawFn, body: dict[str, Any]) -> None:
    (policy, member), item = draw(st.sampled_from(sorted(_ADDED.items(), key=str)))
    listed = body.setdefault(policy, {}).setdefault(member, [])
    assume(all("NEW" not in (i.get("type"), i.get("name"), i.get("text")) for i in listed))
    listed.append(dict(item))


def raised(draw: st.DrawFn, body: dict[str, Any]) -> None:
    """One strength, action or threshold that is as strong as it was, or stronger."""
    items = [i for policy in body.values() if isinstance(policy, dict) for v in policy.values() for i in _items(v)]
    assume(items)
    item = draw(st.sampled_from(items))
    for side in ("input", "output"):
        if f"{side}Strength" in item:
            now = STRENGTHS.index(item[f"{side}Strength"])
            item[f"{side}Strength"] = draw(st.sampled_from(STRENGTHS[now:]))
        if item.get(f"{side}Action") in ACTIONS:
            item[f"{side}Action"] = draw(st.sampled_from(ACTIONS[ACTIONS.index(item[f"{side}Action"]) :]))
    if "threshold" in item:
        item["threshold"] = item["threshold"] + 1


def _items(value: Any) -> list[dict[str, Any]]:
    return [i for i in value if isinstance(i, dict)] if isinstance(value, list) else []


@st.composite
def strengthened(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    assert SHAPE is not None
    before = draw(bodies(SHAPE.without(KIND.fields.omitted)))
    after = deepcopy(before)
    for _ in range(draw(st.integers(1, 3))):
        draw(st.sampled_from((added, raised)))(draw, after)
    return before, after


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(pair=strengthened())
def test_adding_protection_never_weakens_and_swapping_does(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    before, after = pair
    there = risk(before, after)
    assert there in (Risk.NONE, Risk.BEHAVIOURAL)
    assert risk(after, before) is (Risk.WEAKENING if is_stronger(before, after) else there)
    assert risk(after, after) is Risk.NONE


@given(risks=st.lists(st.sampled_from(list(Risk))), more=st.lists(st.sampled_from(list(Risk))))
def test_the_class_of_several_changes_is_the_worst(risks: list[Risk], more: list[Risk]) -> None:
    order = list(Risk)
    assert all(order.index(r) <= order.index(worst(risks)) for r in risks)
    assert worst([*risks, *more]) is worst([worst(risks), worst(more)])
