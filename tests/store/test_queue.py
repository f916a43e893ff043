"""Records while the git server is away: nothing is lost, nothing twice, and the chain holds when it is back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from world.git_actors import NOON, Actor, abandoned, actor, conclusion, git, intent, laptop
from world.repository import Repository, folders, sound

from releaser.core.entry import RecordUnreadable
from releaser.core.record import Conclusion, Emergency, Held, Outcome, Witness
from releaser.store.git import GitError
from releaser.store.queue import Queue, Queued
from releaser.store.queued import HandedIn, QueuedLedger, hand_in, with_waiting

NAME = "claims-assistant"
R12 = Held(release="r12", release_digest="b" * 64, reason="It answers with claim numbers.")


def ledger(who: Actor) -> QueuedLedger:
    return QueuedLedger(who.records, Queue(who.git.git_dir), who.clock.now)


def emergency(**more: object) -> object:
    return replace(
        intent(NAME), release="r11", emergency=Emergency(kind="rollback", reason=R12.reason), holds=R12, **more
    )


def stale(_: Witness) -> Conclusion:
    return Conclusion(outcome=Outcome.SUPERSEDED, verified=False, duration_ms=0)


def handed(who: Actor) -> HandedIn:
    return hand_in(who.records, Queue(who.git.git_dir), stale, who.clock.now)


def away(bare: Path) -> Path:
    return bare.rename(bare.with_name("moved.git"))


def back(bare: Path) -> None:
    bare.with_name("moved.git").rename(bare)


def taken_back(who: Actor) -> dict[str, bytes]:
    """An emergency rollback without the server; its files as they wait."""
    kept = ledger(who)
    (record,) = kept.open([emergency()]).opened.values()  # type: ignore[list-item]
    kept.close([(record, conclusion(NAME), "# r11\n")])
    return dict(kept.queue.waiting()[-1].files)


def on_branch(root: Path, bare: Path) -> Mapping[str, bytes]:
    found = Repository(root, bare).records()
    assert sound(found) == []
    return found


def test_what_waited_stands_on_the_branch_byte_for_byte(clone: Path, bare: Path) -> None:
    actor(clone).release([NAME])
    away(bare)
    who = actor(clone)
    files = taken_back(who)
    with pytest.raises(GitError):
        handed(actor(clone))
    assert [q.is_finished for q in Queue(who.git.git_dir).waiting()] == [True]
    back(bare)
    assert [q.opened.release for q in handed(actor(clone)).done] == ["r11"]
    found = on_branch(clone, bare)
    assert {p.rpartition("/")[2]: raw for p, raw in found.items() if "/0002-r11/" in p} == files
    assert Queue(who.git.git_dir).waiting() == []
    witness = actor(clone).records.witnesses("dev")[NAME]
    assert witness.holds == (R12,) and witness.released is not None and witness.released.record.release == "r11"


def test_two_sequences_meet_and_the_queued_record_gets_the_next_number(clone: Path, other: Path, bare: Path) -> None:
    actor(clone).release([NAME])
    moved = away(bare)
    taken_back(actor(clone))
    taken_back(actor(clone))
    moved.rename(bare)
    actor(other).release([NAME], "b")
    assert len(handed(actor(clone)).done) == 2
    found = on_branch(clone, bare)
    assert sorted(folders(found)) == [f"dev/{NAME}/{n}" for n in ("0001-r1", "0002-r2", "0003-r11", "0004-r11")]
    assert found[f"dev/{NAME}/0003-r11/notes.md"] == b"# r11\n"


def test_a_push_whose_answer_was_lost_is_not_made_twice(clone: Path, other: Path, bare: Path) -> None:
    actor(clone).release([NAME])
    moved = away(bare)
    who = actor(clone)
    taken_back(who)
    moved.rename(bare)
    actor(other).release([NAME], "b")
    queue = Queue(who.git.git_dir)
    drop, queue_drop = Queue.drop, lambda *_: None
    Queue.drop = queue_drop  # type: ignore[method-assign, assignment]
    try:
        handed(actor(clone))  # killed between the push and the end
    finally:
        Queue.drop = drop  # type: ignore[method-assign]
    assert len(queue.waiting()) == 1
    before = on_branch(clone, bare)
    assert len(handed(actor(clone)).done) == 1
    assert on_branch(clone, bare) == before and queue.waiting() == []


def test_what_is_cut_off_is_continued_here_under_the_same_id(clone: Path, bare: Path) -> None:
    away(bare)
    dead = actor(clone, holder=laptop())
    (first,) = ledger(dead).open([emergency()]).opened.values()  # type: ignore[list-item]
    again = actor(clone)
    assert ledger(again).open([emergency()]).held[NAME].code == "G-lock-held"  # type: ignore[list-item]
    again.clock.forward(hours=3)
    (record,) = ledger(again).open([emergency()]).resumed.values()  # type: ignore[list-item]
    assert record.id == first.id and record.holder == again.records.holder
    back(bare)
    assert [why for _, why in handed(again).left] == ["it is not finished: run the same command again"]
    assert Repository(clone, bare).records() == {}
    ledger(again).close([(record, conclusion(NAME), "")])
    handed(again)
    assert {p.rpartition("/")[2] for p in on_branch(clone, bare)} == {"opened.json", "resumed-1.json", "closed.json"}


def test_behind_a_dead_run_it_is_handed_in_and_behind_a_live_one_it_waits(clone: Path, other: Path, bare: Path) -> None:
    live = actor(other, holder=laptop("ben"))
    live.records.open([intent(NAME, live.cut([NAME])[NAME])])
    moved = away(bare)
    taken_back(actor(clone))
    moved.rename(bare)
    (left,) = handed(actor(clone)).left
    assert "is held by ben@desk" in left[1]
    later = actor(clone)
    later.clock.forward(hours=3)
    assert handed(later).left == ()
    found = on_branch(clone, bare)
    assert set(folders(found)) == {f"dev/{NAME}/0001-r1", f"dev/{NAME}/0002-r11"}
    assert b'"superseded"' in found[f"dev/{NAME}/0001-r1/closed.json"]


def test_a_killed_process_leaves_what_it_began(clone: Path, bare: Path) -> None:
    abandoned(clone, [NAME])
    moved = away(bare)
    taken_back(actor(clone))
    moved.rename(bare)
    assert handed(actor(clone)).left == ()
    assert set(folders(on_branch(clone, bare))) == {f"dev/{NAME}/0001-unreleased", f"dev/{NAME}/0002-r11"}


def test_commands_know_what_waits(clone: Path, bare: Path) -> None:
    actor(clone).release([NAME])
    away(bare)
    who = actor(clone)
    queue = Queue(who.git.git_dir)
    (record,) = ledger(who).open([emergency()]).opened.values()  # type: ignore[list-item]
    seen = with_waiting(who.records.witnesses("dev"), queue.waiting(), "dev")[NAME]
    assert seen.open is not None and seen.holds == (R12,) and seen.released and seen.released.record.release == "r1"
    ledger(who).close([(record, conclusion(NAME), "")])
    seen = with_waiting(who.records.witnesses("dev"), queue.waiting(), "dev")[NAME]
    assert seen.open is None and seen.holds == (R12,) and seen.released and seen.released.record.release == "r11"
    assert with_waiting(who.records.witnesses("dev"), queue.waiting(), "prod")[NAME].released.record.release == "r1"


def test_what_was_released_after_a_way_back_that_waited_is_live(clone: Path, other: Path, bare: Path) -> None:
    """Numbers go by arrival. Two ways back, one after the other, waited while somebody released."""
    actor(clone).release([NAME])
    moved = away(bare)
    kept = ledger(actor(clone))
    for release, before in (("r11", "r1"), ("r10", "r11")):
        told = replace(emergency(previous_release=before), release=release)  # type: ignore[type-var]
        (record,) = kept.open([told]).opened.values()  # type: ignore[list-item]
        kept.close([(record, conclusion(NAME), "")])
    moved.rename(bare)
    later = actor(other)
    later.clock.forward(hours=1)
    later.release([NAME], "b")
    who = actor(clone)
    who.remote.sync()  # type: ignore[union-attr]
    for step in ("waits", "handed in"):
        found = with_waiting(who.records.witnesses("dev"), Queue(who.git.git_dir).waiting(), "dev")[NAME]
        assert found.released is not None and found.released.record.release == "r2", step
        assert found.holds == (), step
        handed(who)
    (record,) = who.records.open([emergency(previous_release="r2")]).opened.values()  # type: ignore[list-item]
    who.records.close([(record, conclusion(NAME), "")])  # on a clock that is an hour behind
    found = who.records.witnesses("dev")[NAME]
    assert found.released is not None and found.released.record.release == "r11" and found.holds == (R12,)


def test_two_commands_in_one_clone_hand_in_once(clone: Path, other: Path, bare: Path) -> None:
    actor(clone).release([NAME])
    moved = away(bare)
    taken_back(actor(clone))
    moved.rename(bare)
    actor(other).release([NAME], "b")
    slower = actor(clone)

    class Read(Queue):
        """Read before the other command began."""

        seen = Queue(slower.git.git_dir).waiting()

        def waiting(self) -> list[Queued]:
            return self.seen

    assert len(handed(actor(clone)).done) == 1
    assert hand_in(slower.records, Read(slower.git.git_dir), stale, slower.clock.now) == HandedIn()
    assert sorted(folders(on_branch(clone, bare))) == [f"dev/{NAME}/{n}" for n in ("0001-r1", "0002-r2", "0003-r11")]


def test_what_is_half_written_is_nothing_and_what_is_strange_is_said(clone: Path) -> None:
    queue = Queue(clone / ".git")
    (queue.folder / "0001").mkdir(parents=True)
    (queue.folder / "0001/.opened.json.partial").write_bytes(b'{"form')
    (queue.folder / "gone-0002").mkdir()
    assert queue.waiting() == []
    who = actor(clone)
    taken_back(who)
    assert [q.folder.name for q in queue.waiting()] == ["0002"]
    (queue.folder / "0002/opened.json").write_bytes(b"{}")
    with pytest.raises(RecordUnreadable, match="format is not"):
        queue.waiting()
    (queue.folder / "0002/opened.json").unlink()
    (queue.folder / "0002/opened.json").symlink_to("/etc/passwd")
    with pytest.raises(RecordUnreadable, match="no plain file"):
        queue.waiting()


def test_times_stay_as_they_were(clone: Path, bare: Path) -> None:
    away(bare)
    who = actor(clone)
    taken_back(who)
    who.clock.forward(hours=5)
    back(bare)
    handed(who)
    (account,) = actor(clone).records.history(NAME, "dev")
    assert account.opened.opened_at == NOON and account.closed is not None and account.closed.closed_at == NOON
    assert git(bare, "log", "-1", "--format=%s", "releases") == f"dev: hand in {NAME} r11"
