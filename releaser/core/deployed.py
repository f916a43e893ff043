"""What each resource became by a run: new, another version, moved, or as before. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from releaser.core.address import Address
from releaser.core.kind import Verb
from releaser.core.plan import Step
from releaser.core.record import Binding

Became = Literal["new", "new version", "an earlier version", "moved", "changed", "as before"]
FRESH: frozenset[Became] = frozenset({"new", "new version"})


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a resource became in AWS."""

    address: Address
    version: str
    stamp: str
    name: str
    became: Became

    @property
    def fresh(self) -> bool:
        """Created or published by this release, not reused."""
        return self.became in FRESH


def verbs_of(steps: Iterable[Step]) -> dict[Address, frozenset[str]]:
    """What a plan does to each resource that stays."""
    found: dict[Address, frozenset[str]] = {}
    for step in steps:
        if not step.removes:
            found[step.address] = found.get(step.address, frozenset()) | {step.verb.value}
    return found


def deployed(
    bindings: Mapping[Address, Binding],
    before: Mapping[Address, Binding] | None,
    verbs: Mapping[Address, Collection[str]],
) -> tuple[Deployed, ...]:
    """Every resource of a release. ``before``: the bindings that it replaces, None where nobody knows them."""
    return tuple(
        Deployed(
            address,
            binding.version or "",
            binding.stamp[:16],
            binding.name,
            _became(binding, (before or {}).get(address), verbs.get(address, ()), before is None),
        )
        for address, binding in sorted(bindings.items())
    )


def _became(now: Binding, was: Binding | None, verbs: Collection[str], is_unknown: bool) -> Became:
    if Verb.CREATE in verbs or (not is_unknown and (was is None or was.id != now.id)):
        return "new"
    if Verb.PUBLISH in verbs:
        return "new version"
    if was is not None and was.version != now.version:
        return "new version" if _number(now) > _number(was) else "an earlier version"
    if Verb.REPOINT in verbs:
        return "moved"
    return "changed" if verbs or (was is not None and was.stamp != now.stamp) else "as before"


def _number(binding: Binding) -> int:
    return int(binding.version) if binding.version and binding.version.isdecimal() else 0
