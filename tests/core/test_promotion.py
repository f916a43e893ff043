"""May this release go there? By its content, over the records."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from releaser.core.environment import Environment
from releaser.core.pin import Pinned, PinWaiver
from releaser.core.promotion import Denied, Ground, Passage, passage
from releaser.core.record import Closed, Conclusion, Facts, Held, Holder, Opened, Outcome
from releaser.core.timeline import Account

TODAY = date(2026, 3, 3)
NEW, OLD = "a" * 64, "b" * 64
HOLDER = Holder(kind="laptop", name="ana@desk")


def environment(name: str, **spec: Any) -> Environment:
    return Environment.model_validate(
        {
            "apiVersion": "releaser.dev/v1",
            "kind": "Environment",
            "metadata": {"name": name},
            "spec": {"targets": [{"account": "3" * 12, "region": "eu-central-1"}], **spec},
        }
    )


PROD = environment("prod", promotesFrom="preprod")


def account(
    where: str,
    day: int,
    digest: str,
    outcome: Outcome | None = Outcome.RELEASED,
    *,
    verified: bool = True,
    holds: Held | None = None,
) -> Account:
    at = datetime(2026, 2, day, tzinfo=UTC)
    opened = Opened(
        use_case="mail",
        environment=where,
        account="3" * 12,
        region="eu-central-1",
        release="r12" if digest == NEW else "r11",
        release_digest=digest,
        commit="c" * 40,
        tree="",
        tag=None,
        plan_digest="",
        change_digest="",
        steps=(),
        previous_release="",
        tool_version="",
        actor="ana",
        trigger="laptop",
        dirty=False,
        id="e" * 64,
        seq=day,
        previous="",
        holder=HOLDER,
        opened_at=at,
        lease_expires=at,
        holds=holds,
    )
    ended = Conclusion(outcome=outcome or Outcome.FAILED, verified=verified, facts=Facts(), duration_ms=0)
    closed = Closed(
        **{name: getattr(ended, name) for name in ended.__slots__},
        record=opened.ref,
        previous="",
        notes_digest="",
        closed_at=at,
    )
    return Account(opened, closed if outcome else None)


def asked(*accounts: Account, digest: str = NEW, until: date | None = None, where: Environment = PROD) -> Any:
    waiver = PinWaiver(owner="claims@example.com", until=until, reason="The live prompt leaks.") if until else None
    found = passage(Pinned("mail", "r12", digest, waiver=waiver), where, accounts, TODAY)
    return found.ground if isinstance(found, Passage) else found.code


def test_what_was_verified_in_the_environment_before_may_come() -> None:
    assert asked(account("preprod", 1, NEW)) is Ground.VERIFIED
    assert asked(account("preprod", 1, NEW), account("preprod", 2, OLD)) is Ground.VERIFIED


def test_what_was_not_released_there_may_not() -> None:
    assert asked() == "P300"
    assert asked(account("preprod", 1, OLD)) == "P300"
    assert asked(account("dev", 1, NEW)) == "P300"
    for outcome in (None, *(o for o in Outcome if o is not Outcome.RELEASED)):
        assert asked(account("preprod", 1, NEW, outcome)) == "P300", outcome


def test_what_was_not_verified_there_may_not() -> None:
    unverified = account("preprod", 1, NEW, verified=False)
    assert asked(unverified) == "P301"
    assert asked(unverified, account("preprod", 2, NEW)) is Ground.VERIFIED


def test_what_was_here_before_may_come_back() -> None:
    assert asked(account("prod", 1, NEW), account("prod", 2, OLD)) is Ground.BEFORE
    assert asked(account("prod", 1, OLD), account("prod", 2, NEW)) is Ground.LIVE
    assert asked(account("prod", 1, NEW, Outcome.FAILED)) == "P300"


def test_a_waiver_holds_to_its_last_day() -> None:
    assert asked(until=TODAY) is Ground.WAIVED
    assert asked(until=TODAY - timedelta(days=1)) == "P302"
    assert asked(account("preprod", 1, NEW), until=TODAY - timedelta(days=1)) is Ground.VERIFIED


def test_records_of_other_use_cases_say_nothing() -> None:
    found = passage(Pinned("post", "r12", NEW), PROD, [account("preprod", 1, NEW)], TODAY)
    assert isinstance(found, Denied)


def test_an_environment_without_one_before_it_asks_for_nothing() -> None:
    assert asked(where=environment("preprod")) is Ground.UNCONDITIONAL


def test_what_was_taken_back_in_the_environment_before_goes_no_further() -> None:
    """By an alarm or by somebody; the release that replaces it may go on, and a later one of it ends the hold."""
    verified = account("preprod", 3, NEW)
    taken_back = account("preprod", 4, OLD, holds=Held(release="r12", release_digest=NEW, reason="it leaks"))
    by_alarm = account("preprod", 4, NEW, Outcome.ROLLED_BACK)
    for after in (taken_back, by_alarm):
        answer = passage(Pinned("mail", "r12", NEW), PROD, [verified, after], TODAY)
        assert isinstance(answer, Denied) and answer.code == "P303", answer
        other = account("preprod", 5, "c" * 64)
        answer = passage(Pinned("mail", "r12", NEW), PROD, [verified, after, other], TODAY)
        assert isinstance(answer, Denied) and answer.code == "P303", "another release there says nothing of this one"
        again = account("preprod", 5, NEW)
        answer = passage(Pinned("mail", "r12", NEW), PROD, [verified, after, again], TODAY)
        assert isinstance(answer, Passage) and answer.proof == again, answer
    assert isinstance(passage(Pinned("mail", "r11", OLD), PROD, [verified, taken_back], TODAY), Passage)
