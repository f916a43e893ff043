"""A live body with the manifest's names in the place of AWS's ids: what people know a resource by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from releaser.core.address import Address, Bound, Ref
from releaser.core.record import Binding
from releaser.core.snapshot import Observation, Seen
from releaser.core.values import EMPTY, FrozenMap

_OUTPUTS = ("id", "arn")


def names_in(
    use_case: str, bindings: Mapping[Address, Binding], observations: Mapping[Address, Observation]
) -> Mapping[str, Ref]:
    """Id or ARN -> the manifest's name for it: what was released and what is live."""
    live = {a: (o.id, o.arn) for a, o in observations.items() if isinstance(o, Seen)}
    found = {a: (b.id, b.arn) for a, b in bindings.items()} | live
    ours = {a: ids for a, ids in found.items() if a.use_case == use_case}
    told = ((value, Ref(a, output)) for a, ids in ours.items() for output, value in zip(_OUTPUTS, ids, strict=True))
    return {value: ref for value, ref in told if value}


def as_written(body: FrozenMap | None, names: Mapping[str, Ref]) -> FrozenMap | None:
    """Ids and ARNs as references; an ARN with a version as a bound value, since it may not be the one that the
    reference leads to now."""
    found = _named(body, names) if names and body is not None else body
    return found if found is None or isinstance(found, FrozenMap) else EMPTY


def _named(value: Any, names: Mapping[str, Ref]) -> Any:
    match value:
        case Mapping():
            return FrozenMap({k: _named(v, names) for k, v in value.items()})
        case list() | tuple():
            return tuple(_named(v, names) for v in value)
        case str():
            return names.get(value) or _versioned(value, names)
        case _:
            return value


def _versioned(value: str, names: Mapping[str, Ref]) -> str | Bound:
    arn, _, version = value.rpartition(":")
    owner = names.get(arn)
    if owner is None or not version.isdigit():
        return value
    return Bound(str(Ref(owner.address, "versionArn")), value)
