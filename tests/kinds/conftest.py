"""One sandbox for the session, with the harsher server's switches on a second one; tests keep apart by account."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator

import pytest

from kinds.estate import Account, account_at
from releaser.core.kind import Kind
from releaser.sandbox.inside import SandboxInside, inside

_ACCOUNTS = itertools.count(1)
SERVERS = ("observed", "harsh")
"""As AWS was seen to answer; and one that adds every default it could and reorders every list."""
HARSHER = frozenset({"guardrail", "knowledge-base"})
"""Kinds that the second one has something to add to."""


def servers_for(kind: Kind) -> tuple[str, ...]:
    """Where a kind is to be tried: twice where the servers differ."""
    return SERVERS if kind.name in HARSHER else SERVERS[:1]


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, SandboxInside]]:
    """Sandboxes without delays and rate limits, by name. In this process: these tests make the most calls of all."""
    with inside(time_scale=0) as observed, inside(time_scale=0) as harsh:
        harsh.admin.set_switches(guardrailDefaults="all", guardrailListOrder="all")
        harsh.admin.set_switches(knowledgeBaseDefaults="all", dataSourceDefaults="all", dataSourceSettles="later")
        for process in (observed, harsh):
            process.admin.set_rates({"*": None})
            process.admin.set_switches(agentChecksReferences=False)
        yield {"observed": observed, "harsh": harsh}


NewAccount = Callable[[str], Account]


@pytest.fixture(scope="session")
def new_account(servers: dict[str, SandboxInside]) -> NewAccount:
    """An account nobody else uses, on the server of that name."""
    return lambda server: account_at(servers[server], f"{os.getpid() % 1_000_000:06d}{next(_ACCOUNTS):06d}")


@pytest.fixture(params=SERVERS)
def account(request: pytest.FixtureRequest, new_account: NewAccount) -> Account:
    """A fresh account on each server in turn."""
    kind = request.node.callspec.params.get("kind")
    if kind is not None and request.param not in servers_for(kind):
        pytest.skip("the same on both")
    return new_account(request.param)
