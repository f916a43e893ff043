"""The pin of a release: which release of a use case an environment is to have. One file per use case.

``environments/<environment>/releases/<use-case>.yaml``: two promotions of different use cases never touch the same
file, and a promotion changes one line. What pins a resource of another team is ``manifest.Pin``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from releaser.core.checks import part
from releaser.core.conform import conform
from releaser.core.kind import Problem
from releaser.core.manifest import Part, Text, UseCaseName

RETIRED = "retired"
"""The tombstone: what the use case has here is taken away."""

_RELEASE = re.compile(r"(r[1-9][0-9]{0,8})@sha256:([0-9a-f]{64})")
_WRITTEN = r"^(r[1-9][0-9]{0,8}@sha256:[0-9a-f]{64}|retired)$"
_SHAPE = "a release is written r12@sha256:<64 hex digits>; `retired` takes the use case away"


def _is_release(text: str) -> str:
    if text != RETIRED and not _RELEASE.fullmatch(text):
        raise PydanticCustomError("E205", _SHAPE)
    return text


def _moment(value: Any) -> Any:
    """A time as YAML gives it, with its zone: two readers must never read two times."""
    message = "a time has a day, an hour and a zone, as 2026-12-01T08:00:00Z"
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) and len(value) > 10 else None
        if found is not None and found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise PydanticCustomError("E205", message)


Release = Annotated[
    str, Field(json_schema_extra={"pattern": _WRITTEN, "examples": ["r12@sha256:..."]}), AfterValidator(_is_release)
]
Moment = Annotated[datetime, BeforeValidator(_moment)]


class PinWaiver(Part):
    """An emergency fix that goes ahead of the environment before. Recorded as an emergency."""

    owner: Text = Field(description="Who answers for it: a mailbox or a team.")
    until: date = Field(description="The last day on which it holds.")
    reason: Annotated[str, StringConstraints(min_length=10)] = Field(description="Why it cannot wait.")


class PinMetadata(Part):
    name: UseCaseName = Field(description="The use case: the same as the file's name.")


class PinSpec(Part):
    release: Release = Field(description="`r12@sha256:...`: a release tag and its digest; or `retired`.")
    notBefore: Moment | None = Field(None, description="Until then what is live stays as it is.")
    waiver: PinWaiver | None = Field(None, description="Lets a release in that `promotesFrom` has not verified.")

    @model_validator(mode="after")
    def _needed(self) -> PinSpec:
        if self.release == RETIRED and self.waiver is not None:
            raise PydanticCustomError("E205", "what is retired needs no waiver")
        return self


class Pin(Part):
    """``environments/<environment>/releases/<use-case>.yaml``."""

    apiVersion: Literal["releaser.dev/v1"]
    kind: Literal["Pin"]
    metadata: PinMetadata
    spec: PinSpec


@dataclass(frozen=True, slots=True)
class Pinned:
    """A release that an environment is to have: its name, and the digest (64 hex digits) that says what it is."""

    use_case: str
    release: str
    digest: str
    not_before: datetime | None = None
    waiver: PinWaiver | None = None

    def waits(self, now: datetime) -> bool:
        """Whether its time has not come."""
        return self.not_before is not None and now < self.not_before


@dataclass(frozen=True, slots=True)
class Retire:
    """The tombstone of a use case in an environment."""

    use_case: str
    not_before: datetime | None = None

    def waits(self, now: datetime) -> bool:
        """Whether its time has not come."""
        return self.not_before is not None and now < self.not_before


def pinned_of(data: Any) -> Pinned | Retire:
    """What a valid document says. Raises pydantic's ValidationError."""
    pin = Pin.model_validate(data)
    name, spec = pin.metadata.name, pin.spec
    written = _RELEASE.fullmatch(spec.release)
    if written is None:
        return Retire(name, spec.notBefore)
    return Pinned(name, written[1], written[2], spec.notBefore, spec.waiver)


def written(release: str, digest: str) -> str:
    """How a pin names a release: ``r12@sha256:...``."""
    return f"{release}@sha256:{digest}"


def check_pin(use_case: str, data: Any) -> Iterator[Problem]:
    """What is wrong with the document that stands in ``<use_case>.yaml``."""
    yield from conform(Pin, data)
    name = part(data, "metadata").get("name")
    if isinstance(name, str) and name != use_case:
        message = f"the file is {use_case}.yaml, the name {name[:60]!r}"
        yield Problem("E209", message, ("metadata", "name"), "the file is named for its use case")
