"""``lifecycle`` of an entry: no kind sees it. Said at a release, kept in the record, heeded when the entry goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from releaser.core.checks import part, parts
from releaser.core.conform import conform
from releaser.core.kind import RETAIN, Kind, Problem, View
from releaser.core.manifest import Lifecycle
from releaser.core.values import EMPTY, FrozenMap

MEMBER = "lifecycle"


def set_apart(spec: FrozenMap, kinds: Iterable[Kind]) -> tuple[FrozenMap, FrozenMap]:
    """The spec as kinds see it, and what it says of removal: ``<section>.<name>`` -> onRemove, '' for all others."""
    said: dict[str, str] = {}
    changed: dict[str, Any] = {}
    if MEMBER in spec:
        said[""] = str(part(spec, MEMBER).get("onRemove", ""))
    for section in sorted({kind.section for kind in kinds if kind.section}):
        speaking = {name: entry for name, entry in parts(spec, section) if MEMBER in entry}
        if speaking:
            changed[section] = {name: _without(entry) for name, entry in part(spec, section).items()}
            said |= {f"{section}.{n}": str(part(e, MEMBER).get("onRemove", "")) for n, e in speaking.items()}
    if not said:
        return spec, EMPTY
    kept = {k: changed.get(k, v) for k, v in spec.items() if k != MEMBER}
    return FrozenMap(kept), FrozenMap(said)


def _without(entry: Any) -> Any:
    return {k: v for k, v in entry.items() if k != MEMBER} if isinstance(entry, Mapping) else entry


def on_remove(view: View, kind: Kind, name: str) -> str:
    """``retain``, or empty: what becomes of a resource when its entry, or the one that it derives from, is gone."""
    entry = ".".join(kind.place_of(name).split(".")[:2])
    said = view.on_remove.get(entry) or view.on_remove.get("", "")
    return RETAIN if said == RETAIN else ""


def check_lifecycles(spec: Mapping[str, Any], kinds: Iterable[Kind]) -> Iterator[Problem]:
    """The shape of every entry's ``lifecycle``."""
    for kind in kinds:
        for name, entry in parts(spec, kind.section or ""):
            if MEMBER in entry:
                yield from conform(Lifecycle, entry[MEMBER], ("spec", kind.section or "", name, MEMBER))
