"""Models are found by the shapes of AWS's service model: whatever kind names one, and however deep."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from releaser.core.address import Address, Bound, Ref
from releaser.core.body_shape import body_shape
from releaser.core.graph import Node
from releaser.core.kind import Kind
from releaser.core.model_ids import MODEL_MEMBERS, MODEL_SHAPES, PROFILE_MEMBERS, PROFILE_SHAPES, Use, below, uses
from releaser.core.shapes import Shape
from releaser.core.values import EMPTY, FrozenMap
from releaser.kinds import registry
from releaser.kinds.models import model

REGION = "eu-central-1"
KINDS = [k for k in registry().values() if k.service.startswith("bedrock")]

NOT_CALLED = {
    "GuardrailProfileArn",
    "ModelPackageArn",
    "ProvisionedModelId",
    "ProvisionedModelIdentifier",
    "CustomModelDeploymentIdentifier",
}
"""Name no model that AWS gives a life, or are provisioned throughput of one."""


def shapes_below(shape: Shape) -> Iterator[Shape]:
    yield from (shape.model.shape(name) for name in below(shape) if name in shape.model._raw)


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_every_shape_that_takes_a_model_is_known(kind: Kind) -> None:
    """An SDK that brings another shape for a model fails here."""
    unknown = set()
    for shape in shapes_below(body_shape(kind, model(kind.service))):
        pattern = shape.pattern or ""
        names_model = "foundation-model" in pattern or "inference-profile" in pattern
        spells_model = re.search(r"Model(Id|Identifier|Arn)$", shape.name) is not None
        if shape.type == "string" and (names_model or spells_model):
            unknown |= {shape.name} - MODEL_SHAPES - NOT_CALLED
        if "guardrail-profile" in pattern:
            unknown |= {shape.name} - PROFILE_SHAPES
    assert not unknown


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_offline_the_same_members_are_known_by_name(kind: Kind) -> None:
    body = body_shape(kind, model(kind.service))
    for shape in (body, *shapes_below(body)):
        if shape.type == "structure" and not shape.is_document:
            for name, member in shape.members.items():
                assert (member.name in MODEL_SHAPES) <= (name in MODEL_MEMBERS), f"{shape.name}.{name}"
                assert (member.name in PROFILE_SHAPES) <= (name in PROFILE_MEMBERS), f"{shape.name}.{name}"


def node(kind: str, body: Mapping[str, Any]) -> Node:
    return Node(Address("u", kind, "main"), kind, "u_main", FrozenMap(body), frozenset(), "s", "b", EMPTY)


def found(kind: str, body: Mapping[str, Any], declared: Mapping[str, Any] = EMPTY) -> dict[str, str]:
    return {u.value: u.at for u in uses([node(kind, body)], declared, REGION, registry(), model)}


def filled(shape: Shape, value: str, deep: int = 12) -> Iterator[Any]:
    """For every member below a shape that takes a model: a body with that member alone."""
    if shape.name in MODEL_SHAPES:
        yield value
    elif deep and shape.type == "structure" and not shape.is_document:
        for name, member in shape.members.items():
            yield from ({name: inner} for inner in filled(member, value, deep - 1))
    elif deep and shape.type == "list":
        yield from ([inner] for inner in filled(shape.member, value, deep - 1))
    elif deep and shape.type == "map":
        yield from ({"any": inner} for inner in filled(shape.value, value, deep - 1))


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_a_model_is_found_wherever_a_body_may_name_it(kind: Kind) -> None:
    for body in filled(body_shape(kind, model(kind.service)), "eu.amazon.nova-pro-v1:0"):
        assert list(found(kind.name, body)) == ["eu.amazon.nova-pro-v1:0"], body


def test_one_spelling_of_each() -> None:
    declared = {"judge": {"modelId": "eu.amazon.nova-pro-v1:0"}, "other": {"modelId": Bound("${env.m}", "a.b")}}
    arn = f"arn:aws:bedrock:{REGION}:111111111111:inference-profile/eu.amazon.nova-pro-v1:0"
    body = {
        "variants": [{"name": "v", "modelId": arn}, {"modelId": Ref(Address("u", "inference-profile", "p"), "arn")}]
    }
    assert found("prompt", body, declared) == {"eu.amazon.nova-pro-v1:0": "models.judge", "a.b": "models.other"}
    elsewhere = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0"
    at = {elsewhere: "prompts.main.variants[0].modelId"}
    assert found("prompt", {"variants": [{"modelId": elsewhere}]}) == at


def test_guardrail_profiles_are_apart() -> None:
    body = {"crossRegionConfig": {"guardrailProfileIdentifier": "eu.guardrail.v1:0"}}
    (use,) = uses([node("guardrail", body)], EMPTY, REGION, registry(), model)
    assert use == Use("eu.guardrail.v1:0", "guardrails.main.crossRegionConfig.guardrailProfileIdentifier", True)


def test_the_kinds_that_call_models_are_looked_through() -> None:
    """The tests above would pass over nothing."""
    calling = {k.name for k in KINDS if any(filled(body_shape(k, model(k.service)), "x.y"))}
    assert calling >= {"prompt", "prompt-router", "inference-profile", "agent", "knowledge-base"}
