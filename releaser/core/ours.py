"""What of a manifest's spec is ours whatever the kind: names in AWS, what other teams own, what was renamed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.address import Address, Bound
from releaser.core.errors import ReleaserError
from releaser.core.kind import Kind
from releaser.core.values import EMPTY, FrozenMap

NAME = "name"
EXTERNAL = "external"
ALIAS = "alias"
"""Member of an entry that says something of the pointer to it; its name in AWS is ours too."""
EXTERNAL_MEMBERS = ("external", "version", "sha256")
OBSERVE = "observe"


@dataclass(frozen=True, slots=True)
class External:
    """A resource that another team owns, pinned by id, version and the digest of the version's content."""

    id: str
    version: str
    """Empty for a kind without versions."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Ours:
    """A spec taken apart. Keys are (kind, entry)."""

    spec: FrozenMap
    """What kinds declare resources from: without our members, without what others own."""
    told: FrozenMap
    """The same with an empty entry for what others own: it is told to applications too."""
    names: Mapping[tuple[str, str], str]
    externals: Mapping[tuple[str, str], External]
    former: Mapping[tuple[str, str], tuple[str, str]]
    """(kind, entry) -> (kind, entry) under which it was known before."""
    observe: bool


def section_of(kind: Kind) -> str | None:
    """The section whose entries name resources of a kind; none for what is said with another's, as an alias."""
    return kind.section or (kind.derived_from if kind.parent is None else None)


def is_external(entry: Any) -> bool:
    """Whether an entry pins what another team owns."""
    return isinstance(entry, Mapping) and EXTERNAL in entry


def without_ours(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """An entry less the members that every kind's entries may have."""
    alias = entry.get(ALIAS)
    if NAME not in entry and not (isinstance(alias, Mapping) and NAME in alias):
        return entry
    kept = {k: v for k, v in entry.items() if k != NAME}
    if isinstance(alias, Mapping):
        kept[ALIAS] = FrozenMap({k: v for k, v in alias.items() if k != NAME})
    return FrozenMap(kept)


def pointer_to(kind: Kind, kinds: Mapping[str, Kind]) -> Kind | None:
    """The kind of alias that is declared with every entry of a kind."""
    return next((k for k in kinds.values() if k.pointer and k.parent == kind.name and k.section is None), None)


def take_apart(spec: FrozenMap, kinds: Mapping[str, Kind]) -> Ours:
    """The spec, resolved, as kinds see it, and what is ours. Only for a manifest of the right shape."""
    plain, told = dict(spec), dict(spec)
    names: dict[tuple[str, str], str] = {}
    externals: dict[tuple[str, str], External] = {}
    for kind, section in _sections(kinds):
        entries = {n: e for n, e in spec.get(section, EMPTY).items() if isinstance(e, Mapping)}
        pointer = pointer_to(kind, kinds)
        if not any(NAME in e or EXTERNAL in e or (pointer and ALIAS in e) for e in entries.values()):
            continue
        for name, entry in entries.items():
            if kind.section and EXTERNAL in entry:
                externals[kind.name, name] = pin = _external(entry)
                if pointer and ALIAS in entry:
                    own = f"{pin.id.rpartition('/')[2]}/{_text(entry[ALIAS])}"
                    externals[pointer.name, name] = External(own, pin.version, pin.sha256)
                continue
            if NAME in entry:
                names[kind.name, name] = _text(entry[NAME])
            alias = entry.get(ALIAS)
            if pointer and isinstance(alias, Mapping) and NAME in alias:
                names[pointer.name, name] = _text(alias[NAME])
        kept = {n: without_ours(e) for n, e in entries.items() if not is_external(e)}
        plain[section] = FrozenMap(kept)
        told[section] = FrozenMap({n: kept.get(n, EMPTY) for n in entries})
    observe = spec.get("mode") == OBSERVE
    return Ours(FrozenMap(plain), FrozenMap(told), names, externals, dict(_former(spec, kinds)), observe)


def _sections(kinds: Mapping[str, Kind]) -> Iterator[tuple[Kind, str]]:
    for kind in kinds.values():
        if section := section_of(kind):
            yield kind, section


def _external(entry: Mapping[str, Any]) -> External:
    return External(*(_text(entry.get(member, "")) for member in EXTERNAL_MEMBERS))


def _text(value: Any) -> str:
    return value.value if isinstance(value, Bound) else str(value)


def moves(spec: Mapping[str, Any]) -> Iterator[tuple[int, tuple[str, str], tuple[str, str]]]:
    """Each ``moved`` of the right shape: its index, and section and entry of both sides."""
    listed = spec.get("moved")
    for index, move in enumerate(listed if isinstance(listed, list | tuple) else ()):
        if isinstance(move, Mapping):
            sides = [str(move.get(side, "")).partition(".") for side in ("from", "to")]
            if all(section and name for section, _, name in sides):
                (a, _, b), (c, _, d) = sides
                yield index, (a, b), (c, d)


def _former(spec: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    for _, (section, old), (_, new) in moves(spec):
        for kind, own in _sections(kinds):
            if own == section:
                yield (kind.name, new), (kind.name, old)
                if pointer := pointer_to(kind, kinds):
                    yield (pointer.name, new), (pointer.name, old)


def refuse_unpinned(address: Address, external: External, kind: Kind) -> None:
    """Raises ReleaserError for a pin that says too little once bindings are known."""
    if not external.id or (versioned(kind) and external.version in ("", "DRAFT")) or len(external.sha256) != 64:
        raise ReleaserError(
            f"{address}: what another team owns is pinned by id, version and sha256; a DRAFT is no version",
            code="E320",
            hint=f"`releaser pin -e ENV {kind.name} ID --version N` prints the line",
        )


def versioned(kind: Kind) -> bool:
    """Whether a pin of this kind names a version: numbered content, or a pointer to it."""
    return kind.versioned or (kind.pointer and kind.parent is not None)
