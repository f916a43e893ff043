"""Records of deliveries, roll-backs and retirements: what the lock, the witness and the hold say of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from world.git_actors import Actor, actor, conclusion, intent, laptop

from releaser.core.record import Delivery, Held, Intent, Outcome, Witness

DELIVERY = Delivery(
    application="releaser-mail", environment="live", deployment=1, strategy="linear", percentage=20, ends_about=None
)
R2 = Held(release="r2", release_digest="b" * 64, reason="wrong language")


def ended(run: Actor, told: Intent, outcome: Outcome) -> Witness:
    record = run.records.open([told]).opened["mail"]
    run.records.close([(record, conclusion("mail", outcome), "")])
    return run.records.witnesses("dev")["mail"]


def test_while_a_delivery_is_on_its_way_anybody_may_continue(clone: Path, other: Path) -> None:
    first = actor(clone)
    record = first.records.open([intent("mail")]).opened["mail"]
    assert first.records.deliver(record, DELIVERY).free == "delivering"
    second = actor(other, laptop("bo"))
    second.remote.sync()  # type: ignore[union-attr]
    seen = second.records.witnesses("dev")
    assert seen["mail"].open is not None and seen["mail"].open.delivering is not None
    again = second.records.open([intent("mail")], since=seen).resumed["mail"]
    assert (again.id, again.free) == (record.id, "")
    assert again.delivering is not None and again.delivering.delivery == DELIVERY
    assert "mail" in actor(clone, laptop("ana")).records.open([intent("mail")]).held
    further = second.records.deliver(again, replace(DELIVERY, percentage=40))
    assert further.entries == ("opened.json", "delivering.json", "resumed-1.json", "delivering-2.json")
    second.records.close([(further, conclusion("mail"), "")])
    assert second.records.witnesses("dev")["mail"].released is not None


def test_after_a_roll_back_of_the_delivery_the_one_before_is_live_and_the_new_one_held(alone: Path) -> None:
    run = actor(alone)
    run.release(["mail"], "a")
    witness = ended(run, intent("mail", run.cut(["mail"], "b")["mail"]), Outcome.ROLLED_BACK)
    assert witness.released is not None and witness.released.record.release == "r1"
    (held,) = witness.holds
    assert (held.release, held.release_digest) == ("r2", "b" * 64)
    assert ended(run, intent("mail"), Outcome.NOTHING).holds == (held,)
    run.release(["mail"], "c")
    assert run.records.witnesses("dev")["mail"].holds == ()


def test_an_emergency_rollback_holds_what_it_took_back(alone: Path) -> None:
    run = actor(alone)
    tag = run.cut(["mail"], "a")["mail"]
    assert ended(run, replace(intent("mail", tag), holds=R2), Outcome.RELEASED).holds == (R2,)
    assert ended(run, intent("mail"), Outcome.PRUNED).holds == (R2,)
    assert ended(run, intent("mail", tag), Outcome.RELEASED).holds == ()


def test_what_is_retired_is_not_live(alone: Path) -> None:
    run = actor(alone)
    run.release(["mail"], "a")
    witness = ended(run, intent("mail"), Outcome.RETIRED)
    assert witness.released is None and witness.latest is not None and witness.latest.outcome == "retired"
    assert ended(run, intent("mail"), Outcome.PRUNED).released is None
