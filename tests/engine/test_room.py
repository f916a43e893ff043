"""What does not fit is refused before the first write, and the plan shows how much room there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from world.desk import Desk
from world.manifest import use_case


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Iterator[Desk]:
    found = new_desk()
    found.repo.declare(use_case())
    found.repo.commit("first")
    yield found
    found.admin.clear_faults()
    found.admin.set_quotas(prompts=500, promptVersions=10)


def test_room_is_shown_with_its_source(desk: Desk) -> None:
    desk.admin.set_quotas(prompts=7)
    rooms = {r["kind"]: r for r in desk.plan()["room"]}
    assert rooms["prompt"] == {"kind": "prompt", "used": 0, "limit": 7, "needs": 1, "source": "Service Quotas"}
    assert rooms["guardrail"]["source"] == "AWS's documentation"
    assert "0 of 7 prompts exist, this needs 1 (Service Quotas)" in desk.run("plan", "-e", "dev").out


def test_what_does_not_fit_the_account_is_not_begun(desk: Desk) -> None:
    desk.admin.set_quotas(prompts=0)
    ended = desk.reconcile(ok=None)
    assert ended.code != 0 and "P121" in ended.said
    assert desk.writes() == []


def test_without_leave_to_read_quotas_the_documented_ones_hold(desk: Desk) -> None:
    desk.admin.set_quotas(prompts=0)
    desk.admin.add_fault(
        "error", account=desk.account, service="service-quotas", code="AccessDeniedException", status=400, times=None
    )
    rooms = {r["kind"]: r for r in desk.plan()["room"]}
    assert (rooms["prompt"]["limit"], rooms["prompt"]["source"]) == (500, "AWS's documentation")


def test_the_last_version_is_told_and_one_more_is_refused(desk: Desk) -> None:
    desk.reconcile()
    client = desk.client("bedrock-agent")
    (row,) = client.list_prompts()["promptSummaries"]
    for n in range(8):
        client.create_prompt_version(promptIdentifier=row["id"], description=f"by hand {n}")
    desk.repo.declare(use_case(), {"answer": "Answer {{letter}} in three words."})
    desk.repo.commit("second")
    plan = desk.plan()
    assert [c["quota"] for c in plan["changes"] if c["quota"]] == ["9 of 10 versions used, this needs 1"]
    client.create_prompt_version(promptIdentifier=row["id"], description="the tenth")
    past = desk.mark()
    ended = desk.reconcile(ok=None)
    assert ended.code != 0 and "P120" in ended.said and "releaser gc" in ended.said
    assert desk.writes(past) == []
