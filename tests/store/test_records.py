"""Records: what is written where, the lock, its end, and what witnesses say."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from world.git_actors import (
    Actor,
    TestClock,
    abandoned,
    actor,
    conclusion,
    forked,
    git,
    intent,
    laptop,
    spawned,
    wait_for,
)

from releaser.core.chain import head_of, verify
from releaser.core.errors import LockHeld
from releaser.core.record import Holder, Outcome
from releaser.store.branch import RewriteRefused
from releaser.store.holder import holder_here, is_running, process_start
from releaser.store.ledger import Ledger
from releaser.store.remote import HistoryRewritten, PushDeclined, RemoteUnreachable


def contents(run: Actor, prefix: str = "") -> dict[str, bytes]:
    """Every file on the branch."""
    tip = run.records.branch.tip()
    assert tip is not None
    paths = git(run.git.root, "ls-tree", "-r", "--name-only", tip).splitlines()
    chosen = [p for p in paths if p.startswith(prefix)]
    found = run.git.objects([f"{tip}:{p}" for p in chosen])
    return {p: f[1] for p, f in zip(chosen, found, strict=True) if f}


def sound(run: Actor) -> dict[str, bytes]:
    """Asserts that every sequence on the branch is whole; returns all files."""
    files = contents(run)
    for sequence in {p.rsplit("/", 2)[0] for p in files}:
        mine = {p: raw for p, raw in files.items() if p.startswith(sequence + "/")}
        assert verify(mine, head_of(mine)) == ()
    return files


def job(pipeline: str, name: str, number: str, boot: str) -> Holder:
    return Holder(
        kind="ci",
        name=f"job {name} of pipeline {pipeline}",
        boot=boot,
        pid=9,
        started="1",
        project="bank/genai",
        pipeline=pipeline,
        job=name,
        job_id=number,
        url="https://gitlab.example.com/j/1",
    )


@pytest.mark.parametrize("place", ["alone", "clone"])
def test_a_release_leaves_a_record(place: str, request: pytest.FixtureRequest) -> None:
    root = request.getfixturevalue(place)
    run = actor(root)
    assert run.records.witnesses("dev") == {}
    run.release(["claims-assistant", "mail"])
    assert sorted(sound(run)) == [
        "dev/claims-assistant/0001-r1/closed.json",
        "dev/claims-assistant/0001-r1/notes.md",
        "dev/claims-assistant/0001-r1/opened.json",
        "dev/mail/0001-r1/closed.json",
        "dev/mail/0001-r1/notes.md",
        "dev/mail/0001-r1/opened.json",
    ]
    witness = actor(root).records.witnesses("dev")["mail"]
    assert witness.open is None
    assert witness.released is not None and witness.released == witness.latest
    assert witness.released.record.release == "r1"
    assert [str(a) for a in witness.released.bindings] == ["mail/prompt/answer"]
    account = actor(root).records.history("mail")[0]
    assert actor(root).records.notes(account.opened) == "# mail\n"


def test_the_branch_is_an_orphan_and_one_commit_serves_many(clone: Path, bare: Path) -> None:
    run = actor(clone)
    run.release([f"case-{i}" for i in range(20)])
    assert git(bare, "log", "--format=%s", "releases").splitlines() == ["dev: close 20 records", "dev: open 20 records"]
    with pytest.raises(Exception, match="merge-base"):
        git(bare, "merge-base", "main", "releases")
    assert "Entries: sha256:" in git(bare, "log", "-1", "--format=%B", "releases")


def test_the_witness_looks_back_past_what_failed(alone: Path) -> None:
    run = actor(alone)
    run.release(["mail"], "a")
    for outcome in (Outcome.FAILED, Outcome.INTERRUPTED, Outcome.NOTHING):
        record = run.records.open([intent("mail", run.cut(["mail"], "b")["mail"])]).opened["mail"]
        run.records.close([(record, conclusion("mail", outcome), "")])
    witness = run.records.witnesses("dev")["mail"]
    assert witness.released is not None and witness.released.record.seq == 1
    assert witness.latest is not None and witness.latest.outcome == "nothing"
    run.records.open([intent("mail")])
    witness = run.records.witnesses("dev")["mail"]
    assert witness.open is not None and witness.open.opened.seq == 5
    assert witness.latest is not None and witness.latest.record.seq == 4
    sound(run)


def test_environments_are_kept_apart(alone: Path) -> None:
    run = actor(alone)
    run.release(["mail"])
    opening = run.records.open([intent("mail", environment="prod")])
    assert opening.opened["mail"].opened.seq == 1
    assert Ledger(run.git, run.records.branch.tip()).environments() == ("dev", "prod")
    assert run.records.witnesses("dev")["mail"].open is None
    assert run.records.witnesses("prod")["mail"].released is None


def test_an_open_record_of_a_living_holder_is_the_lock(clone: Path, other: Path) -> None:
    theirs = actor(other, laptop("ana")).records.open([intent("mail")]).opened["mail"]
    ours = actor(clone, laptop("bo"))
    opening = ours.records.open([intent("mail"), intent("claims-assistant")])
    assert list(opening.opened) == ["claims-assistant"]
    error = opening.held["mail"]
    assert isinstance(error, LockHeld) and error.exit_code == 4
    assert "ana@desk (pid 7) until 2026-03-03 13:00 UTC" in str(error)
    assert "--take-over" in error.hint
    taken = ours.records.open([intent("mail")], take_over=True).resumed["mail"]
    assert (taken.id, taken.opened.steps) == (theirs.id, theirs.opened.steps)
    assert taken.holder.name == "bo@desk"
    with pytest.raises(LockHeld, match="bo@desk"):
        actor(other, laptop("ana")).records.close([(theirs, conclusion("mail"), "")])
    ours.records.close([(taken, conclusion("mail"), "")])
    with pytest.raises(LockHeld, match="closed by another run"):
        actor(other, laptop("ana")).records.renew([theirs])
    assert "dev/mail/0001-unreleased/resumed-1.json" in sound(ours)


@pytest.mark.parametrize("before", ["nothing", "released", "open"])
def test_a_plan_made_from_an_older_record_is_refused(clone: Path, other: Path, before: str) -> None:
    if before != "nothing":
        actor(clone).release(["mail"], "a")
    if before == "open":
        abandoned(clone, ["mail"])
    ours = actor(other)
    ours.remote.sync()  # type: ignore[union-attr]
    seen = ours.records.witnesses("dev")
    late = actor(clone)
    records = late.records.open([intent("mail")])
    late.records.close([({**records.opened, **records.resumed}["mail"], conclusion("mail"), "")])
    opening = ours.records.open([intent("mail"), intent("claims-assistant")], since=seen)
    assert opening.held["mail"].code == "G-moved-on"
    assert list(opening.opened) == ["claims-assistant"]
    ours.records.close([(opening.opened["claims-assistant"], conclusion("claims-assistant"), "")])
    again = ours.records.open([intent("mail")], since=ours.records.witnesses("dev"))
    assert "mail" in again.opened


def test_one_lost_lock_does_not_stop_the_others(alone: Path) -> None:
    first = actor(alone, laptop("ana"))
    records = first.records.open([intent("mail"), intent("claims-assistant")]).opened
    second = actor(alone, laptop("bo"))
    second.records.open([intent("mail")], take_over=True)
    with pytest.raises(LockHeld, match="mail in dev is held by bo@desk"):
        first.records.close([(r, conclusion(n), "") for n, r in records.items()])
    witnesses = first.records.witnesses("dev")
    assert witnesses["claims-assistant"].released is not None
    assert witnesses["mail"].open is not None


def test_our_own_open_record_is_continued_without_a_new_entry(alone: Path) -> None:
    run = actor(alone, laptop("ana"))
    first = run.records.open([intent("mail")]).opened["mail"]
    tip = run.records.branch.tip()
    assert run.records.open([intent("mail")]).resumed["mail"] == first
    assert run.records.branch.tip() == tip


def test_a_dead_process_loses_the_lock_at_once(clone: Path) -> None:
    left = abandoned(clone, ["mail"])["mail"]
    run = actor(clone)
    resumed = run.records.open([intent("mail")]).resumed["mail"]
    assert resumed.id == left.id and resumed.opened == left.opened
    entry = json.loads(contents(run)["dev/mail/0001-unreleased/resumed-1.json"])
    assert entry["reason"] == "holder-gone"
    run.records.close([(resumed, conclusion("mail"), "")])
    sound(run)


def test_of_two_that_resume_at_once_one_gets_it(clone: Path, other: Path, tmp_path: Path) -> None:
    abandoned(clone, ["mail"])
    gate, done = tmp_path / "gate", tmp_path / "done"

    def resume(root: Path) -> None:
        run = actor(root)
        run.remote.sync()  # type: ignore[union-attr]
        while not gate.exists():
            pass
        opening = run.records.open([intent("mail")])
        name = "got" if opening.resumed else "held"
        (tmp_path / f"{name}-{os.getpid()}").write_text("")
        while not done.exists():  # a holder that ends would free the lock
            os.sched_yield()

    pids = [spawned(lambda root=root: resume(root)) for root in (clone, other)]
    gate.write_text("")
    while len(list(tmp_path.glob("got-*")) + list(tmp_path.glob("held-*"))) < 2:
        os.sched_yield()
    done.write_text("")
    assert [wait_for(p) for p in pids] == [0, 0]
    assert len(list(tmp_path.glob("got-*"))) == 1


def test_a_lease_that_ran_out_frees_the_lock_of_another_machine(alone: Path) -> None:
    clock = TestClock()
    actor(alone, laptop("ana"), clock).records.open([intent("mail")])
    ours = actor(alone, laptop("bo"), clock)
    clock.forward(minutes=60, seconds=59)
    assert "mail" in ours.records.open([intent("mail")]).held
    clock.forward(seconds=2)
    assert "mail" in ours.records.open([intent("mail")]).resumed


def test_a_renewed_lease_holds_longer(alone: Path) -> None:
    clock = TestClock()
    first = actor(alone, laptop("ana"), clock)
    record = first.records.open([intent("mail")]).opened["mail"]
    for _ in range(3):
        clock.forward(minutes=40)
        record = first.records.renew([record])["mail"]
    assert record.entries == ("opened.json", "renewed-1.json", "renewed-2.json", "renewed-3.json")
    clock.forward(minutes=40)
    assert "mail" in actor(alone, laptop("bo"), clock).records.open([intent("mail")]).held
    first.records.close([(record, conclusion("mail"), "")])
    sound(first)


def test_a_living_process_of_this_machine_keeps_the_lock_even_without_a_lease(alone: Path) -> None:
    clock = TestClock()
    actor(alone, holder_here(), clock).records.open([intent("mail")])
    clock.forward(days=2)
    held: list[bool] = []
    assert forked(lambda: held.append(True) or _expect_held(alone, clock)) == 0


def _expect_held(root: Path, clock: TestClock) -> None:
    assert "mail" in actor(root, holder_here(), clock).records.open([intent("mail")]).held


def test_a_retried_job_continues_but_a_parallel_job_does_not(alone: Path) -> None:
    actor(alone, job("10", "reconcile", "1", "boot-a")).records.open([intent("mail")])
    for stranger in (job("11", "reconcile", "5", "boot-b"), job("10", "reconcile-prod", "6", "boot-b"), laptop("bo")):
        error = actor(alone, stranger).records.open([intent("mail")]).held["mail"]
        assert "job reconcile of pipeline 10 (https://gitlab.example.com/j/1)" in str(error)
    retried = actor(alone, job("10", "reconcile", "7", "boot-b"))
    assert "mail" in retried.records.open([intent("mail")]).resumed


def test_staging_frees_the_lock_and_a_later_run_continues(alone: Path) -> None:
    first = actor(alone, laptop("ana"))
    record = first.records.open([intent("mail")]).opened["mail"]
    first.records.stage(record, conclusion("mail").bindings, ["quality"])
    seen = first.records.witnesses("dev")["mail"].open
    assert seen is not None and seen.staged is not None and seen.staged.awaiting == ("quality",)
    second = actor(alone, laptop("bo"))
    resumed = second.records.open([intent("mail")]).resumed["mail"]
    assert resumed.id == record.id and resumed.staged is None
    with pytest.raises(LockHeld):
        first.records.close([(record, conclusion("mail"), "")])
    second.records.close([(resumed, conclusion("mail"), "")])
    assert "dev/mail/0001-unreleased/staged.json" in sound(second)


def test_closing_twice_writes_once(clone: Path) -> None:
    run = actor(clone, laptop("ana"))
    record = run.records.open([intent("mail")]).opened["mail"]
    first = run.records.close([(record, conclusion("mail"), "# notes\n")])
    tip = run.records.branch.tip()
    assert run.records.close([(record, conclusion("mail"), "# notes\n")]) == first
    assert run.records.branch.tip() == tip


def test_an_entry_is_never_rewritten(alone: Path) -> None:
    run = actor(alone)
    run.release(["mail"])
    with pytest.raises(RewriteRefused, match=r"closed\.json exists already"):
        run.records.branch.append(lambda tip: {"dev/mail/0001-r1/closed.json": b"{}\n"}, "evil")


def test_ids_are_unique_and_steps_stay_the_same(alone: Path) -> None:
    run = actor(alone)
    ids = set()
    for _ in range(3):
        record = run.records.open([intent("mail"), intent("claims-assistant")])
        ids |= {r.id for r in record.opened.values()}
        run.records.close([(r, conclusion(n), "") for n, r in record.opened.items()])
    assert len(ids) == 6 and all(len(i) == 64 for i in ids)


@pytest.mark.parametrize("name", ["../evil", "a/b", "Mail", "mail\nM 100644", "", "."])
def test_a_name_that_must_not_become_a_path_is_refused(alone: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        actor(alone).records.open([intent(name)])


def test_without_the_network_reading_goes_on(clone: Path, bare: Path) -> None:
    actor(clone).release(["mail"])
    bare.rename(bare.with_name("gone.git"))
    run = actor(clone)
    assert run.records.witnesses("dev")["mail"].released is not None
    assert len(run.records.history()) == 1
    with pytest.raises(RemoteUnreachable):
        run.records.open([intent("mail")])


def test_a_protected_branch_is_a_clear_refusal(clone: Path, bare: Path) -> None:
    hook = bare / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'GitLab: you are not allowed to push to releases' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(PushDeclined, match="not allowed to push"):
        actor(clone).records.open([intent("mail")])
    assert actor(clone).records.witnesses("dev") == {}


@pytest.mark.parametrize("hook", ["pre-receive", "reference-transaction"])
def test_an_answer_that_was_lost_is_looked_up(clone: Path, bare: Path, hook: str) -> None:
    """The server dies once, before or after it took the push; we live on."""
    path = bare / "hooks" / hook
    once = bare / "once"
    when = '[ "$1" = "" ] || [ "$1" = committed ] || exit 0'
    path.write_text(f"#!/bin/sh\n{when}\nif [ -f {once} ]; then rm {once}; kill -9 $PPID; sleep 0.2; fi\n")
    path.chmod(0o755)
    run = actor(clone)
    for step in range(2):
        once.write_text("")
        if step == 0:
            opening = run.records.open([intent("mail")])
            assert list(opening.opened) == ["mail"]
        else:
            run.records.close([(opening.opened["mail"], conclusion("mail"), "")])
        assert not once.exists()
    assert git(bare, "log", "--format=%s", "releases").splitlines() == [
        "dev: close mail unreleased",
        "dev: open mail unreleased",
    ]
    assert actor(clone).records.witnesses("dev")["mail"].released is not None


def test_a_server_that_drops_every_push_is_a_clear_error(clone: Path, bare: Path) -> None:
    path = bare / "hooks" / "pre-receive"
    path.write_text("#!/bin/sh\nkill -9 $PPID\n")
    path.chmod(0o755)
    with pytest.raises(RemoteUnreachable):
        actor(clone).records.open([intent("mail")])


def test_a_branch_that_vanished_or_was_rewritten_is_noticed(clone: Path, other: Path, bare: Path) -> None:
    actor(clone).release(["mail"])
    run = actor(other)
    run.remote.sync()  # type: ignore[union-attr]
    git(bare, "branch", "-D", "releases")
    with pytest.raises(HistoryRewritten, match="lacks records"):
        actor(other).records.open([intent("mail")])
    git(bare, "branch", "releases", "main")
    with pytest.raises(HistoryRewritten, match="was rewritten"):
        actor(other).records.open([intent("mail")])


def test_records_made_before_there_was_a_remote_are_carried_along(clone: Path, bare: Path, other: Path) -> None:
    git(clone, "remote", "remove", "origin")
    actor(clone).release(["mail"], "a")
    git(clone, "remote", "add", "origin", str(bare))
    actor(clone).release(["mail"], "b")
    run = actor(other)
    run.remote.sync()  # type: ignore[union-attr]
    assert len(run.records.history("mail", "dev")) == 2
    sound(run)


def test_records_that_went_two_ways_are_refused(clone: Path, bare: Path, other: Path) -> None:
    git(clone, "remote", "remove", "origin")
    actor(clone).release(["mail"], "a")
    git(clone, "remote", "add", "origin", str(bare))
    actor(other).release(["mail"], "b")
    with pytest.raises(HistoryRewritten, match="and the reverse") as caught:
        actor(clone).records.open([intent("mail")])
    assert "git branch -m" in caught.value.hint


def test_a_broken_entry_is_named(alone: Path) -> None:
    run = actor(alone)
    run.records.branch.append(lambda tip: {"dev/mail/0001-r1/closed.json": b"{]\n"}, "by hand")
    with pytest.raises(Exception, match=r"dev/mail/0001-r1/closed\.json: not JSON"):
        run.records.witnesses("dev")
    run.records.branch.append(lambda tip: {"prod/mail/0001-r1/renewed-1.json": b"{}\n"}, "by hand")
    with pytest.raises(Exception, match=r"prod/mail/0001-r1 has no opened\.json"):
        run.records.witnesses("prod")


def test_other_files_on_the_branch_are_ignored(alone: Path) -> None:
    run = actor(alone)
    run.records.branch.append(
        lambda tip: {"README.md": b"x", "dev/notes.txt": b"x", "dev/mail/draft/x": b"x", "dev/new/x.txt": b"x"}, "hand"
    )
    assert run.records.witnesses("dev") == {}
    assert run.records.history() == []
    assert run.records.open([intent("mail")]).opened["mail"].opened.seq == 1


def test_this_process_as_a_holder() -> None:
    holder = holder_here({"USER": "ana"})
    assert holder.kind == "laptop" and holder.name.startswith("ana@")
    assert is_running(holder.pid, holder.started)
    assert not is_running(holder.pid, "1")
    pid = spawned(lambda: None)
    while process_start(pid) is not None:
        pass
    assert not is_running(pid, "1")  # a zombie
    wait_for(pid)
    assert not is_running(pid, "1")
    ci = holder_here(
        {
            "CI_JOB_ID": "5",
            "CI_JOB_NAME": "reconcile",
            "CI_PIPELINE_ID": "10",
            "CI_PROJECT_PATH": "bank/genai",
            "CI_JOB_URL": "https://gitlab.example.com/j/5",
        }
    )
    assert (ci.kind, ci.job, ci.job_id, ci.pipeline) == ("ci", "reconcile", "5", "10")


def test_the_remote_that_answers_late_is_not_asked_twice_for_reading(clone: Path) -> None:
    run = actor(clone)
    calls: list[str] = []
    asked: list[int] = []
    perform, ask = run.git._perform, run.git._ask

    def counted(command, send, seconds):  # type: ignore[no-untyped-def]
        calls.append(" ".join(command))
        return perform(command, send, seconds)

    def questions(process, names):  # type: ignore[no-untyped-def]
        asked.append(len(names))
        return ask(process, names)

    run.release([f"case-{i}" for i in range(30)])
    run.git._perform = counted  # type: ignore[method-assign]
    run.git._ask = questions  # type: ignore[method-assign]
    run.records.witnesses("dev")
    assert calls == []
    assert asked == [1, 30, 60]
