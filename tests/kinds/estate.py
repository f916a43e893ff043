"""One use case in an account of its own, brought about and observed with the engine's own parts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from releaser.core.address import Address
from releaser.core.content import resolve_body
from releaser.core.errors import AwsError, Failure
from releaser.core.graph import DesiredGraph, Node, compile_use_case
from releaser.core.kind import Kind, Site, View
from releaser.core.normal import comparable
from releaser.core.plan import Known, UseCasePlan
from releaser.core.planner import Question, plan_use_case
from releaser.core.snapshot import Seen
from releaser.core.values import FrozenMap
from releaser.core.witness import bind
from releaser.engine.driver import Driver
from releaser.engine.observe import Observer
from releaser.engine.perform import Performer, workspace
from releaser.engine.ports import Aws
from releaser.kinds import registry
from releaser.sandbox import SandboxProcess
from releaser.sandbox.inside import SandboxInside

REGION = "eu-central-1"
USE_CASE = "claims"
_CHANGES = itertools.count()
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class ClientAws:
    """The ``Aws`` port over the sandbox's clients. ``sent`` counts calls by operation."""

    def __init__(self, box: SandboxInside | SandboxProcess, account: str) -> None:
        self._clients: dict[str, Any] = {}
        self._box, self._account = box, account

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if service not in self._clients:
            config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
            self._clients[service] = self._box.client(service, self._account, config=config)
        try:
            reply: dict[str, Any] = getattr(self._clients[service], xform_name(operation))(**params)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            failure = Failure.NOT_FOUND if "NotFound" in code else Failure.INVALID
            raise AwsError(str(error), failure=failure, service=service, operation=operation, request_id="") from None
        return reply


class StillClock:
    """Time that passes by sleeping only."""

    def __init__(self) -> None:
        self._elapsed = 0.0

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        self._elapsed += seconds


@dataclass(frozen=True)
class Account:
    """An empty account on a sandbox, and a driver in it."""

    id: str
    aws: Aws
    driver: Driver


def account_at(box: SandboxInside | SandboxProcess, id_: str) -> Account:
    """The account with this id on this sandbox."""
    aws = ClientAws(box, id_)
    return Account(id_, aws, Driver(aws, StillClock()))


@dataclass
class Estate:
    """A use case as it was released: its graph, its bindings, and what is live."""

    account: Account
    graph: DesiredGraph
    known: Known = field(default_factory=Known)
    releases: int = 0
    kinds: Mapping[str, Kind] = field(default_factory=registry)

    @property
    def observer(self) -> Observer:
        """Lists the kinds that it has and what they are inside of, not all others."""
        own = {n.kind for n in self.graph.nodes}
        own |= {k.parent for name, k in self.kinds.items() if name in own and k.parent is not None}
        kinds = {name: kind for name, kind in self.kinds.items() if name in own}
        return Observer(self.account.driver, kinds, "dev", self.account.id, REGION, workers=4)

    def plan(self, *, deep: bool = True) -> UseCasePlan:
        """What a plan says now."""
        snapshot = self.observer.observe(self.graph, {USE_CASE: self.known}, deep=deep)
        question = Question(USE_CASE, self.graph.nodes, snapshot, self.known, self.kinds, NOW, timedelta(days=14))
        return plan_use_case(question)

    def release(self) -> None:
        """Perform the plan and remember the bindings, as a run does."""
        snapshot = self.observer.observe(self.graph, {USE_CASE: self.known}, deep=True)
        kinds = self.kinds
        plan = plan_use_case(Question(USE_CASE, self.graph.nodes, snapshot, self.known, kinds, NOW, timedelta(days=14)))
        assert not plan.blocked, plan.blocked
        self.releases += 1
        work = workspace(USE_CASE, f"record {self.releases}", self.graph.nodes, snapshot, plan.versions, kinds)
        performer = Performer(self.account.driver, kinds, lambda: NOW)
        for step in plan.steps:
            performer.perform(step, work)
        after = self.observer.observe(self.graph, {}, deep=True)
        bindings = {}
        for node in self.graph.nodes:
            kind, seen = kinds[node.kind], after.observations[node.address]
            assert isinstance(seen, Seen), seen
            desired = comparable(kind, resolve_body(node, work.value))
            version = work.outputs[node.address].get("version")
            bindings[node.address] = bind(kind, node, seen, version, desired)
        self.known = Known(bindings)

    def node(self, kind: str) -> Node:
        """The only node of a kind."""
        (found,) = (n for n in self.graph.nodes if n.kind == kind)
        return found

    def id_of(self, address: Address) -> str:
        """Its id in AWS."""
        return self.known.bindings[address].id


def estate_of(account: Account, spec: Mapping[str, Any], only: str = "") -> Estate:
    """A use case with this spec, compiled and not yet live; ``only`` the resources of one kind."""
    view = View(USE_CASE, FrozenMap(spec), {}, Site("dev", account.id, REGION), release="r1", digest="0" * 64)
    graph = compile_use_case(view, registry())
    return Estate(account, DesiredGraph(tuple(n for n in graph.nodes if not only or n.kind == only)))


def change_live(account: Account, kind: Kind, id_: str, name: str, body: Mapping[str, Any]) -> None:
    """Somebody replaces the whole draft behind git's back, with the service's own operations."""
    if kind.parts:
        account.driver.update(kind, id_, name, FrozenMap(body))
        account.driver.write_parts(kind, id_, FrozenMap(body), f"live {next(_CHANGES)}")
        return
    request = {**_plain(kind.write(body)), kind.identity.name: name, kind.calls.id_in: id_}
    account.aws.call(kind.service, str(kind.calls.update), {**request, **_plain(kind.calls.update_params)})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value
