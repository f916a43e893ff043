"""Bodies to a desired graph: nodes, what each needs, and their stamps.

Three digests are never mixed: the release digest (``core/digest.py``) names a release; the behaviour stamp keys
evidence and knows bindings by name; the effective stamp holds the environment's values and decides what is
published. Both stamps are Merkle digests: a reference counts as the stamp of what it refers to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from releaser.core.address import Address, Bound, Ref
from releaser.core.errors import ReleaserError
from releaser.core.kind import Draft, Kind, Pin, Rollout, View
from releaser.core.lifecycle import on_remove
from releaser.core.normal import minimal, replace_leaves, sort_key
from releaser.core.ours import External, Ours, refuse_unpinned, take_apart
from releaser.core.slots import NONE, Slots, declared, is_second, named, twin
from releaser.core.values import EMPTY, FrozenMap, digest, leaves, references

STAMP_SCHEME = 1
"""Travels in the version's description: a later scheme must not publish anew what an earlier one published."""


@dataclass(frozen=True, slots=True)
class Node:
    """One desired resource. ``body`` is AWS's write shape, with references where values exist only later."""

    address: Address
    kind: str
    name: str
    body: FrozenMap
    needs: frozenset[Address]
    stamp: str
    behaviour: str
    tags: FrozenMap
    on_remove: str = ""
    """``retain``: it stays in AWS when nothing declares it any more."""
    pins: tuple[Pin, ...] = ()
    rollout: Rollout | None = None
    """How its content is delivered."""
    base: str = ""
    """The other name under which it may stand while its content is as asked: that which the manifest gives to a kind
    whose names end with a stamp."""
    former: tuple[Address, ...] = ()
    """Where it stood in the manifest before: its tags may still say so."""
    former_names: tuple[str, ...] = ()
    external: External | None = None
    """Owned by another team: only looked at."""
    kept: bool = False
    """Looked at and left as it is, see ``core/slots.py``. It has no stamp."""
    adopts: bool = False
    """What has this name and nobody's tag is compared as if it were ours."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it may have in AWS."""
        return (self.name, self.base) if self.base else (self.name,)

    @property
    def label(self) -> str:
        """What we write into a version's description, to find the version of a content again."""
        return version_label(self.stamp)


@dataclass(frozen=True, slots=True)
class DesiredGraph:
    """Nodes in an order in which everything comes after what it needs."""

    nodes: tuple[Node, ...]

    def get(self, address: Address) -> Node | None:
        return next((n for n in self.nodes if n.address == address), None)

    def of(self, use_case: str) -> tuple[Node, ...]:
        return tuple(n for n in self.nodes if n.address.use_case == use_case)


def version_label(stamp: str) -> str:
    """``releaser:<scheme>:<stamp16>``."""
    return f"releaser:{STAMP_SCHEME}:{stamp[:16]}"


def read_label(description: str | None) -> str | None:
    """The first 16 digits of the stamp in a version's description; None when it is not ours or of another scheme."""
    parts = (description or "").split(":")
    if len(parts) == 3 and parts[0] == "releaser" and parts[1] == str(STAMP_SCHEME) and len(parts[2]) == 16:
        return parts[2]
    return None


def physical_name(address: Address, kind: Kind, stamp: str, given: str = "") -> str:
    """The name in AWS: ``given`` by the manifest, or ``<use-case>_<name>``; kinds that can only be replaced append
    ``_<stamp8>``.

    ``stamp``: of kinds that are fixed in part, the digest of that part (``generation``).
    """
    if kind.physical_name is not None and not (given and kind.parent):
        return kind.physical_name(address)
    plain = given or f"{address.use_case}_{address.name}"
    return f"{plain}_{stamp[:8]}" if kind.is_named_by_content else plain


def labels_digest(node: Node) -> str:
    """Digest of what a stamp leaves out and a row does not show: the whole body as declared, and the tags."""
    text = sort_key(node.body).decode()
    return digest({"body": text, "tags": node.tags})


OWNER_TAG = "releaser:address"
ENVIRONMENT_TAG = "releaser:environment"
RETIRED_TAG = "releaser:retired"


def ownership_tags(address: Address, environment: str) -> dict[str, str]:
    """The tags that make a resource ours; a name that looks right never does."""
    return {
        OWNER_TAG: str(address),
        ENVIRONMENT_TAG: environment,
        "releaser:use-case": address.use_case,
    }


def is_owned(tags: Mapping[str, str], address: Address, environment: str) -> bool:
    """Whether the tags say that the resource is this address of this environment."""
    return tags.get(OWNER_TAG) == str(address) and tags.get(ENVIRONMENT_TAG) == environment


