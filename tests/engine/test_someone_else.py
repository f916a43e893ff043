"""Somebody else changes the account, or the plan is not for here: refused, with what changed; never overwritten."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from world import story
from world.desk import Desk
from world.manifest import guardrail, use_case
from world.process import until
from world.repository import LETTER

NEW_TEXT = {"answer": LETTER.replace("three", "two")}


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    """r1 is live; a change of prompt and guardrail is committed."""
    found = new_desk()
    found.repo.declare(use_case(prompts=("answer", "plain")))
    found.repo.commit("first")
    found.reconcile()
    found.repo.declare(use_case(prompts=("answer", "plain"), guardrails={"main": guardrail("HIGH")}), NEW_TEXT)
    found.repo.commit("second")
    return found


def edit_guardrail(desk: Desk) -> None:
    bedrock = desk.client("bedrock")
    row = next(g for g in bedrock.list_guardrails()["guardrails"] if g["name"] == "mail_main")
    body = story_body(desk)
    body["blockedInputMessaging"] = "Changed by hand."
    bedrock.update_guardrail(guardrailIdentifier=row["id"], name="mail_main", **body)


def story_body(desk: Desk) -> dict[str, Any]:
    return guardrail("MEDIUM")


def edit_prompt(desk: Desk, name: str = "mail_answer") -> None:
    agent = desk.client("bedrock-agent")
    row = next(p for p in agent.list_prompts()["promptSummaries"] if p["name"] == name)
    found = agent.get_prompt(promptIdentifier=row["id"])
    variants = found["variants"]
    variants[0]["templateConfiguration"]["text"]["text"] = "By hand: {{letter}}"
    agent.update_prompt(promptIdentifier=row["id"], name=name, defaultVariant="default", variants=variants)


def edit_untouched_prompt(desk: Desk) -> None:
    edit_prompt(desk, "mail_plain")


def delete_untouched_prompt(desk: Desk) -> None:
    agent = desk.client("bedrock-agent")
    row = next(p for p in agent.list_prompts()["promptSummaries"] if p["name"] == "mail_plain")
    agent.delete_prompt(promptIdentifier=row["id"])


def edit_parameter(desk: Desk) -> None:
    ssm = desk.client("ssm")
    value = json.loads(ssm.get_parameter(Name="/releaser/mail/runtime")["Parameter"]["Value"])
    value["enabled"] = False
    ssm.put_parameter(Name="/releaser/mail/runtime", Value=json.dumps(value), Type="String", Overwrite=True)


EDITS = {
    "guardrail/main": edit_guardrail,
    "prompt/answer": edit_prompt,
    "prompt/plain": edit_untouched_prompt,
    "prompt/plain deleted": delete_untouched_prompt,
    "runtime-configuration/runtime": edit_parameter,
}


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_after_the_saved_plan_is_refused(what: str, desk: Desk, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    desk.run("plan", "-e", "dev", "-o", str(plan), ok=0)
    EDITS[what](desk)
    before, writes = desk.content(), desk.mark()
    ended = desk.run("apply", "-e", "dev", "--plan", str(plan), ok=4)
    assert f"mail/{what.split()[0]}" in ended.err, ended.said
    assert "P160" in ended.err
    assert "hint" in ended.err
    assert desk.content() == before
    assert desk.writes(writes) == []


def test_a_commit_after_the_saved_plan_changes_nothing_of_it(desk: Desk, tmp_path: Path) -> None:
    """A plan file is bound to its commit: what was reviewed is applied, not what came later."""
    plan = tmp_path / "plan.json"
    desk.run("plan", "-e", "dev", "-o", str(plan), ok=0)
    desk.repo.declare(use_case(prompts=("answer",)))
    desk.repo.commit("third")
    desk.run("apply", "-e", "dev", "--plan", str(plan), ok=0)
    state = desk.content()
    assert "prompt mail_plain" in state
    assert state["guardrail mail_main"]["draft"]["contentPolicy"]["filters"][-1]["inputStrength"] == "HIGH"


def test_a_saved_plan_is_applied_once(desk: Desk, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    desk.run("plan", "-e", "dev", "-o", str(plan), ok=0)
    desk.run("apply", "-e", "dev", "--plan", str(plan), ok=0)
    writes = desk.mark()
    ended = desk.run("apply", "-e", "dev", "--plan", str(plan), ok=4)
    assert "error[P16" in ended.err
    edit_guardrail(desk)
    again = desk.run("apply", "-e", "dev", "--plan", str(plan), ok=4)
    assert "error[P16" in again.err
    assert [w for w in desk.writes(writes) if w != "bedrock.UpdateGuardrail"] == []


def test_a_plan_that_was_applied_is_called_so(desk: Desk, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    desk.run("plan", "-e", "dev", "-o", str(plan), ok=0)
    desk.run("apply", "-e", "dev", "--plan", str(plan), ok=0)
    assert "P161" in desk.run("apply", "-e", "dev", "--plan", str(plan), ok=4).err


def test_apply_then_plan_is_empty(desk: Desk) -> None:
    desk.run("apply", "-e", "dev", ok=0)
    desk.settled()


def test_an_interrupted_saved_plan_is_continued(desk: Desk, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    desk.run("plan", "-e", "dev", "-o", str(plan), ok=0)
    desk.admin.add_fault("hang-after", service="bedrock", operation="UpdateGuardrail", account=desk.account)
    run = desk.start("apply", "-e", "dev", "--plan", str(plan), "--workers", "1")
    until(lambda: desk.admin.held() or run.is_over)
    run.kill()
    until(lambda: not desk.admin.held())
    desk.admin.clear_faults()
    desk.run("apply", "-e", "dev", "--plan", str(plan), ok=0)
    versions = {k: sorted(d["versions"]) for k, d in desk.content().items() if "versions" in d}
    assert versions == {"guardrail mail_main": ["1", "2"], "prompt mail_answer": ["1", "2"], "prompt mail_plain": ["1"]}


def test_a_plan_that_somebody_edited_is_refused(desk: Desk, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    desk.run("plan", "-e", "dev", "-o", str(plan), ok=0)
    text = plan.read_text()
    saved = json.loads(text)
    writes = desk.mark()
    saved["account"] = "999999999999"
    plan.write_text(json.dumps(saved))
    assert desk.run("apply", "-e", "dev", "--plan", str(plan)).code in (1, 4, 64)
    plan.write_text(text[: len(text) // 2])
    assert desk.run("apply", "-e", "dev", "--plan", str(plan)).code in (1, 4, 64)
    assert desk.writes(writes) == []


def test_a_plan_for_another_environment_is_refused(desk: Desk, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    desk.repo.environment("test", desk.account, track=None)
    desk.repo.write(
        "environments/test/environment.yaml",
        (desk.repo.root / "environments/test/environment.yaml").read_text().replace('"track": null,', ""),
    )
    desk.repo.commit("another environment")
    desk.run("plan", "-e", "dev", "-o", str(plan), ok=0)
    writes = desk.mark()
    ended = desk.run("apply", "-e", "test", "--plan", str(plan), ok=4)
    assert "dev" in ended.err
    assert "test" in ended.err
    assert desk.writes(writes) == []


@pytest.mark.parametrize(
    ("edit", "address", "path"),
    [
        (edit_guardrail, "mail/guardrail/main", "blockedInputMessaging"),
        (edit_prompt, "mail/prompt/answer", "variants"),
        (edit_parameter, "mail/runtime-configuration/runtime", "document"),
    ],
)
def test_an_edit_between_plan_and_write_is_refused_with_its_path(
    edit: Callable[[Desk], None], address: str, path: str, desk: Desk
) -> None:
    """The run has planned and opened its record; before its first look at the guardrail somebody edits."""
    hold_before_first_write(desk, edit)
    records = {f: e for f, e in desk.releases().items() if "0002" in f}
    assert records == {"dev/mail/0002-r2": {"opened.json", "closed.json"}}
    closed = json.loads(desk.repo.records()["dev/mail/0002-r2/closed.json"])
    assert closed["outcome"] == "failed"
    failed = [o for o in closed["outcomes"] if o["status"] == "FAILED"]
    assert [o["address"] for o in failed] == [address], failed
    assert f"{address} was changed after the plan was made" in failed[0]["message"]
    assert path in failed[0]["message"]


def hold_before_first_write(desk: Desk, edit: Callable[[Desk], None]) -> None:
    """With one worker the first draft that the run reads again before a write is held, and the edit made meanwhile."""
    counted = desk.admin.calls(desk.account).get("bedrock.ListFoundationModels", 0)
    assert counted
    # The record is opened after the plan: hold there, in git's own hook.
    hooks = desk.repo.root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    folder = desk.repo.root.parent
    hook = hooks / "reference-transaction"
    hook.write_text(
        f"#!/bin/sh\nif [ $1 = committed ] && grep -q refs/heads/releases && [ ! -f {folder}/go ]; then\n"
        f"touch {folder}/held; while [ ! -f {folder}/go ]; do sleep 0.02; done; fi\nexit 0\n"
    )
    hook.chmod(0o755)
    run = desk.start("reconcile", "-e", "dev", "--workers", "1")
    until(lambda: (folder / "held").exists() or run.is_over)
    assert not run.is_over, run.wait().said
    edit(desk)
    (folder / "go").touch()
    ended = run.wait()
    assert ended.code in (1, 4), ended.said
    assert "P130" in ended.said, ended.said


def test_a_stranger_under_our_name_is_never_taken_over(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk()
    desk.repo.declare(use_case())
    desk.repo.commit()
    body = guardrail()
    desk.client("bedrock").create_guardrail(name="mail_main", **body)
    before, writes = desk.content(), desk.mark()
    ended = desk.reconcile(ok=None)
    assert ended.code in (1, 4), ended.said
    assert "P101" in ended.said
    assert "mail_main" in ended.said
    assert desk.content() == before
    assert desk.writes(writes) == []


def test_a_parameter_of_another_environment_is_never_taken_over(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk()
    desk.repo.declare(use_case())
    desk.repo.commit()
    tags = [{"Key": "releaser:address", "Value": "mail/runtime-configuration/runtime"}]
    tags.append({"Key": "releaser:environment", "Value": "prod"})
    desk.client("ssm").put_parameter(Name="/releaser/mail/runtime", Value="{}", Type="String", Tags=tags)
    before, writes = desk.content(), desk.mark()
    ended = desk.reconcile(ok=None)
    assert ended.code in (1, 4), ended.said
    assert "P101" in ended.said
    assert desk.content() == before
    assert desk.writes(writes) == []


@pytest.mark.parametrize("command", ["plan", "reconcile", "apply", "drift"])
def test_credentials_of_another_account_are_refused(command: str, new_desk: Callable[..., Desk]) -> None:
    desk = new_desk()
    desk.repo.declare(use_case())
    desk.repo.commit()
    desk.env = {"AWS_ACCESS_KEY_ID": "555555555555"}
    ended = desk.run(command, "-e", "dev", ok=4)
    assert "555555555555" in ended.err
    assert desk.account in ended.err
    assert "P141" in ended.err
    assert desk.writes() == []


def test_story_and_edit_agree(desk: Desk) -> None:
    """The edit by hand differs from what is live in one member only: else the tests above prove little."""
    before = desk.content()["guardrail mail_main"]["draft"]
    edit_guardrail(desk)
    after = desk.content()["guardrail mail_main"]["draft"]
    assert {k for k in before if before[k] != after[k]} == {"blockedInputMessaging"}
    assert story.STAGES
