"""What of a live resource differs from what is asked, and whose change it is."""

from __future__ import annotations

from releaser.core.diff import MISSING, FieldChange, Origin, differences, short_digest, with_origins
from releaser.core.graph import RETIRED_TAG, Node, labels_digest
from releaser.core.kind import Kind
from releaser.core.normal import Sibling
from releaser.core.record import Binding
from releaser.core.snapshot import Seen
from releaser.core.values import FrozenMap


def field_changes(live: FrozenMap, desired: FrozenMap, kind: Kind, known: Binding | None) -> list[FieldChange]:
    keys = kind.fields.unordered
    found = list(differences(live, desired, keys))
    if known is None:
        return found
    silent = [
        c for c in found if not (c.after is MISSING and known.server_defaults.get(c.path) == short_digest(c.before))
    ]
    return with_origins(silent, known.fields, keys)


def without_followers(
    changes: list[FieldChange], asked: FrozenMap, desired: FrozenMap, kind: Kind
) -> list[FieldChange]:
    """Less the members that AWS takes from another one where the manifest is silent: that other one is named."""
    if not any(isinstance(kind.fields.defaults.get(c.pattern), Sibling) for c in changes):
        return changes
    named = {c.path: (c.before, c.after) for c in changes}
    silent = {c.path for c in differences(asked, desired, kind.fields.unordered)}

    def follows(change: FieldChange) -> bool:
        default = kind.fields.defaults.get(change.pattern)
        if not isinstance(default, Sibling) or change.path not in silent:
            return False
        leader = f"{change.path.rpartition('.')[0]}.{default.member}"
        return named.get(leader) == (change.before, change.after)

    return [c for c in changes if not follows(c)]


def name_changes(node: Node, seen: Seen, kind: Kind) -> list[FieldChange]:
    """The name in AWS, when it is another than asked and an update can change it."""
    if seen.name in node.names or not kind.is_renamable:
        return []
    return [FieldChange(kind.identity.name, seen.name, node.name)]


def tag_changes(node: Node, seen: Seen, known: Binding | None) -> list[FieldChange]:
    """Tags that differ; drift when git asks for the same tags as it did for the last release."""
    same = known is not None and known.labels_digest == labels_digest(node)
    origin = Origin.DRIFT if same else Origin.INTENT
    changes = [
        FieldChange(f"tags.{key}", seen.tags.get(key, MISSING), value, origin)
        for key, value in node.tags.items()
        if seen.tags.get(key) != value
    ]
    if RETIRED_TAG in seen.tags:
        changes.append(FieldChange(f"tags.{RETIRED_TAG}", seen.tags[RETIRED_TAG], MISSING))
    return changes
