"""Plans, locks, rates and what is left when something goes wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from world.desk import DAY
from world.manifest import HAIKU, guardrail, use_case
from world.process import until
from world.repository import LETTER

from complaints.conftest import LifeMaker
from complaints.life import Life

MANY = 8
NEW_TEXT = {"answer": LETTER.replace("three", "two")}


# -- many use cases


@pytest.fixture(scope="module")
def many(new_life: LifeMaker) -> Life:
    """Some use cases, released at once, looked at quickly and deeply, and with an AWS that throttles."""
    found = new_life()
    for n in range(MANY):
        found.desk.repo.declare(use_case(f"mail-{n}"))
    found.desk.repo.commit("feat!: everything, at last (#4711)")
    found.keep("plan", found.desk.plan)
    found.run("first", "reconcile", "-e", "dev")
    found.run("quick", "plan", "-e", "dev", "--detailed-exitcode")
    found.look("deep")
    found.run("nothing", "reconcile", "-e", "dev")
    fault = found.desk.admin.add_fault
    fault("throttle", service="bedrock-agent", operation="GetPrompt", account=found.desk.account, times=20)
    found.desk.haste = 1000.0
    found.look("throttled")
    found.desk.admin.clear_faults()
    fault("throttle", service="bedrock", operation="ListGuardrails", account=found.desk.account, times=None)
    found.desk.haste = 100_000.0
    found.look("refused")
    found.desk.admin.clear_faults()
    return found


def counted(life: Life, chapter: str, operation: str = "") -> int:
    return sum(r["operation"].endswith(operation) for r in life[chapter].rows)


def test_awscc_3295_retries_are_not_stacked(many: Life) -> None:
    """One layer asks, a bounded number of times; then it is said what was throttled."""
    assert many["refused"].ended.code == 1
    assert "Throttl" in many["refused"].ended.said
    assert 8 <= counted(many, "refused", ".ListGuardrails") <= 32


def test_aws_34669_throttling_is_waited_out(many: Life) -> None:
    assert sum(bool(r["error"]) for r in many["throttled"].rows) == 20
    assert many["throttled"].ended.code == 0, many["throttled"].ended.said


def test_awscc_618_a_plan_asks_for_lists_alone(many: Life) -> None:
    assert many["quick"].ended.code == 0, many["quick"].ended.said
    assert counted(many, "quick") <= 15, [r["operation"] for r in many["quick"].rows]
    assert counted(many, "quick", ".GetPrompt") == 0


def test_aws_48790_a_deep_look_reads_each_once(many: Life) -> None:
    assert many["deep"].ended.code == 0, many["deep"].ended.said
    assert counted(many, "deep", ".GetPrompt") == MANY
    assert counted(many, "deep", ".GetGuardrail") == MANY


def test_driftctl_1344_a_throttled_look_says_the_truth(new_life: LifeMaker) -> None:
    life = new_life()
    life.release("first", use_case())
    ssm = life.desk.client("ssm")
    ssm.put_parameter(Name="/releaser/mail/runtime", Value='{"enabled":false}', Type="String", Overwrite=True)
    for service in ("ssm", "bedrock"):
        life.desk.admin.add_fault("throttle", service=service, account=life.desk.account, times=12)
    life.desk.haste = 1000.0
    ran = life.run("drift", "drift", "-e", "dev", "--output", "json")
    assert ran.ended.code in (0, 2), ran.ended.said
    assert {d["address"] for d in ran.ended.json()["drift"]} == {"mail/runtime-configuration/runtime"}


def test_provider_aws_847_nothing_to_do_costs_some_lists_and_no_write(many: Life) -> None:
    assert many["nothing"].ended.code == 0, many["nothing"].ended.said
    assert many["nothing"].effects == []
    assert counted(many, "nothing") <= 15, [r["operation"] for r in many["nothing"].rows]


def test_gitlab_219255_one_summary_counts_every_use_case(many: Life) -> None:
    summary = many.kept["plan"]["summary"]
    assert (summary["create"], summary["publish"]) == (4 * MANY, 2 * MANY)


def test_semantic_release_915_notes_are_made_from_content(many: Life) -> None:
    """Of each use case its own; nothing of what somebody wrote into a commit."""
    records = many.desk.repo.records()
    notes = {path: raw.decode() for path, raw in records.items() if path.endswith("notes.md")}
    assert len(notes) == MANY
    for path, text in notes.items():
        assert text.replace("`", "").startswith(f"# {path.split('/')[1]} r1")
        assert "feat!" not in text and "at last" not in text and "#4711" not in text


def test_pulumi_5939_the_rate_of_an_operation_can_be_set(many: Life) -> None:
    name = "GetPrompt"
    many.desk.repo.environment(
        "dev", many.desk.account, rates={"read": 1000.0, "write": 1000.0, f"bedrock-agent.{name}": 5.0}
    )
    many.desk.haste = 1.0
    many.look("paced")
    many.desk.haste = 50.0
    at = [r["at"] for r in many["paced"].rows if r["operation"] == f"bedrock-agent.{name}"]
    assert many["paced"].ended.code == 0, many["paced"].ended.said
    assert len(at) == MANY and max(at) - min(at) >= (MANY - 5) / 5 * 0.7


def test_terraform_31094_without_a_word_aws_own_rates_are_kept(new_life: LifeMaker) -> None:
    """Ten reads a second, after a burst of ten: more is never sent, however many there are."""
    life = new_life(rates={})
    for n in range(14):
        life.desk.repo.declare(use_case(f"mail-{n}", guardrails={}, profile=False))
    life.desk.repo.commit("many")
    life.desk.haste = 10_000.0
    life.run("first", "reconcile", "-e", "dev")
    life.desk.haste = 1.0
    life.look("paced")
    at = sorted(r["at"] for r in life["paced"].rows if r["operation"] == "bedrock-agent.GetPrompt")
    assert life["paced"].ended.code == 0, life["paced"].ended.said
    assert len(at) == 14 and at[-1] - at[0] >= 0.3


# -- models and profiles


def test_aws_45705_a_profile_that_is_the_same_is_not_replaced(many: Life) -> None:
    assert many["first"].ended.code == 0, many["first"].ended.said
    plan = many.plan_without_records()
    assert [d for d in plan["diagnostics"] if d["severity"] == "error"] == []
    assert [s for s in plan["steps"] if "/inference-profile/" in s["address"]] == []
    assert plan["summary"]["replace"] == plan["summary"]["create"] == 0


def test_aws_47779_the_end_of_a_model_is_told_and_stops_a_release(new_life: LifeMaker) -> None:
    life = new_life()
    ending = "eu.anthropic.claude-3-7-sonnet-20250219-v1:0"
    chapter = life.release("ending", use_case(model=ending))
    assert chapter.ended.code == 4 and "reaches its end of life on" in chapter.ended.said, chapter.ended.said
    assert chapter.effects == []


# -- saved plans and locks


@pytest.fixture(scope="module")
def saved(new_life: LifeMaker) -> Life:
    """A saved plan, applied, cut off in the middle, applied again, and once more."""
    found = new_life()
    found.release("first", use_case())
    found.desk.repo.declare(use_case(guardrails={"main": guardrail("HIGH")}, model=HAIKU), NEW_TEXT)
    found.desk.repo.commit("second")
    plan = str(found.desk.repo.root.parent / "plan.json")
    found.run("saved", "plan", "-e", "dev", "-o", plan)
    killed(found, "UpdateGuardrail", "apply", "-e", "dev", "--plan", plan, "--workers", "1")
    found.run("continued", "apply", "-e", "dev", "--plan", plan)
    found.run("again", "apply", "-e", "dev", "--plan", plan)
    found.look("after all")
    return found


def killed(life: Life, operation: str, *args: str) -> None:
    """A run that dies after AWS has done this, and before it hears of it."""
    life.desk.admin.add_fault("hang-after", service="bedrock", operation=operation, account=life.desk.account)
    run = life.desk.start(*args)
    until(lambda: life.desk.admin.held() or run.is_over)
    run.kill()
    until(lambda: not life.desk.admin.held())
    life.desk.admin.clear_faults()


def test_terraform_27721_a_saved_plan_is_applied_once(saved: Life) -> None:
    assert saved["again"].ended.code == 4
    assert "P161" in saved["again"].ended.said, saved["again"].ended.said
    assert saved["again"].effects == []


def test_cloud_platform_6008_half_an_apply_is_gone_on_with_under_the_same_plan(saved: Life) -> None:
    assert saved["continued"].ended.code == 0, saved["continued"].ended.said
    assert saved["continued"].count("UpdateGuardrail") == 0, "it had been done"
    assert saved["after all"].ended.code == 0, saved["after all"].ended.said


def test_terraform_28710_a_killed_run_holds_nobody_up(new_life: LifeMaker) -> None:
    life = new_life()
    life.desk.repo.declare(use_case())
    life.desk.repo.commit("first")
    killed(life, "CreateGuardrail", "reconcile", "-e", "dev")
    life.run("next", "reconcile", "-e", "dev")
    assert life["next"].ended.code == 0, life["next"].ended.said
    assert len(life.desk.client("bedrock").list_guardrails()["guardrails"]) == 1
    life.look("after")
    assert life["after"].ended.code == 0, life["after"].ended.said


def test_atlantis_6377_one_use_case_in_trouble_stops_no_other(new_life: LifeMaker) -> None:
    life = new_life()
    for name in ("letters", "mail"):
        life.desk.repo.declare(use_case(name))
    life.desk.repo.commit("two")
    life.desk.client("bedrock").create_guardrail(name="mail_main", **guardrail())
    life.run("both", "reconcile", "-e", "dev")
    assert life["both"].ended.code != 0 and "P101" in life["both"].ended.said
    assert {folder.split("/")[1] for folder in life.desk.releases()} == {"letters"}
    closed = json.loads(life.desk.repo.records()["dev/letters/0001-r1/closed.json"])
    assert closed["outcome"] == "released"


# -- what is whose


def test_agentcore_438_what_is_not_ours_is_not_deleted(new_life: LifeMaker) -> None:
    """Somebody takes the mark off what was to be deleted: it stays, and it is said."""
    life = new_life()
    life.release("first", use_case(guardrails={"main": guardrail(), "other": guardrail()}))
    life.release("marked", use_case(allow=[{"at": "guardrails.other", "change": "delete", "reason": "Not needed."}]))
    bedrock = life.desk.client("bedrock")
    (row,) = (g for g in bedrock.list_guardrails()["guardrails"] if g["name"] == "mail_other")
    tags = [t["key"] for t in bedrock.list_tags_for_resource(resourceARN=row["arn"])["tags"]]
    bedrock.untag_resource(resourceARN=row["arn"], tagKeys=tags)
    life.desk.later = 3 * DAY
    life.run("later", "reconcile", "-e", "dev")
    assert {g["name"] for g in bedrock.list_guardrails()["guardrails"]} == {"mail_main", "mail_other"}
    assert not [o for o in life["later"].effects if "Delete" in o]


def test_crossplane_5863_what_taking_over_would_change_is_shown_and_not_done(new_life: LifeMaker) -> None:
    life = new_life()
    life.desk.client("bedrock").create_guardrail(name="letters", **guardrail("LOW"))
    watched: dict[str, Any] = use_case(guardrails={"main": {**guardrail(), "name": "letters"}}, profile=False)
    watched["spec"]["mode"] = "observe"
    life.release("watched", watched)
    assert life["watched"].effects == [], life["watched"].ended.said
    fields = [f["path"] for c in life.desk.plan("--deep")["changes"] for f in c["fields"]]
    assert "contentPolicyConfig.filtersConfig[HATE].inputStrength" in fields


def test_upjet_2101_guardrails_are_a_kind(many: Life) -> None:
    """Knowledge bases too: ``test_complaints_knowledge.py``."""
    assert many["first"].count("CreateGuardrail") == MANY
    assert many["first"].ended.code == 0, many["first"].ended.said
