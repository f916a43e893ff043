"""``rollback --now``: at once, recorded, held; without the git server too; finished by the next run when cut off."""

from __future__ import annotations

import json
import os
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
from world.repository import LETTER

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


def down(desk: Desk) -> Path:
    """The git server goes away."""
    assert desk.repo.server is not None
    return desk.repo.server.rename(desk.repo.server.with_name("away.git"))


def up(desk: Desk, server: Path) -> None:
    assert desk.repo.server is not None
    server.rename(desk.repo.server)


def pipeline(desk: Desk) -> Desk:
    """Another clone, as a scheduled pipeline has it."""
    return desk.sibling(desk.repo.root.parent / f"ci-{time.monotonic_ns()}")


def reconcile(desk: Desk, environment: str = "dev", *, ok: int) -> str:
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
    assert "P312" in reconcile(pipeline(desk), "preprod", ok=4)
    assert "P312" in reconcile(pipeline(desk), "preprod", ok=4), "nor at the next schedule"
    repo = stages.dev.repo
    repo.git("fetch", "-q", "origin")
    repo.git("merge", "-q", "--no-edit", "origin/releaser/rollback-preprod-mail")
    repo.git("push", "-q", "origin", "HEAD:main")
    reconcile(pipeline(desk), "preprod", ok=0)
    assert stages.live("preprod")["release"] == "r1"
    again = stages.run("preprod", *NOW, ok=0)
    assert "mail r1 is live in preprod already" in again.err, "nothing before it that was not taken back"
    assert "taken back: r2 on" in again.err and "record preprod/mail/0003-r1" in again.err


def test_after_a_retirement_at_once(stages: Estate) -> None:
    """What was live until then comes back; nothing is held, and the pin is said to retire it again."""
    stages.pin("preprod", "retired")
    stages.dev.repo.commit("away")
    stages.run("preprod", "reconcile")
    done = stages.run("preprod", *NOW)
    assert "was retired in preprod on" in done.err and "still says retired" in done.err
    assert "releaser/rollback-preprod-mail" in done.err
    assert stages.live("preprod")["release"] == "r2"
    assert "holds" not in record(stages, "preprod/mail/0004-r2", "opened")


@pytest.fixture
def dev(new_desk: Callable[..., Desk]) -> Desk:
    """With a server; r1, then r2."""
    return two_releases(new_desk(server=True))


def two_releases(desk: Desk, *texts: str, **spec: Any) -> Desk:
    """One release after the other, of each text; those of ``texts`` are only committed."""
    for text in (LETTER, OTHER["answer"], *texts):
        desk.repo.declare(use_case(**spec), {"answer": text})
        desk.repo.commit("next")
        if text not in texts:
            desk.reconcile()
    return desk


def test_one_way_back_after_another_holds_all_that_was_taken_back(dev: Desk) -> None:
    dev.repo.declare(use_case(), {"answer": LETTER.replace("three", "four")})
    dev.repo.commit("third")
    dev.reconcile()
    dev.run(*NOW, "-e", "dev", ok=0)
    dev.run(*NOW, "-e", "dev", ok=0)
    assert live(dev) == "r1"
    assert "P312" in reconcile(pipeline(dev), ok=4), "r3 is held still, though r2 was taken back since"
    assert live(dev) == "r1"


def live(desk: Desk) -> str:
    found: str = desk.content()["parameter /releaser/mail/runtime"]["draft"]["Value"]["release"]
    return found


def test_while_the_git_server_is_down(dev: Desk) -> None:
    server = down(dev)
    done = dev.run(*NOW, "-e", "dev", ok=0)
    assert "waits for the git server" in done.err and live(dev) == "r1"
    assert "P312" in dev.run("plan", "-e", "dev", ok=4).said, "held here already"
    assert "cannot be reached" in dev.run("records", "push", ok=1).err
    up(dev, server)
    assert "P322" in reconcile(pipeline(dev), ok=4), "the account says what git does not know yet"
    assert "handed in: r1 of mail in dev" in dev.run("status", "-e", "dev").err
    assert "P312" in reconcile(pipeline(dev), ok=4)
    assert "dev/mail/0003-r1" in dev.releases()
    assert dev.run("records", "push", ok=0).out == "Nothing waits.\n"


FULL = os.environ.get("RELEASER_LAWS") == "full"


