"""``rollback --now``: at once, recorded, held; without the git server too; finished by the next run when cut off."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from world import estate
from world.crash import Point, crash_in_aws
from world.desk import DAY, Desk
from world.estate import Estate
from world.manifest import HAIKU, guardrail, use_case
from world.process import until
from world.repository import LETTER, Repository

ENDS_IN_20_DAYS = "eu.anthropic.claude-3-7-sonnet-20250219-v1:0"
OTHER = {"answer": LETTER.replace("three", "nine")}
NOW = ("rollback", "mail", "--now", "--reason", "It answers with claim numbers.")


@pytest.fixture
def stages(new_desk: Callable[..., Desk]) -> Estate:
    """preprod had r1 and has r2; prod has nothing."""
    found = estate.create(new_desk, server=True)
    found.dev.repo.declare(use_case())
    found.dev.repo.commit("first")
    found.run("dev", "reconcile")
    found.promote("preprod", "r1")
    found.dev.repo.declare(use_case(guardrails={"main": guardrail("HIGH")}, model=HAIKU), OTHER)
    found.dev.repo.commit("second")
    found.run("dev", "reconcile")
    found.promote("preprod", "r2")
    return found


def server(stages: Estate) -> Path:
    assert stages.dev.repo.server is not None
    return stages.dev.repo.server


def down(stages: Estate) -> Path:
    """The git server goes away."""
    return server(stages).rename(server(stages).with_name("away.git"))


def up(stages: Estate) -> None:
    server(stages).with_name("away.git").rename(server(stages))


def pipeline(stages: Estate, environment: str = "preprod") -> Desk:
    """Another clone, as a scheduled pipeline has it."""
    folder = stages.dev.repo.root.parent / f"ci-{time.monotonic_ns()}"
    found = stages.desks[environment].sibling(folder)
    found.repo = Repository(folder, server(stages))
    return found


def reconcile(desk: Desk, environment: str = "preprod", *, ok: int) -> str:
    return desk.run("reconcile", "-e", environment, ok=ok).said


def record(stages: Estate, folder: str, entry: str) -> Any:
    return json.loads(stages.dev.repo.records()[f"{folder}/{entry}.json"])


def test_at_once_recorded_held_and_proposed(stages: Estate) -> None:
    desk = stages.desks["preprod"]
    since = desk.mark()
    began = time.monotonic()
    done = stages.run("preprod", *NOW)
    took = time.monotonic() - began
    assert desk.writes(since)[0] == "ssm.PutParameter", "pointers move first"
    assert not [w for w in desk.writes(since) if "Create" in w]
    assert took < 20, f"{took:.1f} s; five on a quiet machine"
    assert stages.live("preprod")["release"] == "r1"
    opened, closed = (record(stages, "preprod/mail/0003-r1", entry) for entry in ("opened", "closed"))
    assert opened["emergency"] == {"kind": "rollback", "reason": "It answers with claim numbers."}
    assert opened["holds"]["release"] == "r2" and opened["holds"]["releaseDigest"] == stages.digest("r2")
    assert closed["outcome"] == "released" and closed["verified"]
    assert "releaser/rollback-preprod-mail" in done.err
    assert "P312" in reconcile(pipeline(stages), ok=4)
    assert "P312" in reconcile(pipeline(stages), ok=4), "nor at the next schedule"
    repo = stages.dev.repo
    repo.git("fetch", "-q", "origin")
    repo.git("merge", "-q", "--no-edit", "origin/releaser/rollback-preprod-mail")
    repo.git("push", "-q", "origin", "HEAD:main")
    reconcile(pipeline(stages), ok=0)
    assert stages.live("preprod")["release"] == "r1"
    again = stages.run("preprod", *NOW, ok=4)
    assert "P321" in again.err, "nothing before it that was not taken back"


def test_while_the_git_server_is_down(stages: Estate) -> None:
    down(stages)
    done = stages.run("preprod", *NOW)
    assert "waits for the git server" in done.err and "To be pushed" in done.err
    assert stages.live("preprod")["release"] == "r1"
    assert "P312" in stages.run("preprod", "plan", ok=4).said, "held here already"
    assert "cannot be reached" in stages.dev.run("records", "push", ok=1).err
    up(stages)
    assert "P322" in reconcile(pipeline(stages), ok=4), "the account says what git does not know yet"
    said = stages.run("preprod", "status", ok=None).err
    assert "handed in: r1 of mail in preprod" in said
    assert "P312" in reconcile(pipeline(stages), ok=4)
    assert set(stages.desks["preprod"].releases()) >= {"preprod/mail/0003-r1"}
    assert stages.dev.run("records", "push", ok=0).out == "Nothing waits.\n"
    promoted = stages.dev.run("rollback", "mail", "-e", "preprod", "--to", "r1", ok=0)
    assert "Pushed releaser/rollback-preprod-mail" in promoted.out


@pytest.mark.parametrize("away", [False, True], ids=["with-the-server", "without"])
def test_what_is_cut_off_is_finished_by_the_same_command(stages: Estate, away: bool) -> None:
    """Killed after the pointer moved, and again before the last draft is put back."""
    desk = stages.desks["preprod"]
    if away:
        down(stages)
    for operation, after in (("ssm.PutParameter", True), ("bedrock-agent.UpdatePrompt", False)):
        assert crash_in_aws(desk, Point("aws", operation, 1, after), (*NOW, "-e", "preprod")).code == -9
        assert stages.live("preprod")["release"] == "r1"
        if not away:
            assert "P312" in reconcile(pipeline(stages), ok=4), "what was being taken away is not put back"
    stages.run("preprod", *NOW)
    if away:
        up(stages)
        assert "P322" in reconcile(pipeline(stages), ok=4)
        stages.dev.run("records", "push", ok=0)
    closed = sorted(path for path in stages.dev.repo.records() if path.startswith("preprod") and "closed" in path)
    assert closed == [f"preprod/mail/{n}/closed.json" for n in ("0001-r1", "0002-r2", "0003-r1")]
    assert desk.releases(), "the chains hold"
    assert "P312" in reconcile(pipeline(stages), ok=4)


def test_a_dead_model_is_no_way_back(new_desk: Callable[..., Desk]) -> None:
    """Neither at once nor by a merge request; and it is said why."""
    found = estate.create(new_desk)
    for name in ("dev", "preprod"):
        policy = {"models": {"endOfLifeWithin": "10d"}}
        track = "main" if name == "dev" else None
        found.dev.repo.environment(name, found.desks[name].account, track=track, policy=policy)
    for release, model in (("r1", ENDS_IN_20_DAYS), ("r2", HAIKU)):
        found.dev.repo.declare(use_case(model=model))
        found.dev.repo.commit(release)
        found.run("dev", "reconcile")
        found.promote("preprod", release)
    found.desks["preprod"].later = 30 * DAY
    done = found.run("preprod", *NOW, ok=4)
    assert "P323" in done.err and "reached its end of life" in done.err and ENDS_IN_20_DAYS in done.err
    assert found.live("preprod")["release"] == "r2"
    proposed = found.run("preprod", "rollback", "mail", ok=4)
    assert "P154" in proposed.err and "reached its end of life" in proposed.err
    assert "releaser/" not in found.dev.repo.git("branch")


def test_where_a_branch_is_followed_and_a_freeze_stops_nobody(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk()
    desk.repo.declare(use_case())
    desk.repo.commit("first")
    desk.reconcile()
    desk.repo.declare(use_case(model=HAIKU), OTHER)
    desk.repo.commit("second")
    desk.reconcile()
    desk.repo.environment("dev", desk.account, freeze=[{"from": "2020-01-01", "to": "2126-01-04", "reason": "over"}])
    desk.repo.commit("frozen")
    assert "git revert" in desk.run("rollback", "mail", "-e", "dev", ok=4).err
    done = desk.run(*NOW, "-e", "dev", ok=0)
    assert "let through in an emergency: dev is frozen" in done.err
    assert "follows main: revert the change there" in done.err
    closed = json.loads(desk.repo.records()["dev/mail/0003-r1/closed.json"])
    assert any("let through in an emergency: dev is frozen" in v["reason"] for v in closed["verdicts"])
    desk.repo.environment("dev", desk.account)
    desk.repo.commit("thawed")
    assert "P312" in desk.reconcile(ok=4).said
    desk.repo.declare(use_case(model=HAIKU), {"answer": LETTER.replace("three", "four")})
    desk.repo.commit("the fix")
    desk.reconcile()
    desk.settled()


def test_a_release_that_was_cut_off_is_what_is_taken_back(new_desk: Callable[..., Desk]) -> None:
    """Its pointer moved, its record is open: the way out is what was live before it, and it is held."""
    desk = new_desk()
    for text in (LETTER, OTHER["answer"], LETTER.replace("three", "five")):
        desk.repo.declare(use_case(), {"answer": text})
        desk.repo.commit("next")
        if "five" not in text:
            desk.reconcile()
    assert crash_in_aws(desk, Point("aws", "ssm.PutParameter", 1, True), ("reconcile", "-e", "dev")).code == -9
    desk.run(*NOW, "-e", "dev", ok=0)
    records = desk.repo.records()
    outcomes = {path: json.loads(raw)["outcome"] for path, raw in records.items() if "closed" in path}
    assert list(outcomes.values()) == ["released", "released", "superseded", "released"]
    assert json.loads(records["dev/mail/0004-r2/opened.json"])["holds"]["release"] == "r3"
    assert "P312" in desk.reconcile(ok=4).said


def test_ctrl_c_leaves_a_record_that_the_same_command_finishes(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk()
    for text in (LETTER, OTHER["answer"]):
        desk.repo.declare(use_case(), {"answer": text})
        desk.repo.commit("next")
        desk.reconcile()
    desk.admin.add_fault("hang-before", service="ssm", operation="PutParameter", account=desk.account)
    run = desk.start(*NOW, "-e", "dev")
    until(lambda: desk.admin.held(), why="the pointer is about to move")
    run.interrupt()
    until(lambda: "stopping" in run.out.with_suffix(".err").read_text(), why="it heard")
    desk.admin.clear_faults()
    desk.admin.release()
    assert run.wait().code == 130
    assert "P312" in desk.reconcile(ok=4).said
    desk.run(*NOW, "-e", "dev", ok=0)
    outcomes = [json.loads(raw)["outcome"] for path, raw in sorted(desk.repo.records().items()) if "closed" in path]
    assert outcomes[2:] in (["interrupted", "released"], ["released"]), outcomes
    desk.run(*NOW, "-e", "dev", ok=4)
