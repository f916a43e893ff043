"""From twenty resources on, bodies and tags are read many at a time: these calls fail too, and mislead nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from test_matrix import demand_clear_stop
from world.desk import Desk
from world.manifest import use_case

BATCHES = ("ssm.GetParameters", "resourcegroupstaggingapi.GetResources")
FAULTS: dict[str, dict[str, Any]] = {
    "denied": {"kind": "error", "code": "AccessDeniedException", "status": 403, "message": "no", "times": None},
    "internal-error": {"kind": "error", "code": "InternalServerException", "status": 500, "message": "again"},
    "throttled": {"kind": "throttle", "times": 3},
    "reset-after": {"kind": "reset-after"},
    "truncated-short": {"kind": "truncate", "form": "short", "keep": 20},
    "truncated-always": {"kind": "truncate", "form": "short", "keep": 20, "times": None},
    "truncated-cut": {"kind": "truncate", "form": "cut", "keep": 20},
}


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    """Seven use cases of three resources each are live."""
    found = new_desk()
    for number in range(7):
        found.repo.declare(use_case(f"mail-{number}", profile=False))
    found.repo.commit()
    found.reconcile()
    return found


def test_a_fault_in_a_batch_never_misleads(desk: Desk) -> None:
    desk.admin.reset_calls(desk.account)
    desk.settled()
    called = desk.admin.calls(desk.account)
    assert all(b in called for b in BATCHES), f"nothing is read in batches: {sorted(called)}"
    for operation in BATCHES:
        for fault, rule in FAULTS.items():
            more = dict(rule)
            service, _, name = operation.partition(".")
            desk.admin.add_fault(more.pop("kind"), service=service, operation=name, account=desk.account, **more)
            where = f"{fault} at {operation}"
            ended = desk.run("plan", "-e", "dev", "--deep", "--detailed-exitcode")
            assert ended.code in (0, 1), f"{where}: {ended.said}"
            if ended.code == 1:
                demand_clear_stop(ended, where)
            assert any(f["operation"] == operation for f in desk.admin.fired()), f"{where}: never met"
            desk.admin.clear_faults()
    desk.settled()


def test_drift_is_found_though_the_batch_is_denied(desk: Desk) -> None:
    ssm = desk.client("ssm")
    ssm.put_parameter(Name="/releaser/mail-3/runtime", Value='{"enabled":false}', Type="String", Overwrite=True)
    desk.admin.add_fault(
        "error", service="ssm", operation="GetParameters", account=desk.account, **_without_kind(FAULTS["denied"])
    )
    plan = desk.plan("--deep")
    assert {s["address"] for s in plan["steps"]} == {"mail-3/runtime-configuration/runtime"}


def _without_kind(rule: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in rule.items() if k != "kind"}
