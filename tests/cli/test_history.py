"""``releaser history``: the list, what was live when, notes, JSON, without the network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
import typer
from typer.testing import CliRunner

from releaser.cli.history import history
from releaser.core.entry import record_schema
from releaser.core.errors import ReleaserError, WrongUsage
from releaser.core.record import Conclusion, Holder, Intent, Outcome
from releaser.store.git import Git
from releaser.store.records import Records
from releaser.store.remote import Remote

app = typer.Typer()
app.command()(history)
runner = CliRunner()


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


def git(folder: Path, *args: str) -> None:
    who = ("-c", "user.name=Engineer", "-c", "user.email=engineer@example.com")
    subprocess.run(["git", *who, *args], cwd=folder, check=True, capture_output=True)


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("GIT_", "CI_", "GITLAB_", "RELEASER_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


def intent(use_case: str, environment: str, release: str) -> Intent:
    return Intent(
        use_case=use_case,
        environment=environment,
        account="111111111111",
        region="eu-central-1",
        release=release,
        release_digest="a" * 64,
        commit="b" * 40,
        tree="c" * 40,
        tag=None,
        plan_digest="d" * 64,
        change_digest="e" * 64,
        steps=(),
        previous_release="",
        tool_version="0.1.0",
        actor="ana\x1b[31m",
        trigger="laptop",
        dirty=False,
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Four records: r1 on 1 March, r2 (failed) on 2 March, r3 on 3 March at 14:00, one open in prod."""
    work = tmp_path / "work"
    git(tmp_path, "init", "-q", "--bare", "server.git")
    git(tmp_path, "init", "-q", "-b", "main", "work")
    (work / "manifests").mkdir()
    (work / "manifests/.keep").write_text("")
    git(work, "add", ".")
    git(work, "commit", "-q", "-m", "first")
    git(work, "remote", "add", "origin", str(tmp_path / "server.git"))
    door = Git.open(work)
    clock = Clock()
    holder = Holder(kind="laptop", name="ana@desk", boot="x", pid=1, started="1")
    records = Records(door, holder=holder, clock=clock, remote=Remote.of(door))
    for day, hour, release, outcome in (
        (1, 9, "r1", Outcome.RELEASED),
        (2, 9, "r2", Outcome.FAILED),
        (3, 14, "r3", Outcome.RELEASED),
    ):
        clock.time = datetime(2026, 3, day, hour, tzinfo=UTC)
        record = records.open([intent("mail", "dev", release)]).opened["mail"]
        conclusion = Conclusion(outcome=outcome, verified=outcome is Outcome.RELEASED, duration_ms=10)
        records.close([(record, conclusion, f"# mail {release}\n")])
    clock.time = datetime(2026, 3, 4, tzinfo=UTC)
    records.open([intent("mail", "prod", "r3")])
    return work


