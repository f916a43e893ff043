"""What another team owns, read for a comparison with its pin."""

from __future__ import annotations

from collections.abc import Mapping

from releaser.core.content import version_digest
from releaser.core.errors import ReleaserError
from releaser.core.kind import Kind
from releaser.core.snapshot import Absent, Depth, Seen, Version
from releaser.core.values import EMPTY, FrozenMap, leaves
from releaser.engine.driver import Driver
from releaser.engine.reading import Reading, split_id


def look(driver: Driver, kinds: Mapping[str, Kind], kind: Kind, id_: str, version: str) -> Seen | Absent:
    """The pinned version, or what an alias points at, or all there is; its digest stands in the only version.

    Raises AwsError when it cannot be read. ``id_`` may be an ARN where AWS takes one.
    """
    if kind.pointer and kind.parent is not None:
        return _pointed_at(driver, kinds[kind.parent], kind, id_)
    found = driver.read(kind, id_, version if kind.versioned else None)
    if found is None or not found.id:
        return Absent(was=id_)
    return _seen(found, kind, version if kind.versioned else "", version_digest(kind, found.body))


def _pointed_at(driver: Driver, owner: Kind, kind: Kind, id_: str) -> Seen | Absent:
    found = driver.read(kind, id_)
    if found is None:
        return Absent(was=id_)
    number = ", ".join(sorted(target(found.body)))
    held = driver.read(owner, split_id(kind, id_)[0], number) if number.isdigit() else None
    return _seen(found, kind, number, version_digest(owner, held.body) if held is not None else "")


def target(alias: FrozenMap) -> set[str]:
    """The versions that an alias leads to: its members whose name ends so."""
    return {str(leaf) for path, leaf in leaves(alias) if str(path[-1] if path else "").lower().endswith("version")}


def latest(driver: Driver, kind: Kind, id_: str) -> str:
    """The newest published version. Raises ReleaserError when there is none."""
    numbers = [row.version for row in driver.versions(kind, id_)]
    if not numbers:
        raise ReleaserError(
            f"{kind.name} {id_} has no published version",
            code="P185",
            hint="ask its owner to publish one: a DRAFT changes under its name",
        )
    return max(numbers, key=lambda n: (int(n) if n.isdigit() else 0, n))


def _seen(found: Reading, kind: Kind, version: str, held: str) -> Seen:
    return Seen(
        id=found.id,
        arn=found.arn,
        name=found.name,
        revision=f"{kind.name} {version} {held}",
        depth=Depth.READ,
        tags=EMPTY,
        versions=(Version(version, None, held),),
    )
