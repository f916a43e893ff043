"""Two aliases that take turns, for what a roll-out must not move before its reader gets the new document. Pure.

An alias of a flow or an agent holds one target and moves all its callers at once. Where the runtime document reaches
its readers little by little, a release that changes the target moves the alias that the live document does not name,
and the new document names it. ``core/turns.py`` says whose turn
it is.

The first of the two is the alias that the use case has without a roll-out, under its address and its name: turning a
roll-out on or off moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from releaser.core.address import Address, Ref
from releaser.core.kind import Draft, Kind
from releaser.core.normal import replace_leaves
from releaser.core.values import EMPTY, FrozenMap

SECOND = "@b"
"""Ends the name in the address of the second alias: no entry of a manifest has such a name."""
_IN_AWS = "-b"


@dataclass(frozen=True, slots=True)
class Slots:
    """Which of two aliases a release uses. Keys are addresses as kinds declare them: of the first."""

    second: frozenset[Address] = frozenset()
    """Where the second is used."""
    kept: frozenset[Address] = frozenset()
    """Where the other one exists: it stays as it is."""

    def applied(self, bodies: Mapping[Address, tuple[Kind, Draft]]) -> dict[Address, tuple[Kind, Draft]]:
        """The drafts under the addresses that are used, with all references to them; and those that are kept."""
        if not self.second and not self.kept:
            return dict(bodies)
        found: dict[Address, tuple[Kind, Draft]] = {}
        for address, (kind, draft) in bodies.items():
            body = replace_leaves(draft.body, self._used)
            draft = replace(draft, body=body if isinstance(body, FrozenMap) else EMPTY)
            found[twin(address) if address in self.second else address] = (kind, draft)
            if address in self.kept:
                inside = {m: v for m, v in draft.body.items() if m == kind.calls.parent_in}
                other = address if address in self.second else twin(address)
                found[other] = (kind, Draft(other.name, FrozenMap(inside), kept=True))
        return found

    def _used(self, leaf: Any) -> Any:
        return Ref(twin(leaf.address), leaf.output) if isinstance(leaf, Ref) and leaf.address in self.second else leaf


NONE = Slots()


def twin(address: Address) -> Address:
    """The second alias of a first."""
    return replace(address, name=f"{address.name}{SECOND}")


def is_second(address: Address) -> bool:
    return address.name.endswith(SECOND)


def declared(address: Address) -> Address:
    """The address as a kind declares it."""
    return replace(address, name=address.name.removesuffix(SECOND))


def named(address: Address, name: str) -> str:
    """The name in AWS: the second of two is told apart by its end."""
    return f"{name}{_IN_AWS}" if is_second(address) else name
