"""A pinned model is a timer: what runs out warns or is refused, for a release and for the way back."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from world import repository
from world.desk import DAY, Desk
from world.manifest import use_case
from world.process import Zygote

from releaser import sandbox

LEGACY = "eu.anthropic.claude-3-haiku-20240307-v1:0"
"""Ends 75 days after the sandbox began."""
ENDING = "eu.anthropic.claude-3-7-sonnet-20250219-v1:0"
"""Ends after 20 days."""
RARE = "eu.mistral.pixtral-large-2502-v1:0"
"""Named by no other test here."""

NewDesk = Callable[..., Desk]
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def box() -> Iterator[sandbox.SandboxProcess]:
    """Of its own: its clock and its switches are moved."""
    with sandbox.running(time_scale=0) as process:
        yield process


@pytest.fixture
def make(box: sandbox.SandboxProcess, zygote: Zygote, tmp_path: Path) -> NewDesk:
    def desk(**spec: object) -> Desk:
        number = f"{os.getpid() % 100_000:05d}9{next(_NUMBERS):06d}"
        repo = repository.create(tmp_path / f"desk-{number}", server=False)
        repo.environment("dev", number, **spec)
        return Desk(zygote, box, repo, number)

    return desk


def declare(desk: Desk, message: str = "next", **changes: Any) -> Desk:
    desk.repo.declare(use_case(**changes))
    desk.repo.commit(message)
    return desk


def said(desk: Desk, code: str) -> list[dict[str, Any]]:
    return [d for d in desk.plan()["diagnostics"] if d["code"] == code]


def test_aws_47779_a_legacy_model_warns_and_is_written_down(make: NewDesk) -> None:
    """hashicorp/terraform-provider-aws#47779: the lifecycle of a model is not exposed."""
    desk = declare(make(), model=LEGACY)
    ended = desk.reconcile()
    assert "warning[P210]" in ended.said
    assert "15 days without a call" in ended.said
    assert "45 days" in ended.said
    closed = next(text for path, text in desk.repo.records().items() if path.endswith("closed.json"))
    assert "is LEGACY" in closed.decode()
    assert [d["severity"] for d in said(desk, "P210")] == ["warning"]


def test_a_legacy_model_is_refused_where_the_policy_says_so(make: NewDesk) -> None:
    desk = declare(make(policy={"models": {"legacy": "block"}}), model=LEGACY)
    assert desk.run("plan", "-e", "dev").code == 4
    assert "P210" in desk.reconcile(ok=4).said
    assert desk.writes() == []


def test_a_new_pin_of_a_model_that_ends_soon_is_refused(make: NewDesk) -> None:
    desk = declare(make(), model=ENDING)
    assert "P211" in desk.reconcile(ok=4).said
    assert desk.writes() == []
    declare(make(policy={"models": {"endOfLifeWithin": "10d"}}), model=ENDING).reconcile()
    declare(make(policy={"models": {"ending": "warn"}}), model=ENDING).reconcile()


def test_what_is_live_already_warns_and_may_be_changed(make: NewDesk) -> None:
    desk = declare(make(), model=LEGACY)
    desk.reconcile()
    desk.later = 20 * DAY
    desk.settled()
    assert [d["severity"] for d in said(desk, "P211")] == ["warning"]
    declare(desk, model=LEGACY, description="Answers letters and mails.", prompts=("answer", "plain"))
    assert "warning[P211]" in desk.reconcile().said


def test_the_way_back_is_watched(make: NewDesk) -> None:
    desk = declare(make(rollbackWindow="40d"), "first", model=LEGACY)
    desk.reconcile()
    declare(desk, "second")
    (before,) = said(desk, "P213")
    assert LEGACY in before["message"], "what is live now is what a rollback would go to"
    desk.reconcile()
    (after,) = said(desk, "P213")
    assert "r1" in after["message"]
    assert after["severity"] == "warning"
    assert "P213" in desk.run("status", "-e", "dev", ok=0).said
    desk.later = 30 * DAY
    desk.settled()
    assert "end of life" in said(desk, "P213")[0]["message"]
    declare(desk, "revert", model=LEGACY)
    assert "P211" in desk.reconcile(ok=4).said, "going back is judged like any release"
    declare(desk, "stay")
    desk.later = 50 * DAY
    assert said(desk, "P213") == [], "outside the rollback window"


