"""Whether what callers follow is still what the record says: one read for each pointer."""

from __future__ import annotations

from typing import Literal

from releaser.core.content import version_digest
from releaser.core.errors import AwsError
from releaser.core.kind import Kind
from releaser.core.record import Binding
from releaser.engine.driver import Driver

Standing = Literal["as recorded", "differs", "gone", "unreadable"]


def standing(driver: Driver, kind: Kind, binding: Binding) -> tuple[Standing, str]:
    """How a pointer stands, and why it could not be read."""
    try:
        found = driver.read(kind, binding.id)
    except AwsError as error:
        return "unreadable", str(error)
    if found is None:
        return "gone", ""
    return ("as recorded" if version_digest(kind, found.body) == binding.body_digest else "differs"), ""