def compile_use_case(
    view: View, kinds: Mapping[str, Kind], tags: Mapping[str, str] | None = None, slots: Slots = NONE
) -> DesiredGraph:
    """Every resource of one use case, ordered and stamped. ``slots``: which of two aliases is used.

    Raises ReleaserError for a cycle or a reference to what is not declared (validate finds both with their lines).
    """
    ours = take_apart(view.spec, kinds)
    view = told(view, ours, kinds)
    pinned = _pinned(view, ours, kinds)
    bodies = slots.applied(
        {view.address(kind.name, draft.name): (kind, draft) for kind in kinds.values() for draft in kind.declare(view)}
    )
    needs = {a: frozenset(r.address for r in references(draft.body)) for a, (_, draft) in bodies.items()}
    effective: dict[Address, str] = {n.address: n.stamp for n in pinned}
    behaviour: dict[Address, str] = dict(effective)
    nodes = list(pinned)
    for address in _ordered(needs, effective.keys()):
        kind, draft = bodies[address]
        body = draft.body
        effective[address] = _stamp(kind, body, effective, by_value=True) if not draft.kept else ""
        if draft.kept:
            behaviour[address] = ""
        elif any(isinstance(v, Bound) for _, v in leaves(body)) or any(
            behaviour[n] != effective[n] for n in needs[address]
        ):
            behaviour[address] = _stamp(kind, body, behaviour, by_value=False)
        else:
            behaviour[address] = effective[address]  # no environment value anywhere: the two are one
        plain = declared(address)
        given = ours.names.get((kind.name, plain.name), "")
        former = ours.former.get((kind.name, plain.name))
        was = Address(view.use_case, *former) if former else None
        old = ((twin(was) if is_second(address) else was),) if was else ()
        named_by = _generation(kind, draft, effective) or effective[address]
        nodes.append(
            Node(
                address=address,
                kind=kind.name,
                name=named(address, physical_name(plain, kind, named_by, given)),
                body=body,
                needs=needs[address],
                stamp=effective[address],
                behaviour=behaviour[address],
                tags=FrozenMap({**(tags or {}), **ownership_tags(address, view.site.environment)}),
                on_remove=on_remove(view, kind, address.name),
                pins=draft.pins,
                rollout=draft.rollout,
                base=given if kind.is_named_by_content else "",
                former=old,
                former_names=tuple(named(a, physical_name(declared(a), kind, named_by)) for a in old),
                kept=draft.kept,
                adopts=ours.observe and bool(given),
            )
        )
    return DesiredGraph(tuple(nodes))


def told(view: View, ours: Ours, kinds: Mapping[str, Kind]) -> View:
    """What kinds declare their resources from: the spec without what is ours, and what applications are told."""
    exports: dict[str, dict[str, object]] = {}
    seen = replace(view, spec=ours.told)
    for kind in kinds.values():
        for section, found in kind.exports(seen).items():
            exports.setdefault(section, {}).update(found)
    return replace(view, spec=ours.spec, exports=FrozenMap(exports))


def _pinned(view: View, ours: Ours, kinds: Mapping[str, Kind]) -> list[Node]:
    """What other teams own: its stamp is the digest that it is pinned by."""
    found = []
    for (kind, name), external in sorted(ours.externals.items()):
        address = view.address(kind, name)
        refuse_unpinned(address, external, kinds[kind])
        stamp = external.sha256
        found.append(Node(address, kind, external.id, EMPTY, frozenset(), stamp, stamp, EMPTY, external=external))
    return found


def join(graphs: Iterable[DesiredGraph]) -> DesiredGraph:
    """The graphs of several use cases as one."""
    return DesiredGraph(tuple(n for g in graphs for n in g.nodes))


def _ordered(needs: Mapping[Address, frozenset[Address]], given: Set[Address]) -> list[Address]:
    for address, wanted in needs.items():
        for missing in sorted(wanted - needs.keys() - given):
            raise ReleaserError(f"{address} refers to {missing}, which is not declared", code="E303")
    sorter = TopologicalSorter({a: sorted(needs[a]) for a in sorted(needs)})
    try:
        return [a for a in sorter.static_order() if a not in given]
    except CycleError as error:
        circle = " -> ".join(str(a) for a in error.args[1])
        raise ReleaserError(f"references form a cycle: {circle}", code="E310") from None


def _generation(kind: Kind, draft: Draft, stamps: Mapping[Address, str]) -> str:
    """Digest of what cannot change in place; empty for a kind that is not fixed in part."""
    return _stamp(kind, kind.fixed(draft), stamps, by_value=True) if kind.fixed is not None else ""


def _stamp(kind: Kind, body: FrozenMap, stamps: Mapping[Address, str], *, by_value: bool) -> str:
    def leaf(value: object) -> object:
        if isinstance(value, Ref):
            return FrozenMap({"$ref": value.address.kind, "output": value.output, "stamp": stamps[value.address]})
        if isinstance(value, Bound):
            return value.value if by_value else FrozenMap({"$env": value.template})
        return value

    content = replace_leaves(minimal(kind, body), leaf)
    return digest({"scheme": STAMP_SCHEME, "kind": kind.name, "body": content})