def test_while_the_git_server_is_down_with_appconfig(new_desk: Callable[..., Desk]) -> None:
    """Everybody has the way back at once, whatever the strategy; the mark stands where the document is delivered."""
    dev = two_releases(new_desk(server=True), delivery={"store": "appconfig", "strategy": "all-at-once"})
    server = down(dev)
    dev.run(*NOW, "-e", "dev", ok=0)
    up(dev, server)
    assert "P322" in reconcile(pipeline(dev), ok=4)
    dev.run("records", "push", ok=0)
    assert "P312" in reconcile(pipeline(dev), ok=4)


@pytest.mark.parametrize("away", [True, False] if FULL else [True], ids=lambda away: "without" if away else "with")
def test_what_is_cut_off_is_finished_by_the_same_command(dev: Desk, away: bool) -> None:
    """Killed after the pointer moved, and again before the last draft is put back."""
    server = down(dev) if away else None
    for operation, after in (("ssm.PutParameter", True), ("bedrock-agent.UpdatePrompt", False)):
        assert crash_in_aws(dev, Point("aws", operation, 1, after), (*NOW, "-e", "dev")).code == -9
        assert live(dev) == "r1"
    if server is None:
        assert "P312" in reconcile(pipeline(dev), ok=4), "what was being taken away is not put back"
    dev.run(*NOW, "-e", "dev", ok=0)
    if server is not None:
        up(dev, server)
        assert "P322" in reconcile(pipeline(dev), ok=4)
        dev.run("records", "push", ok=0)
    closed = sorted(path for path in dev.repo.records() if "closed" in path)
    assert closed == [f"dev/mail/{n}/closed.json" for n in ("0001-r1", "0002-r2", "0003-r1")]
    assert dev.releases(), "the chains hold"
    assert "P312" in reconcile(pipeline(dev), ok=4)


def test_a_dead_model_is_no_way_back(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk(policy={"models": {"endOfLifeWithin": "10d"}})
    for model in (ENDS_IN_20_DAYS, HAIKU):
        desk.repo.declare(use_case(model=model))
        desk.repo.commit(model)
        desk.reconcile()
    desk.later = 30 * DAY
    done = desk.run(*NOW, "-e", "dev", ok=4)
    assert "P323" in done.err and "reached its end of life" in done.err and ENDS_IN_20_DAYS in done.err
    assert live(desk) == "r2"


def test_where_a_branch_is_followed_and_a_freeze_stops_nobody(new_desk: Callable[..., Desk]) -> None:
    desk = two_releases(new_desk())
    desk.repo.environment("dev", desk.account, freeze=[{"from": "2020-01-01", "to": "2126-01-04", "reason": "over"}])
    desk.repo.commit("frozen")
    done = desk.run(*NOW, "-e", "dev", ok=0)
    assert "let through in an emergency: dev is frozen" in done.err
    assert "follows main: revert the change there" in done.err
    closed = json.loads(desk.repo.records()["dev/mail/0003-r1/closed.json"])
    assert any("let through in an emergency: dev is frozen" in v["reason"] for v in closed["verdicts"])
    desk.repo.environment("dev", desk.account)
    desk.repo.commit("thawed")
    assert "P312" in desk.reconcile(ok=4).said
    desk.repo.declare(use_case(), {"answer": LETTER.replace("three", "four")})
    desk.repo.commit("the fix")
    desk.reconcile()


def test_a_release_that_was_cut_off_is_what_is_taken_back(new_desk: Callable[..., Desk]) -> None:
    """Its pointer moved, its record is open: the way out is what was live before it, and it is held."""
    desk = two_releases(new_desk(), LETTER.replace("three", "five"))
    assert crash_in_aws(desk, Point("aws", "ssm.PutParameter", 1, True), ("reconcile", "-e", "dev")).code == -9
    desk.run(*NOW, "-e", "dev", ok=0)
    records = desk.repo.records()
    outcomes = {path: json.loads(raw)["outcome"] for path, raw in records.items() if "closed" in path}
    assert list(outcomes.values()) == ["released", "released", "superseded", "released"]
    assert json.loads(records["dev/mail/0004-r2/opened.json"])["holds"]["release"] == "r3"
    assert "P312" in desk.reconcile(ok=4).said


def test_ctrl_c_leaves_a_record_that_the_same_command_finishes(new_desk: Callable[..., Desk]) -> None:
    desk = two_releases(new_desk())
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
    desk.run(*NOW, "-e", "dev", ok=0)
