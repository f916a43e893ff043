"""Every model and guardrail profile that a use case names, wherever in a manifest or a body it stands. Pure.

Found by the shapes of AWS's service model, not by kinds: a new kind is looked through without being known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from releaser.core.address import Bound
from releaser.core.body_shape import body_shape
from releaser.core.geography import name_of, resource_type
from releaser.core.graph import Node
from releaser.core.kind import Kind
from releaser.core.shapes import ServiceModel, Shape
from releaser.core.values import show_path

MODEL_SHAPES = frozenset(
    {
        "AdvancedPromptOptimizationModelIdentifier",
        "BedrockEmbeddingModelArn",
        "BedrockModelArn",
        "BedrockModelId",
        "BedrockRerankingModelArn",
        "EvaluationBedrockModelIdentifier",
        "EvaluatorModelIdentifier",
        "FlowPromptModelIdentifier",
        "InferenceProfileModelSourceArn",
        "KnowledgeBaseModelIdentifier",
        "ModelId",
        "ModelIdentifier",
        "PromptModelIdentifier",
        "PromptRouterTargetModelArn",
    }
)
"""Shapes of members that name a model that is called. A test holds the list to botocore's service models."""

PROFILE_SHAPES = frozenset({"GuardrailCrossRegionGuardrailProfileIdentifier"})
"""Shapes of members that name a guardrail profile."""

MODEL_MEMBERS = frozenset(
    {"modelId", "foundationModel", "modelArn", "embeddingModelArn", "modelIdentifier", "copyFrom"}
)
"""How the members of those shapes are called, in every body that a manifest may hold; held to the model by a test."""

PROFILE_MEMBERS = frozenset({"guardrailProfileIdentifier"})


@dataclass(frozen=True, slots=True)
class Use:
    """A model, or a guardrail profile, that a use case names. ``at``: the first place under ``spec``."""

    value: str
    at: str
    is_guardrail: bool = False


Models = Callable[[str], ServiceModel]


def uses(
    nodes: Iterable[Node], declared: Mapping[str, Any], region: str, kinds: Mapping[str, Kind], models: Models
) -> tuple[Use, ...]:
    """What the bodies of a use case's resources and its section ``models`` name, each once, by place.

    What stands behind a reference to another resource of the use case is named there.
    """
    found: dict[str, Use] = {}

    def add(value: str, at: str, is_guardrail: bool = False) -> None:
        name = _spelled(value, region)
        if name:
            found.setdefault(name, Use(name, at, is_guardrail))

    for name, model in declared.items():
        model_id = model.get("modelId") if isinstance(model, Mapping) else None
        if isinstance(model_id, str | Bound):
            add(_text(model_id), f"models.{name}")
    for node in nodes:
        kind = kinds[node.kind]
        try:
            shape = body_shape(kind, models(kind.service))
        except KeyError:
            continue
        for path, value, is_guardrail in _walk(shape, node.body, ()):
            add(value, kind.place_of(node.address.name, show_path(path)), is_guardrail)
    return tuple(found.values())


_NAMED_BY_ID = frozenset({"foundation-model", "inference-profile", "guardrail-profile"})


def _spelled(value: str, region: str) -> str:
    """One spelling of each: an ARN that says no more than its id does here is the id."""
    if resource_type(value) in _NAMED_BY_ID and value.split(":")[3] in ("", region):
        return name_of(value)
    return value


def _walk(shape: Shape, value: Any, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str, bool]]:
    if shape.name in MODEL_SHAPES or shape.name in PROFILE_SHAPES:
        if isinstance(value, str | Bound):
            yield at, _text(value), shape.name in PROFILE_SHAPES
    elif shape.is_document or not _leads_to_one(shape):
        return
    elif isinstance(value, Mapping):
        if shape.type == "structure":
            for name, item in value.items():
                member = shape.members.get(name)
                if member is not None:
                    yield from _walk(member, item, (*at, name))
        elif shape.type == "map":
            for name, item in value.items():
                yield from _walk(shape.value, item, (*at, name))
    elif isinstance(value, list | tuple) and shape.type == "list":
        for index, item in enumerate(value):
            yield from _walk(shape.member, item, (*at, index))


def _text(value: str | Bound) -> str:
    return value.value if isinstance(value, Bound) else value


_leading: WeakKeyDictionary[ServiceModel, dict[str, bool]] = WeakKeyDictionary()


def _leads_to_one(shape: Shape) -> bool:
    """Whether anything of interest can stand below a shape."""
    known = _leading.setdefault(shape.model, {})
    if shape.name not in known:
        known[shape.name] = not (MODEL_SHAPES | PROFILE_SHAPES).isdisjoint(below(shape))
    return known[shape.name]


def below(shape: Shape) -> set[str]:
    """The names of all shapes below one. Shapes may contain themselves."""
    names: set[str] = set()
    pending = [shape]
    while pending:
        for inner in _inner(pending.pop()):
            if inner.name not in names:
                names.add(inner.name)
                pending.append(inner)
    return names


def _inner(shape: Shape) -> Iterable[Shape]:
    match shape.type:
        case "structure" if not shape.is_document:
            return shape.members.values()
        case "list":
            return (shape.member,)
        case "map":
            return (shape.value,)
        case _:
            return ()
