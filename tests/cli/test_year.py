"""A scripted year: what was live on any day, and that the account of it proves itself and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from world.history_attacks import files_of, flipped, place_in, proven, rewrite
from world.process import Zygote
from world.year import ACCOUNTS, Year, begin, live

from releaser import sandbox
from releaser.core.record import Holder, Outcome
from releaser.core.timeline import Account, live_at
from releaser.store.git import Git
from releaser.store.records import Records
from releaser.store.remote import Remote

pytestmark = pytest.mark.nightly

FLIPS = 400 if os.environ.get("RELEASER_LAWS") == "full" else 3


@pytest.fixture(scope="module")
def year(zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    """Forty merges in dev, promotions, ways back, an emergency, an interruption, a retirement."""
    with sandbox.running(time_scale=0) as box:
        found = begin(zygote, box, tmp_path_factory.mktemp("year"))
        live(found)
        yield found


class _Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture(scope="module")
def accounts(year: Year) -> list[Account]:
    git = Git.open(year.repo.root, year.repo.env)
    return Records(git, holder=Holder(kind="laptop", name="auditor"), clock=_Now(), remote=Remote.of(git)).history()


def test_history_is_right_for_every_day(year: Year, accounts: list[Account]) -> None:
    assert year.merges == 40 and year.today > 330
    for day in range(year.today + 2):
        moment = year.began + timedelta(days=day)
        found = {(a.opened.environment, a.opened.use_case): a.opened.release for a in live_at(accounts, moment)}
        assert found == year.book.on(day), f"day {day}"


def test_the_command_says_the_same(year: Year) -> None:
    for day in (6, year.today // 2, year.today):
        date = (year.began + timedelta(days=day)).date().isoformat()
        rows = year.releaser("dev", "history", "--at", date, "--output", "json").json()
        assert {(r["environment"], r["useCase"]): r["release"] for r in rows} == year.book.on(day), date


def test_everything_that_happened_is_on_record(accounts: list[Account]) -> None:
    outcomes = [a.outcome for a in accounts]
    retired = {(a.opened.environment, a.opened.use_case) for a in accounts if a.outcome == Outcome.RETIRED}
    assert retired == {("preprod", "chat"), ("prod", "chat")}
    assert [a.opened.use_case for a in accounts if a.opened.emergency is not None] == ["mail"]
    taken_back = [a for a in accounts if a.outcome == Outcome.ROLLED_BACK]
    assert [(a.opened.environment, a.opened.use_case) for a in taken_back] == [("prod", "claims")]
    assert not {"open", Outcome.FAILED, Outcome.INTERRUPTED} & set(outcomes), outcomes


def test_what_is_live_is_what_the_records_say(year: Year) -> None:
    for environment in ACCOUNTS:
        year.releaser(environment, "plan", "-e", environment, "--deep", "--detailed-exitcode")
    year.releaser("prod", "audit", "verify", "-e", "prod")


def test_a_byte_changed_anywhere_in_the_year_is_named(year: Year) -> None:
    root = year.repo.root
    year.repo.git("update-ref", "refs/heads/releases", "refs/remotes/origin/releases")
    files = files_of(root)
    for path in sorted(files, key=lambda p: place_in(p, 1 << 60))[:FLIPS]:
        flip = flipped(place_in(path, len(files[path])), 1)
        found = proven(root, rewrite(root, {path: flip(files[path])}, seals=False)).problems
        assert any(path in p.path or path in p.reason for p in found), (path, found)


def test_the_last_entry_cannot_be_dropped_before_who_has_seen_it(year: Year, tmp_path: Path) -> None:
    """In the clone of somebody who fetched before. To others only an anchor outside git tells."""
    auditor = year.desks["prod"].sibling(tmp_path / "auditor")
    auditor.run("audit", "verify", ok=0)
    year.repo.git("update-ref", "refs/heads/releases", "refs/remotes/origin/releases")
    shorter = rewrite(year.repo.root, {}, seals=False, drop=1)
    year.repo.git("push", "-q", "--force", "origin", f"{shorter}:refs/heads/releases")
    said = auditor.run("audit", "verify", ok=1)
    assert "releases" in said.said and "lacks records that this clone has seen" in said.said, said.said
    year.repo.git("push", "-q", "--force", "origin", "refs/heads/releases:refs/heads/releases")
    auditor.run("audit", "verify", ok=0)