def test_a_model_behind_an_agreement_is_refused_and_nothing_accepts_one(make: NewDesk) -> None:
    desk = make()
    plain = RARE.removeprefix("eu.")
    declare(desk, model=RARE)
    for switch, code in (
        ("modelsWithoutAgreement", "P212"),
        ("modelsWithoutEntitlement", "P212"),
        ("modelsNotAuthorized", "P153"),
    ):
        desk.admin.set_switches(**{switch: plain})
        try:
            ended = desk.reconcile(ok=4)
        finally:
            desk.admin.set_switches(**{switch: ""})
        assert code in ended.said, switch
        assert desk.writes() == []
    desk.reconcile()
    assert "bedrock.CreateFoundationModelAgreement" not in desk.admin.calls(desk.account)


def test_only_new_models_are_asked_for_and_a_plan_without_changes_asks_nothing(make: NewDesk) -> None:
    desk = declare(make())
    desk.reconcile()
    desk.admin.reset_calls(desk.account)
    desk.settled()
    calls = desk.admin.calls(desk.account)
    assert "bedrock.GetFoundationModelAvailability" not in calls
    assert calls["bedrock.ListInferenceProfiles"] == 1
    declare(desk, model=RARE)
    desk.admin.reset_calls(desk.account)
    desk.plan()
    assert desk.admin.calls(desk.account)["bedrock.GetFoundationModelAvailability"] == 1


def test_an_answer_that_is_denied_is_no_pass(make: NewDesk) -> None:
    desk = declare(make())
    denied = {"code": "AccessDeniedException", "status": 403, "message": "not authorized", "times": None}
    for operation in ("GetFoundationModelAvailability", "ListInferenceProfiles"):
        desk.admin.add_fault("error", service="bedrock", operation=operation, account=desk.account, **denied)
        ended = desk.reconcile(ok=None)
        desk.admin.clear_faults()
        assert ended.code != 0
        assert operation in ended.said
        assert desk.writes() == []
    desk.reconcile()


def test_regions_are_shown_and_recorded_as_aws_names_them(make: NewDesk) -> None:
    desk = declare(make())
    (part,) = desk.plan()["useCases"]
    live = ["eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3"]
    assert list(part["processing"].values()) == [live]
    text = desk.run("plan", "-e", "dev").out
    assert f"data may be processed in: {', '.join(live)}" in text
    desk.reconcile()
    records = desk.repo.records()
    closed = next(text for path, text in records.items() if path.endswith("closed.json")).decode()
    notes = next(text for path, text in records.items() if path.endswith("notes.md")).decode()
    assert '"processing"' in closed
    assert f"Data may be processed in: {', '.join(live)}" in notes.replace("`", ""), "a Region may stand as code"


def test_residency_is_held_against_what_aws_says(make: NewDesk) -> None:
    """The environment says less than is true: validate believes it, the plan does not."""
    policy = {"residency": {"internal": ["eu-central-1"]}, "geographies": {"eu": ["eu-central-1"]}}
    desk = declare(make(policy=policy))
    desk.run("validate", ok=0)
    ended = desk.reconcile(ok=4)
    assert "P214" in ended.said
    assert "eu-north-1" in ended.said
    assert desk.writes() == []


def test_a_model_past_its_end_is_refused_and_told_of_what_is_live(make: NewDesk) -> None:
    """Last: the clock of the sandbox does not go back. AWS lists a model no more after its end."""
    desk = declare(make(), model=LEGACY)
    desk.reconcile()
    desk.admin.advance(80 * DAY)
    desk.later = 80 * DAY
    assert desk.run("plan", "-e", "dev").code == 0, "nothing is about to be done"
    assert [d["severity"] for d in said(desk, "P153")] == ["warning"]
    declare(desk, model=LEGACY, prompts=("answer", "plain"))
    assert desk.reconcile(ok=4).said.count("P153") >= 1
    declare(desk, model=LEGACY.removeprefix("eu."), prompts=("answer", "plain"))
    desk.reconcile(ok=4)
    declare(desk)
    desk.reconcile()
