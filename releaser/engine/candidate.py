"""Aliases by which a version of a flow or an agent is called before its callers get it.

Facts: InvokeFlow and InvokeAgent take an alias and no version. The alias that callers follow leads to the version
before until promotion, so another one must lead to the candidate: for agents the one that cuts versions, for flows one
that is made for the evaluation and removed after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from uuid import uuid4

from releaser.core.errors import AwsError, Failure, ReleaserError
from releaser.core.kind import CANDIDATE, Kind
from releaser.core.values import FrozenMap
from releaser.engine.driver import Driver
from releaser.engine.reading import Row, split_id

_TRIES = 3


@dataclass
class Candidates:
    """Finds or makes the aliases, and removes those that it made. ``makes`` False: only what is there is used."""

    driver: Driver
    kinds: Mapping[str, Kind]
    makes: bool = True
    _made: list[tuple[Kind, str]] = field(default_factory=list)

    def __enter__(self) -> Candidates:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for pointer, id_ in self._made:
            try:
                self.driver.delete(pointer, id_)
            except AwsError:
                # It leads to a version that nobody is told of: the next evaluation takes it over.
                continue

    def alias_of(self, kind: Kind, id_: str, version: str) -> str:
        """The id of an alias that leads to this version and to no other; empty when there is none and none is to be
        made. Raises AwsError; ReleaserError for an alias that does not settle."""
        pointer = next(k for k in self.kinds.values() if k.pointer and k.parent == kind.name)
        for attempt in range(1, _TRIES + 1):
            rows = self.driver.rows(pointer, id_)
            leading = next((r for r in rows if self._target(kind, pointer, r.id) == version), None)
            if leading is not None:
                if self.makes and leading.name == CANDIDATE:
                    self._to_remove(kind, pointer, leading.id)  # of a lost reply, or of a run that was killed
                return split_id(pointer, leading.id)[1]
            if not self.makes:
                return ""
            try:
                return self._made_for(kind, pointer, id_, version, next((r for r in rows if r.name == CANDIDATE), None))
            except AwsError as error:
                # After a lost reply the next look tells.
                if error.failure is not Failure.AMBIGUOUS or attempt == _TRIES:
                    raise
        raise AssertionError("unreachable")

    def check(self, kind: Kind, id_: str, version: str, alias: str) -> None:
        """Raises ReleaserError when the alias leads elsewhere by now: what it said is of another version."""
        pointer = next(k for k in self.kinds.values() if k.pointer and k.parent == kind.name)
        if self._target(kind, pointer, f"{id_}/{alias}") != version:
            raise ReleaserError(
                f"{kind.name} {id_}: the alias {alias} was moved while version {version} was evaluated through it",
                code="P226",
                hint="find out by whom (CloudTrail); run again when nobody else does",
            )

    def _made_for(self, kind: Kind, pointer: Kind, id_: str, version: str, own: Row | None) -> str:
        routing = [{_version_in(kind): version}]
        body = FrozenMap({str(pointer.calls.parent_in): id_, "routingConfiguration": routing})
        if own is not None:
            made = own.id
            self.driver.update(pointer, made, CANDIDATE, body)
        else:
            made = self.driver.create(pointer, CANDIDATE, body, {}, str(uuid4()))
        self._to_remove(kind, pointer, made)
        self.driver.settle(pointer, made)
        return split_id(pointer, made)[1]

    def _to_remove(self, kind: Kind, pointer: Kind, id_: str) -> None:
        """At the end. An alias that cuts versions stays."""
        if kind.mint is None and (pointer, id_) not in self._made:
            self._made.append((pointer, id_))

    def _target(self, kind: Kind, pointer: Kind, id_: str) -> str:
        found = self.driver.read(pointer, id_)
        routing: Any = found.body.get("routingConfiguration") if found is not None else None
        if not routing or len(routing) != 1 or found is None or found.status == "failed":
            return ""
        return str(routing[0].get(_version_in(kind)) or "")


def _version_in(kind: Kind) -> str:
    return kind.versions.version_in if kind.versions else "version"
