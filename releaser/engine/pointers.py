"""Whether what callers follow is still what the record says: one read for each pointer, and its jobs where jobs bring
it."""

from __future__ import annotations

from typing import Literal

from releaser.core.content import version_digest
from releaser.core.diff import field_digests, is_below
from releaser.core.errors import AwsError
from releaser.core.ingested import delivered_of
from releaser.core.kind import Kind
from releaser.core.normal import comparable
from releaser.core.record import Binding, Opened
from releaser.core.values import EMPTY, FrozenMap
from releaser.engine.driver import Driver

Standing = Literal["as recorded", "differs", "gone", "unreadable"]


def standing(driver: Driver, kind: Kind, binding: Binding, opened: Opened | None = None) -> tuple[Standing, str]:
    """How a pointer stands, and what else there is to say of it: why it could not be read, which roll-out goes on.
    ``opened``: the run that the records know to be under way."""
    try:
        found = driver.read(kind, binding.id)
        brought = comparable(kind, driver.delivered(kind, binding.id)) if found and kind.delivery else EMPTY
    except AwsError as error:
        return "unreadable", str(error)
    if found is None:
        return "gone", ""
    body = FrozenMap({**found.body, **delivered_of(kind, brought)})
    label = str(brought.get(kind.delivery.underway, "")) if kind.delivery else ""
    if label and not (opened and label.startswith(f"{opened.release}-")):
        return "differs", f"{label} is on its way to callers, and no record says so"
    if not _is_recorded(kind, body, binding):
        return "differs", f"the roll-out of {opened.release} may have ended: the next run records it" if opened else ""
    return "as recorded", f"{label} is on its way to callers" if label else ""


def _is_recorded(kind: Kind, body: FrozenMap, binding: Binding) -> bool:
    if version_digest(kind, body) == binding.body_digest:
        return True
    how = kind.delivery
    if how is None:
        return False
    # Alarms are set before the roll-out that they watch: what callers have is what was delivered.
    then = {path: found for path, found in binding.fields.items() if is_below(path, how.members)}
    return bool(then) and field_digests(delivered_of(kind, body), kind.fields.unordered) == then
