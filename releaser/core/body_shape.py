"""What of a kind stands in a manifest: AWS's create request, with the parts that have operations of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from releaser.core.kind import Kind, Part
from releaser.core.shapes import ServiceModel, Shape

_made: dict[str, tuple[Kind, ServiceModel, Shape]] = {}


def body_shape(kind: Kind, model: ServiceModel) -> Shape:
    """The shape of a kind's body, made once. ``model`` is that of the kind's service."""
    known = _made.get(kind.name)
    if known is None or known[0] is not kind or known[1] is not model:
        known = _made[kind.name] = (kind, model, _make(kind, model))
    return known[2]


def _make(kind: Kind, model: ServiceModel) -> Shape:
    raw = _structure(model, kind.calls.create, kind.fields.omitted)
    if kind.fields.update_only and kind.calls.update:
        later = model.input(kind.calls.update).raw["members"]
        raw["members"] |= {m: later[m] for m in sorted(kind.fields.update_only)}
    added: dict[str, Mapping[str, Any]] = {}
    for part in kind.parts:
        name = f"{kind.name}.{part.member}"
        added[name] = {"type": "list", "member": f"{name}[]"}
        added[f"{name}[]"] = part_shape(part, model).raw
        raw["members"][part.member] = name
    return Shape(model.extended(added) if added else model, model.input(kind.calls.create).name, raw)


def part_shape(part: Part, model: ServiceModel) -> Shape:
    """The shape of one item of a part. Its key is required, whatever AWS's model says."""
    raw = _structure(model, part.create, part.outside)
    raw["required"] = sorted({*raw["required"], part.key})
    return Shape(model, f"{part.create}Item", raw)


def _structure(model: ServiceModel, operation: str, omitted: frozenset[str]) -> dict[str, Any]:
    raw = model.input(operation).without(omitted).raw
    return {**raw, "members": dict(raw["members"]), "required": list(raw["required"])}
