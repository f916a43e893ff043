"""How an environment stands, for people and as data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from releaser.core.address import Address
from releaser.core.diagnostic import Diagnostic
from releaser.core.diff import MISSING, FieldChange, Origin
from releaser.core.kind import Verb
from releaser.core.plan import Action, Change, Plan, Step, StepKey, UseCasePlan, Wave
from releaser.core.record import Closed, Outcome, RecordRef, Witness
from releaser.kinds import registry
from releaser.render.standing import drift_report, drift_text, status_data, status_rows, status_text
from releaser.render.view import PlanView, plan_view

STEP = Step(StepKey(Address("pending", "prompt", "answer"), Verb.UPDATE), Wave.STAGE, "0" * 64, "0" * 64)
QUIET = UseCasePlan("quiet", "r2", "0" * 64, (), (), "0" * 64)


def part(name: str, **more: object) -> UseCasePlan:
    return replace(QUIET, use_case=name, **more)  # type: ignore[arg-type]


def view() -> PlanView:
    strength = "contentPolicyConfig.filtersConfig[HATE].inputStrength"
    pattern = "contentPolicyConfig.filtersConfig[].inputStrength"
    live = (
        FieldChange(strength, "LOW", "HIGH", Origin.DRIFT, pattern),
        FieldChange(
            "blockedInputMessaging", "no secrets here, go away", MISSING, Origin.DRIFT, "blockedInputMessaging"
        ),
        FieldChange("kmsKeyId", MISSING, "arn:aws:kms:eu-central-1:111111111111:key/k", Origin.INTENT, "kmsKeyId"),
    )
    drifted = Change(Address("drifted", "guardrail", "main"), Action.UPDATE, live, "content")
    gone = Change(Address("drifted", "prompt", "answer"), Action.CREATE, (), "deleted-live")
    blocked = (Diagnostic("P110", "it could not be \x1b[31mread", hint="allow it"),)
    parts = (
        QUIET,
        part("pending", steps=(STEP,)),
        part("drifted", changes=(drifted, gone)),
        part("shut", blocked=blocked),
    )
    return plan_view(Plan("dev", "111111111111", "eu-central-1", "", parts, "", assumed=3, read=4), registry())


def closed(release: str) -> Closed:
    ref = RecordRef(
        id="i", environment="dev", use_case="quiet", seq=1, release=release, release_digest="a" * 64, commit="c" * 40
    )
    return Closed(
        record=ref,
        previous="",
        notes_digest="",
        closed_at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
        outcome=Outcome.RELEASED,
        verified=True,
        duration_ms=1,
    )


def test_drift_is_told_at_its_path_and_intent_is_not() -> None:
    report = drift_report(view())
    assert report["format"] == "releaser.drift/v1"
    assert [(d["address"], d["path"], d["before"], d["after"], d["reason"]) for d in report["drift"][:1]] == [
        (
            "drifted/guardrail/main",
            "contentPolicyConfig.filtersConfig[HATE].inputStrength",
            "LOW",
            "HIGH",
            "changed-live",
        )
    ]
    assert [d["path"] for d in report["drift"]][1:] == ["blockedInputMessaging", ""]
    assert report["drift"][1]["before"]["length"] == 24
    assert [b["code"] for b in report["blocked"]] == ["P110"]
    text = drift_text(view())
    assert 'live "LOW"' in text and 'git  "HIGH"' in text and "kmsKeyId" not in text and "no secrets" not in text
    assert "3 places changed outside git (4 read, 3 assumed" in text


def test_no_drift_is_said() -> None:
    quiet = plan_view(Plan("dev", "111111111111", "eu-central-1", "", (QUIET,), ""), registry())
    assert "No drift" in drift_text(quiet) and drift_report(quiet)["drift"] == []


def test_status_has_one_row_for_each_use_case() -> None:
    found = view()
    known = {"quiet": Witness(use_case="quiet", released=closed("r2"), latest=closed("r2"), open=None)}
    rows = status_rows(found, known)
    assert [r.state for r in rows] == ["in-sync", "pending", "drift", "blocked"]
    text = status_text(found, rows)
    assert "2026-03-01 12:30" in text and "never released" in text and "\x1b" not in text
    data = status_data(found, rows)
    assert data["useCases"][0]["live"] == "r2" and data["useCases"][2]["drift"] == 3
