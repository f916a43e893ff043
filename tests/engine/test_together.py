"""Two at once, Ctrl-C, a git server that goes away: one wins or it is said clearly; nothing is done twice."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from world import story
from world.account import versions
from world.desk import Desk
from world.manifest import guardrail, use_case
from world.process import until

ONE_OF_EACH = {"guardrail mail_main": ["1"], "prompt mail_answer": ["1"], "prompt mail_plain": ["1"]}


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    """A first release is committed and pushed."""
    found = new_desk(server=True)
    story.STAGES["first"](found)
    found.repo.commit("first")
    return found


def hold(desk: Desk, operation: str, kind: str = "hang-before") -> None:
    service, _, name = operation.partition(".")
    desk.admin.add_fault(kind, service=service, operation=name, account=desk.account)


def test_the_second_of_two_is_told_who_holds_the_use_case(desk: Desk, tmp_path: Path) -> None:
    other = desk.sibling(tmp_path / "other")
    hold(desk, "bedrock.CreateGuardrail")
    first = desk.start("reconcile", "-e", "dev")
    until(lambda: desk.admin.held() or first.is_over)
    for command in ("reconcile", "apply"):
        ended = other.run(command, "-e", "dev", ok=4)
        assert "G-lock-held" in ended.said, ended.said
        assert f"pid {first.pid}" in ended.said
        assert "hint" in ended.said or "--take-over" in ended.said
    desk.admin.release()
    assert first.wait().code == 0
    other.reconcile()
    assert versions(desk.content()) == ONE_OF_EACH
    assert desk.releases() == {"dev/mail/0001-r1": {"opened.json", "closed.json", "notes.md"}}
    assert desk.repo.tags() == ["mail/r1"]
    other.settled()


@pytest.mark.parametrize("attempt", range(3))
def test_two_at_the_same_moment(attempt: int, desk: Desk, tmp_path: Path) -> None:
    other = desk.sibling(tmp_path / "other")
    runs = [d.start("reconcile", "-e", "dev") for d in ((desk, other) if attempt % 2 else (other, desk))]
    ended = [run.wait() for run in runs]
    assert all("Traceback" not in e.said for e in ended), ended
    assert {e.code for e in ended} <= {0, 4}, ended
    assert 0 in {e.code for e in ended}, ended
    assert versions(desk.content()) == ONE_OF_EACH
    assert desk.repo.tags() == ["mail/r1"]
    assert all("closed.json" in entries for entries in desk.releases().values())
    desk.reconcile()
    assert len(desk.releases()) == 1
    other.settled()


def test_ctrl_c_finishes_what_runs_and_records_it(desk: Desk) -> None:
    desk.admin.add_fault("latency", service="bedrock", operation="CreateGuardrail", account=desk.account, seconds=0.6)
    run = desk.start("reconcile", "-e", "dev", "--workers", "1")
    until(lambda: any(f["operation"] == "bedrock.CreateGuardrail" for f in desk.admin.fired()) or run.is_over)
    run.interrupt()
    ended = run.wait()
    assert ended.code == 130, ended.said
    assert "Traceback" not in ended.said
    (closed,) = _closed(desk)
    assert closed["outcome"] == "interrupted"
    statuses = {(o["verb"], o["address"]): o["status"] for o in closed["outcomes"]}
    assert statuses["create", "mail/guardrail/main"] == "DONE"
    assert statuses["repoint", "mail/runtime-configuration/runtime"] == "SKIPPED"
    desk.reconcile()
    assert [c["outcome"] for c in _closed(desk)] == ["interrupted", "released"]
    assert versions(desk.content()) == ONE_OF_EACH
    desk.settled()


def test_a_second_ctrl_c_stops_at_once_and_the_next_run_goes_on(desk: Desk) -> None:
    hold(desk, "bedrock.CreateGuardrail", "hang-after")
    run = desk.start("reconcile", "-e", "dev", "--workers", "1")
    until(lambda: desk.admin.held() or run.is_over)
    run.interrupt()
    until(lambda: "stopping" in run.out.with_suffix(".err").read_text())
    run.interrupt()
    desk.admin.release()
    ended = run.wait()
    assert ended.code == 130, ended.said
    assert "Traceback" not in ended.said
    desk.admin.clear_faults()
    desk.reconcile()
    assert versions(desk.content()) == ONE_OF_EACH
    assert _closed(desk)[-1]["outcome"] == "released"
    desk.settled()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_planning_leaves_nothing(number: int, desk: Desk) -> None:
    hold(desk, "bedrock-agent.ListPrompts")
    run = desk.start("reconcile", "-e", "dev")
    until(lambda: desk.admin.held() or run.is_over)
    time.sleep(0.3)  # all else of the planning is done: only the held list is waited for
    os.kill(run.pid, number)
    if number == signal.SIGINT:
        until(lambda: run.is_over or desk.admin.release() or False, seconds=10)
    ended = run.wait()
    assert ended.code == (130 if number == signal.SIGINT else -signal.SIGTERM), ended.said
    assert "Traceback" not in ended.said
    desk.admin.clear_faults()
    assert desk.writes() == []
    assert desk.releases() == {}
    desk.reconcile()


def test_a_server_that_goes_away_mid_run(desk: Desk) -> None:
    hold(desk, "bedrock.CreateGuardrail")
    run = desk.start("reconcile", "-e", "dev")
    until(lambda: desk.admin.held() or run.is_over)
    server = desk.repo.server
    assert server is not None
    server.rename(server.with_name("gone.git"))
    desk.admin.release()
    ended = run.wait()
    assert ended.code == 1, ended.said
    assert "Traceback" not in ended.said
    assert "G-offline" in ended.said
    assert "the next run finds it and closes the record" in ended.said
    desk.admin.clear_faults()
    offline = desk.reconcile(ok=1)
    assert "G-offline" in offline.said
    server.with_name("gone.git").rename(server)
    desk.reconcile()
    assert versions(desk.content()) == ONE_OF_EACH
    assert [c["outcome"] for c in _closed(desk)] == ["released"]
    desk.settled()


def test_one_use_case_that_fails_stops_no_other(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk()
    desk.repo.declare(use_case("mail"))
    desk.repo.declare(use_case("letters", guardrails={"main": guardrail()}))
    desk.repo.commit()
    desk.client("bedrock").create_guardrail(name="mail_main", **guardrail())
    ended = desk.reconcile(ok=None)
    assert ended.code in (1, 4)
    assert "P101" in ended.said
    assert {f.split("/")[1] for f in desk.releases()} == {"letters"}


def _closed(desk: Desk) -> list[dict]:
    """The closed entries, oldest first."""
    records = desk.repo.records()
    return [json.loads(records[f"{f}/closed.json"]) for f in sorted(desk.releases())]
