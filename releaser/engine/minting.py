"""Versions of kinds that have no operation for it: one appears when an alias is made or moved without a target.

The alias is our own and nobody calls it. The alias that callers follow is always moved with an explicit target: one
that is moved without mints a version and switches to it at once (user guide, "Deploy an agent").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from releaser.core.errors import AwsError, Failure, ReleaserError
from releaser.core.kind import Kind, Mint
from releaser.engine.paging import pages, promised
from releaser.engine.ports import Aws, Clock
from releaser.engine.reading import reason_of, status_of
from releaser.engine.waiting import Waiting

_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Minting:
    """Cuts versions through an alias of ours."""

    aws: Aws
    clock: Clock
    patience: float

    def mint(self, kind: Kind, how: Mint, id_: str, token: str) -> str:
        """Cut a version of the prepared draft; returns its number. After a lost answer the alias is looked at first."""
        before = self._find(kind, how, id_)
        was = _target(how, self._settled(kind, how, id_, before)) if before else ""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                alias = self._write(kind, how, id_, before, token)
            except AwsError as error:
                if error.failure not in (Failure.AMBIGUOUS, Failure.CONFLICT) or attempt == _ATTEMPTS:
                    raise
                before = self._find(kind, how, id_)
                if before is None:
                    continue
                now = _target(how, self._settled(kind, how, id_, before))
                if now and now != was:
                    return now
                continue
            version = _target(how, self._settled(kind, how, id_, alias))
            if version and version != was:
                return version
            raise ReleaserError(
                f"{kind.name} {id_}: alias {how.alias} was moved and shows no new version",
                code="P132",
                hint="nothing points at it; run the same command again",
            )
        raise AssertionError("unreachable")

    def forget(self, kind: Kind, how: Mint, id_: str) -> None:
        """Delete our alias, and wait until it is gone: what has one cannot be deleted."""
        waiting = Waiting(self.clock, self.patience)
        try:
            while (found := self._row(kind, how, id_)) is not None:
                if found.get(how.status.member) not in how.status.leaving:
                    self._delete(kind, how, id_, str(found[how.id]))
                waiting.pause(_unsettled(kind, how, id_, waiting))
        except AwsError as error:
            if error.failure is not Failure.NOT_FOUND:
                raise

    def _delete(self, kind: Kind, how: Mint, id_: str, alias: str) -> None:
        """After a lost answer the next look tells."""
        try:
            self.aws.call(kind.service, how.delete, {kind.calls.id_in: id_, how.id_in: alias})
        except AwsError as error:
            if error.failure not in (Failure.NOT_FOUND, Failure.AMBIGUOUS):
                raise

    def _find(self, kind: Kind, how: Mint, id_: str) -> str | None:
        found = self._row(kind, how, id_)
        return str(found[how.id]) if found is not None else None

    def _row(self, kind: Kind, how: Mint, id_: str) -> Mapping[str, Any] | None:
        listed = pages(self.aws, kind, how.list, how.list_root, {kind.calls.id_in: id_})
        return next((r for r in listed if r.get(how.name) == how.alias), None)

    def _write(self, kind: Kind, how: Mint, id_: str, alias: str | None, token: str) -> str:
        named = {kind.calls.id_in: id_, how.name: how.alias}
        if alias is not None:
            self.aws.call(kind.service, how.update, {**named, how.id_in: alias})
            return alias
        reply = self.aws.call(kind.service, how.create, {**named, how.token: token})
        return str(promised(kind, how.create, promised(kind, how.create, reply, how.root), how.id))

    def _settled(self, kind: Kind, how: Mint, id_: str, alias: str) -> Mapping[str, Any]:
        waiting = Waiting(self.clock, self.patience)
        while True:
            reply = self.aws.call(kind.service, how.get, {kind.calls.id_in: id_, how.id_in: alias})
            found: Mapping[str, Any] = promised(kind, how.get, reply, how.root)
            state = status_of(how.status, found)
            if state == "ready":
                return found
            if state == "failed":
                reason = reason_of(how.status, found) or "AWS gives no reason"
                raise ReleaserError(
                    f"{kind.name} {id_}: alias {how.alias} failed: {reason}",
                    code="A-failed",
                    hint="see the reason; delete the alias if it stays so, the next run makes it anew",
                )
            waiting.pause(_unsettled(kind, how, id_, waiting))


def _unsettled(kind: Kind, how: Mint, id_: str, waiting: Waiting) -> str:
    return f"{kind.name} {id_}: alias {how.alias} did not settle in {waiting.limit:.0f} s"


def _target(how: Mint, alias: Mapping[str, Any]) -> str:
    """The version that an alias points at; empty when at none."""
    for one in alias.get(how.target) or ():
        return str(one.get(how.version) or "")
    return ""
