"""A body with its references known, and the digests that prove two contents equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from releaser.core.address import Bound, Ref
from releaser.core.graph import Node
from releaser.core.kind import Kind
from releaser.core.normal import comparable, replace_leaves
from releaser.core.values import EMPTY, FrozenMap, digest


def resolve_body(node: Node, outputs: Callable[[Ref], str | None]) -> FrozenMap:
    """The node's body with bindings as values and every reference that has a value by now; others stay."""

    def leaf(value: object) -> object:
        if isinstance(value, Bound):
            return value.value
        if isinstance(value, Ref):
            found = _output(value, outputs)
            return value if found is None else found
        return value

    resolved = replace_leaves(node.body, leaf)
    return resolved if isinstance(resolved, FrozenMap) else EMPTY


def _output(ref: Ref, outputs: Callable[[Ref], str | None]) -> str | None:
    """``ownId`` is the last part of the id: what exists only inside something else is told apart by it there."""
    found = outputs(ref)
    if found is None and ref.output == "ownId":
        whole = outputs(Ref(ref.address, "id"))
        return whole.rpartition("/")[2] if whole is not None else None
    return found


def version_digest(kind: Kind, body: Mapping[str, object]) -> str:
    """The proof that a version has a content: digest of its comparable body without labels, and without what AWS
    does not show of versions."""
    hidden = kind.fields.labels | (kind.versions.hidden if kind.versions else frozenset())
    plain = {k: v for k, v in comparable(kind, body).items() if k not in hidden}
    return digest(plain)


def content_digest(body: FrozenMap) -> str:
    """Digest of a draft as seen, in comparable form: the precondition of a write."""
    return digest(body)


def pieces(kind: Kind, body: FrozenMap) -> dict[str, str]:
    """Digest of every member, and of every item of a part: what a write of several calls may have done so far."""
    parts = {p.member: p.key for p in kind.parts}
    found: dict[str, str] = {}
    for member, value in body.items():
        if member in parts:
            found |= {f"{member}[{item[parts[member]]}]": digest(item) for item in value}
        else:
            found[member] = digest({"v": value})
    return found
