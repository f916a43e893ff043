"""What a record keeps of a resource, so that the next plan can tell from a list row that nothing moved."""

from __future__ import annotations

from releaser.core.content import version_digest
from releaser.core.diff import MISSING, differences, field_digests, short_digest
from releaser.core.graph import Node, labels_digest
from releaser.core.kind import Kind
from releaser.core.record import Binding
from releaser.core.snapshot import Seen
from releaser.core.values import FrozenMap


def bind(kind: Kind, node: Node, seen: Seen, version: str | None, desired: FrozenMap) -> Binding:
    """The binding of a resource that was just verified. ``seen`` has its body; ``desired`` is fully resolved."""
    body = seen.body if seen.body is not None else desired
    extra = {
        c.path: short_digest(c.before) for c in differences(body, desired, kind.fields.unordered) if c.after is MISSING
    }
    return Binding(
        kind=kind.name,
        id=seen.id,
        arn=seen.arn,
        name=seen.name,
        revision=seen.revision,
        version=version,
        stamp=node.stamp,
        behaviour=node.behaviour,
        body_digest=version_digest(kind, body),
        fields=field_digests(desired, kind.fields.unordered),
        labels_digest=labels_digest(node),
        server_defaults=extra,
        needs=tuple(sorted(node.needs)),
        on_remove=node.on_remove,
    )
