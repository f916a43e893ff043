"""A plan file is safe to share: no free text of a body ever stands in it."""

from __future__ import annotations

from typing import Any

import pytest
from any_body import MARK, bodies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from releaser.core.address import Address
from releaser.core.diff import differences
from releaser.core.kind import Kind
from releaser.core.normal import comparable
from releaser.core.plan import Action, Change, Plan, UseCasePlan
from releaser.core.values import EMPTY, FrozenMap
from releaser.kinds import registry
from releaser.render.data import plan_json
from releaser.render.markdown import plan_markdown
from releaser.render.text import plan_text
from releaser.render.view import body_shape, plan_view

KINDS = [k for k in registry().values() if k.name in ("guardrail", "prompt", "inference-profile")]


def plan_with(kind: Kind, before: Any, after: Any) -> Plan:
    left, right = (comparable(kind, FrozenMap(b)) if b else EMPTY for b in (before, after))
    fields = tuple(differences(left, right, kind.fields.unordered))
    remarks = tuple(kind.describe(left if before else None, right)) if kind.describe else ()
    change = Change(Address("x", kind.name, "y"), Action.UPDATE, fields, "content", remarks=remarks)
    part = UseCasePlan("x", "r1", "0" * 64, (change,), (), "0" * 64)
    return Plan("dev", "111111111111", "eu-central-1", "0" * 40, (part,), "0" * 64)


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_free_text_stands_in_any_printing(kind: Kind, data: st.DataObject) -> None:
    shape = body_shape(kind)
    assert shape is not None
    shape = shape.without(kind.fields.omitted)
    before, after = data.draw(st.one_of(st.none(), bodies(shape))), data.draw(bodies(shape))
    view = plan_view(plan_with(kind, before, after), registry())
    for printed in (plan_json(view), plan_text(view), plan_markdown(view)):
        assert MARK not in printed
    if before is not None:
        view = plan_view(plan_with(kind, before, None), registry())
        assert MARK not in plan_json(view)


def test_enums_numbers_and_arns_are_plain() -> None:
    kind = registry()["guardrail"]
    body = {
        "contentPolicyConfig": {"filtersConfig": [{"type": "HATE", "inputStrength": "LOW", "outputStrength": "HIGH"}]},
        "contextualGroundingPolicyConfig": {"filtersConfig": [{"type": "GROUNDING", "threshold": 0.7}]},
        "kmsKeyId": "arn:aws:kms:eu-central-1:111111111111:key/0a1b",
    }
    printed = plan_json(plan_view(plan_with(kind, None, body), registry()))
    for shown in ('"HATE"', '"LOW"', "0.7", "arn:aws:kms:eu-central-1:111111111111:key/0a1b"):
        assert shown in printed


def test_what_somebody_left_in_the_runtime_document_is_hidden() -> None:
    kind = registry()["runtime-configuration"]
    live = {"document": {"format": "releaser.runtime/v1", "apiKey": MARK, "more": {MARK: MARK}}}
    for before, after in ((live, {"document": {"format": "releaser.runtime/v1"}}), (None, live)):
        printed = plan_json(plan_view(plan_with(kind, before, after), registry()))
        assert MARK not in printed


@pytest.mark.parametrize("key", ["a.b", "a]b", "a].name", "[a", "#", "a\nb"])
def test_a_key_never_breaks_out_of_its_path(key: str) -> None:
    kind = registry()["guardrail"]
    topic = {"name": key, "definition": "d", "type": "DENY"}
    bodies_ = ({"topicPolicyConfig": {"topicsConfig": [{**topic, "definition": d}]}} for d in ("one", "two"))
    view = plan_view(plan_with(kind, *bodies_), registry())
    (field,) = view.use_cases[0].resources[0].fields
    assert field.path.startswith("topicPolicyConfig.topicsConfig[#") and field.path.endswith("].definition")
