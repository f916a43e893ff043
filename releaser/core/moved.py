"""Renamed entries: what ``moved`` may say, and what records know under the old address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from releaser.core.checks import part
from releaser.core.graph import Node
from releaser.core.kind import Kind, Problem
from releaser.core.ours import moves, section_of
from releaser.core.plan import Known
from releaser.core.suggest import did_you_mean


def check_moved(spec: Mapping[str, Any], kinds: Iterable[Kind]) -> Iterator[Problem]:
    """Every move leads from an entry that is gone to one of the same section that is there, in one step."""
    sections = {s for kind in kinds if (s := section_of(kind))}
    found = list(moves(spec))
    sources, targets = [source for _, source, _ in found], [target for _, _, target in found]
    for index, source, target in found:
        at = ("spec", "moved", index)
        if source[0] not in sections:
            hint = did_you_mean(source[0], sections)
            yield Problem("E322", f"{source[0]} is no section of resources", (*at, "from"), hint)
        elif source[0] != target[0]:
            yield Problem("E322", f"{source[0]} cannot become {target[0]}: they are different kinds", (*at, "to"))
        elif source[1] in part(spec, source[0]):
            message = f"{'.'.join(source)} still exists: it was not moved"
            yield Problem("E322", message, (*at, "from"), "remove the entry, or this move")
        elif target in sources:
            message = f"{'.'.join(target)} is moved on: name the last place alone"
            yield Problem("E322", message, (*at, "to"), f"from: {'.'.join(source)}, to: where it stands now")
        elif target[1] not in part(spec, target[0]):
            hint = did_you_mean(target[1], part(spec, target[0]))
            yield Problem("E322", f"{'.'.join(target)} does not exist", (*at, "to"), hint)
        elif sources.count(source) > 1 or targets.count(target) > 1:
            message = f"{'.'.join(source)} -> {'.'.join(target)}: a resource moves from one place to one place"
            yield Problem("E322", message, at, "remove the other one")


def followed(known: Known, nodes: Iterable[Node]) -> Known:
    """What the records know, under the addresses that the manifest uses now. What is retired keeps its own."""
    bindings = dict(known.bindings)
    for node in nodes:
        for old in node.former:
            if old in bindings and node.address not in bindings:
                bindings[node.address] = bindings.pop(old)
    return replace(known, bindings=bindings) if bindings.keys() != known.bindings.keys() else known
