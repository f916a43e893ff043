"""The crash law for what AppConfig delivers: killed at a write, or its answer lost, nothing is made twice."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from world.crash import Point, crash_in_aws
from world.desk import Desk
from world.manifest import use_case
from world.repository import LETTER
from world.rollouts import Readers, slow_desk, slow_sandbox

from releaser import sandbox

ONCE = (
    *("CreateApplication", "CreateConfigurationProfile", "CreateEnvironment"),
    *("CreateHostedConfigurationVersion", "CreateDeploymentStrategy", "StartDeployment"),
)
AGAIN = ("CreateHostedConfigurationVersion", "StartDeployment")
EVERY = [(1, o, after) for o in ONCE for after in (False, True)] + [
    (2, o, after) for o in AGAIN for after in (False, True)
]
CHOSEN = EVERY if os.environ.get("RELEASER_LAWS") == "full" else [(1, "StartDeployment", True)]


@pytest.fixture(scope="module")
def box() -> Iterator[sandbox.SandboxProcess]:
    yield from slow_sandbox()


@pytest.fixture
def desk(new_desk: Callable[..., Desk], box: sandbox.SandboxProcess) -> Iterator[Desk]:
    yield slow_desk(new_desk(), box)
    box.admin.clear_faults()


def _declare(desk: Desk, number: int) -> None:
    text = LETTER if number == 1 else LETTER.replace("three", "two")
    desk.repo.declare(use_case(profile=False, delivery={"store": "appconfig"}), {"answer": text})
    desk.repo.commit("a change")


def _all_once(desk: Desk, release: int) -> None:
    done = Counter(o.partition(".")[2] for o in desk.effects() if o.startswith("appconfig."))
    assert done == Counter(ONCE) + (Counter(AGAIN) if release == 2 else Counter())
    assert Readers(desk, 2).releases() == {f"r{release}": 2}
    desk.settled()


@pytest.mark.parametrize(("release", "operation", "after"), CHOSEN)
def test_killed_at_a_write_then_run_again(desk: Desk, release: int, operation: str, after: bool) -> None:
    for number in range(1, release + 1):
        _declare(desk, number)
        if number < release:
            desk.reconcile()
    crash_in_aws(desk, Point("aws", f"appconfig.{operation}", 1, after), ("reconcile", "-e", "dev"))
    desk.reconcile("--take-over")
    _all_once(desk, release)


def test_answers_that_are_lost(desk: Desk) -> None:
    _declare(desk, 1)
    for operation in ONCE:
        desk.admin.add_fault("reset-after", service="appconfig", operation=operation, account=desk.account)
    if desk.reconcile(ok=None).code:
        desk.reconcile()
    _all_once(desk, 1)
