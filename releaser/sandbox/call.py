"""One call being answered: who asks, where, with what, and the state they may touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from releaser.sandbox.clock import Clock
from releaser.sandbox.model import Operation
from releaser.sandbox.settings import Settings
from releaser.sandbox.store import GLOBAL, Doc, Store
from releaser.sandbox.upstream import Answers


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed the request."""

    account: str
    arn: str
    user_id: str
    role: str = ""
    """The role of IAM whose policies say what the caller may do; without one they may do everything."""
    session_policy: str = ""
    """What narrows this session of the role."""


@dataclass(frozen=True, slots=True)
class StaleView:
    """A replica that lags: by ``seconds`` of the clock or by ``writes`` changes."""

    seconds: float | None = None
    writes: int | None = None


class Catalogue(Protocol):
    """What a handler may ask of all kinds together."""

    def taggables(self) -> tuple[Any, ...]:
        """The taggable kinds (``releaser.sandbox.kind.Taggable``)."""
        ...


@dataclass(slots=True)
class Pace:
    """How long models took in a call, in real seconds: to their first token, and altogether."""

    first: float = 0.0
    total: float = 0.0

    def add(self, first: float, total: float) -> None:
        """One answer more, after the others."""
        self.first = self.total + first
        self.total += total


@dataclass(slots=True)
class Call:
    """What a handler gets. State is reached through it, in the caller's account and region only."""

    operation: Operation
    params: dict[str, Any]
    caller: Caller
    region: str
    request_id: str
    store: Store
    clock: Clock
    settings: Settings
    catalogue: Catalogue
    delays: Mapping[str, float]
    stale: StaleView | None = None
    answers: Answers | None = None
    """Of the real model, where there is one."""
    pace: Pace = field(default_factory=Pace)

    @property
    def account(self) -> str:
        """The account the call lands in."""
        return self.caller.account

    def rows(self, kind: str) -> Mapping[str, Doc]:
        """All documents of a kind here; an older view of them under a stale-list fault."""
        if self.stale is None:
            return self.store.rows(self.account, self.region, kind)
        since = None if self.stale.seconds is None else self.clock.now() - self.stale.seconds
        return self.store.before((self.account, self.region, kind), since=since, writes=self.stale.writes)

    def row(self, kind: str, id: str) -> Doc | None:
        """One document here."""
        return self.store.get(self.account, self.region, kind, id)

    def put(self, kind: str, id: str, doc: Doc) -> None:
        """Writes a document here; committed when the handler returns."""
        self.store.put(self.account, self.region, kind, id, doc)

    def delete(self, kind: str, id: str) -> None:
        """Deletes a document here."""
        self.store.delete(self.account, self.region, kind, id)

    def global_put(self, kind: str, id: str, doc: Doc) -> None:
        """Writes what belongs to no account, such as sessions."""
        self.store.put(GLOBAL, GLOBAL, kind, id, doc)

    def delay(self, name: str) -> float:
        """How long the named step takes here, in seconds of the clock."""
        return self.clock.delay(self.delays[name])

    def arn(self, service: str, resource: str) -> str:
        """An ARN in the caller's account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"
