"""Bodies of every kind in the registry: synthesised from the service model, mended by the rules outside it."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from hypothesis import strategies as st

from kinds.rules import CHOICES, FEW, KNOWN, MOST, acceptable, several
from kinds.synthesis import DOCUMENTS, Synthesis, document, strategy
from releaser.core.body_shape import body_shape
from releaser.core.kind import Kind
from releaser.core.shapes import Shape
from releaser.kinds import registry
from releaser.kinds.models import model

KINDS = list(registry().values())
ALONE = [k for k in KINDS if not k.parts and k.calls.parent_in is None]
"""Kinds whose bodies AWS takes in an empty account, in one request."""


def shape_of(kind: Kind) -> Shape:
    """What may stand in a body."""
    return body_shape(kind, model(kind.service))


def synthesis(kind: Kind, length: int = 3) -> Synthesis:
    return Synthesis(kind.fields.unordered, KNOWN, length, most=MOST if length > 3 else FEW, choices=CHOICES)


def is_document(kind: Kind) -> bool:
    """Its body is a document of ours that travels as a text."""
    return "document" in kind.fields.opaque and kind.delivery is None


def everything(kind: Kind, length: int = 3) -> list[dict[str, Any]]:
    """Bodies with every optional member set, one per choice of a union; the caller's own."""
    return copy.deepcopy(_everything(kind.name, length))


@cache
def _everything(name: str, length: int) -> list[dict[str, Any]]:
    kind = registry()[name]
    if is_document(kind):
        return [{"document": _runtime(length)}]
    bodies = several(kind.name, synthesis(kind, length).everything(shape_of(kind)))
    return [acceptable(kind.name, b) | _delivered(kind, _runtime(length)) for b in bodies]


def least(kind: Kind) -> dict[str, Any]:
    """A body with as little as AWS takes."""
    if is_document(kind):
        return {"document": {"format": "releaser.runtime/v1"}}
    bare = Synthesis(kind.fields.unordered, KNOWN, length=1, bare=True, choices=CHOICES)
    found = acceptable(kind.name, bare.everything(shape_of(kind))[0])
    return found | _delivered(kind, {"format": "releaser.runtime/v1"})


def _delivered(kind: Kind, content: dict[str, Any]) -> dict[str, Any]:
    """What a body has beside what stands in requests: the content that jobs bring, and where it is stored."""
    return {kind.delivery.member: content, kind.delivery.holder_in: "abcd123"} if kind.delivery else {}


def _runtime(length: int) -> dict[str, Any]:
    entries = {
        f"entry-{n}": {**document(n), "text": '{{it}} \\ "{" {', "version": str(n)} for n in range(min(length, 9))
    }
    return {"format": "releaser.runtime/v1", "enabled": True, "prompts": entries, "models": {"a.b": document(7)}}


def body(kind: Kind) -> st.SearchStrategy[dict[str, Any]]:
    """Any body that AWS takes."""
    if is_document(kind):
        return DOCUMENTS.map(lambda d: {"document": d})
    plain = strategy(shape_of(kind), synthesis(kind)).map(lambda b: acceptable(kind.name, b))
    if kind.delivery is None:
        return plain
    return st.builds(lambda b, content: b | _delivered(kind, content), plain, DOCUMENTS)