def call(root: Path, *args: str) -> str:
    done = runner.invoke(app, [*args, "--root", str(root)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_newest_comes_first_and_nothing_acts_on_the_terminal(root: Path) -> None:
    lines = call(root).splitlines()
    assert lines[0].split("  ")[0] == "WHEN (UTC)"
    assert [line.split()[4] for line in lines[1:]] == ["r3", "r3", "r2", "r1"]
    assert "open: ana@desk" in lines[1]
    assert "\x1b" not in "".join(lines)


def test_json_is_a_list_of_records(root: Path) -> None:
    found = json.loads(call(root, "mail", "-e", "dev", "--output", "json"))
    assert [(r["release"], r["outcome"]) for r in found] == [("r3", "released"), ("r2", "failed"), ("r1", "released")]
    assert found[0]["folder"] == "dev/mail/0003-r3"
    validator = jsonschema.Draft202012Validator(record_schema())
    for record in found:
        for entry in record["entries"]:
            validator.validate(entry)


@pytest.mark.parametrize(
    ("at", "live"),
    [
        ("2026-02-28", []),
        ("2026-03-01", ["r1"]),
        ("2026-03-02", ["r1"]),
        ("2026-03-03T13:59", ["r1"]),
        ("2026-03-03T15:00+01:00", ["r3"]),
        ("2026-03-03", ["r3"]),
        ("2027-01-01", ["r3"]),
    ],
)
def test_what_was_live_when(root: Path, at: str, live: list[str]) -> None:
    assert [r["release"] for r in json.loads(call(root, "mail", "--at", at, "--output", "json"))] == live


def test_the_notes_of_one_release(root: Path) -> None:
    assert call(root, "mail", "--show", "r1") == "# mail r1\n"
    assert call(root, "--show", "dev/mail/0002-r2") == "# mail r2\n"
    ident = json.loads(call(root, "--output", "json"))[-1]["id"]
    assert call(root, "--show", ident[:10]) == "# mail r1\n"
    with pytest.raises(ReleaserError, match="no record with notes is r9"):
        call(root, "--show", "r9")


def second(root: Path) -> None:
    """letters r1, opened before all of mail's records end and closed after them."""
    door, clock = Git.open(root), Clock()
    holder = Holder(kind="laptop", name="ana@desk", boot="x", pid=1, started="1")
    records = Records(door, holder=holder, clock=clock, remote=Remote.of(door))
    record = records.open([intent("letters", "dev", "r1")]).opened["letters"]
    clock.time = datetime(2026, 3, 9, tzinfo=UTC)
    records.close([(record, Conclusion(outcome=Outcome.RELEASED, verified=True, duration_ms=1), "# letters r1\n")])


def test_the_order_is_that_of_the_times_shown(root: Path) -> None:
    second(root)
    times = [line[:16] for line in call(root).splitlines()[1:]]
    assert times == sorted(times, reverse=True) and times[0] == "2026-03-09 00:00"


def test_a_release_of_several_use_cases_asks_which(root: Path) -> None:
    second(root)
    with pytest.raises(WrongUsage, match="letters, mail") as caught:
        call(root, "--show", "r1")
    assert "releaser history letters --show r1" in caught.value.hint
    assert call(root, "letters", "--show", "r1") == "# letters r1\n"


@pytest.mark.parametrize(("args", "meant"), [(["mial"], "mail"), (["mail", "-e", "prd"], "prod")])
def test_a_misspelt_name_is_no_empty_history(root: Path, args: list[str], meant: str) -> None:
    with pytest.raises(WrongUsage, match="there is no") as caught:
        call(root, *args)
    assert meant in caught.value.hint


def test_a_use_case_that_was_never_released(root: Path) -> None:
    (root / "manifests/new").mkdir()
    done = runner.invoke(app, ["new", "--root", str(root)], catch_exceptions=False)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no records yet of new" in done.stderr


def test_a_date_that_is_none(root: Path) -> None:
    with pytest.raises(WrongUsage, match="not a date"):
        call(root, "--at", "yesterday!")


def test_markdown_shows_text_as_text(root: Path) -> None:
    lines = call(root, "mail", "--output", "markdown").splitlines()
    assert len(lines) == 6 and lines[2].startswith("| 2026")
    assert all(line.startswith("| ") and line.endswith(" |") for line in lines)


def test_without_the_network_it_shows_what_was_fetched(root: Path) -> None:
    shutil.move(root.parent / "server.git", root.parent / "gone.git")
    done = runner.invoke(app, ["--root", str(root)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "r3" in done.stdout
    assert "warning: the git remote 'origin' cannot be reached" in done.stderr


def test_a_fresh_clone_fetches_the_records(root: Path) -> None:
    git(root, "push", "-q", "origin", "main")
    git(root.parent, "clone", "-q", "--single-branch", "-b", "main", str(root.parent / "server.git"), "fresh")
    assert "r3" in call(root.parent / "fresh")


def test_no_records(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    done = runner.invoke(app, ["--root", str(tmp_path)], catch_exceptions=False)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no records yet" in done.stderr
    assert call(tmp_path, "--output", "json") == "[]\n"
