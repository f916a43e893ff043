"""publish: pages of releases in a job of GitLab, once, whatever goes wrong on the way."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from stub import Fault, Gitlab
from world import estate
from world.desk import Desk
from world.estate import Estate
from world.manifest import use_case
from world.repository import LETTER

from releaser import wiring
from releaser.aws.session import SystemClock
from releaser.pipeline import publishing


@pytest.fixture
def live(new_desk: Callable[..., Desk], gitlab: Gitlab) -> Estate:
    """Two use cases are live in dev, and commands of dev run in a job with its own token."""
    found = estate.create(new_desk, server=True)
    for name in ("mail", "post"):
        found.dev.repo.declare(use_case(name=name), {"answer": LETTER})
    found.dev.repo.commit("first")
    found.run("dev", "reconcile")
    gitlab.state.tags |= {"mail/r1", "post/r1"}
    found.dev.env |= {"CI_SERVER_URL": gitlab.url, "CI_PROJECT_ID": "12", "CI_JOB_TOKEN": "job-1"}
    return found


def published(live: Estate, *args: str, ok: int = 0) -> list[str]:
    """What became of each page: its state."""
    lines = live.dev.run("publish", "-e", "dev", *args, ok=ok).out.splitlines()
    there = int(lines[-1].split()[0]) if lines and lines[-1].endswith(": as before") else 0
    return [line.split(": ")[1] for line in lines if not line.endswith(": as before")] + ["there"] * there


def test_a_page_for_each_release_that_is_live(live: Estate, gitlab: Gitlab) -> None:
    assert published(live) == ["made", "made"]
    page = next(row for row in gitlab.state.releases if row["tag_name"] == "mail/r1")
    assert page["name"] == "mail r1"
    assert page["description"] == live.dev.run("notes", "mail", "r1", ok=0).out
    links = {link["name"]: link["url"] for link in page["assets"]["links"]}
    assert list(links) == ["Notes in dev", "Bill of materials", "Record in dev"]
    files = {name: gitlab.state.files[tuple(url.rsplit("/", 3)[1:])] for name, url in links.items()}
    assert all(url.startswith(f"{gitlab.api}/projects/12/packages/generic/mail/r1/") for url in links.values())
    assert files["Bill of materials"].decode() == live.dev.run("bom", "mail", "r1", ok=0).out
    record = json.loads(files["Record in dev"])
    assert (record["useCase"], record["release"], record["outcome"]) == ("mail", "r1", "released")
    assert files["Notes in dev"].decode().startswith("# ")


def test_what_is_there_is_left_alone(live: Estate, gitlab: Gitlab) -> None:
    published(live)
    gitlab.asked.clear()
    assert published(live) == ["there", "there"]
    assert [(asked.method, asked.path) for asked in gitlab.asked] == [("GET", "/projects/12/releases")]
    del gitlab.state.releases[0]
    assert sorted(published(live)) == ["made", "there"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("method", "path"), [("PUT", "packages"), ("POST", "releases")])
def test_the_same_command_finishes_what_was_lost(
    live: Estate, gitlab: Gitlab, method: str, path: str, after: bool
) -> None:
    gitlab.faults = [Fault(method, path, after=after)]
    gitlab.state.takes_duplicates = False
    code = 1 if method == "POST" and not after else 0
    published(live, ok=code)
    assert set(published(live)) <= {"made", "there"}
    assert published(live) == ["there", "there"]
    assert [len(row["assets"]["links"]) for row in gitlab.state.releases] == [3, 3]
    assert len(gitlab.state.files) == 6


def test_a_page_that_was_half_made_is_finished_and_what_people_added_stays(live: Estate, gitlab: Gitlab) -> None:
    ticket = {"id": 5, "name": "Ticket", "url": "https://example.com/t", "link_type": "other"}
    page = {"tag_name": "mail/r1", "name": "by hand", "description": "", "released_at": None}
    gitlab.state.releases.append({**page, "assets": {"links": [ticket]}, "_links": {"self": ""}})
    assert published(live) == ["changed", "made"]
    links = [link["name"] for link in gitlab.state.releases[0]["assets"]["links"]]
    assert links == ["Ticket", "Notes in dev", "Bill of materials", "Record in dev"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("there", [0, 1, 2])
def test_a_page_is_done_with_its_last_link(live: Estate, gitlab: Gitlab, there: int, after: bool) -> None:
    """Whichever link is lost: the record's is the last, and what lacks it is gone on with."""
    published(live)
    page = next(row for row in gitlab.state.releases if row["tag_name"] == "mail/r1")
    whole = [link["name"] for link in page["assets"]["links"]]
    del page["assets"]["links"][there:]
    gitlab.faults = [Fault("POST", "mail.*links", after=after)]
    assert published(live, ok=1) == ["failed", "there"]
    is_done = after and there == 2
    assert published(live) == (["there", "there"] if is_done else ["changed", "there"])
    assert [link["name"] for link in page["assets"]["links"]] == whole


def test_another_environment_adds_its_record(live: Estate, gitlab: Gitlab) -> None:
    published(live)
    live.promote("preprod", "r1")
    live.desks["preprod"].env |= live.dev.env
    ended = live.run("preprod", "publish")
    assert ended.out.startswith("mail r1: changed: ")
    page = next(row for row in gitlab.state.releases if row["tag_name"] == "mail/r1")
    names = {link["name"] for link in page["assets"]["links"]}
    assert names == {"Notes in dev", "Notes in preprod", "Bill of materials", "Record in dev", "Record in preprod"}
    assert published(live) == ["there", "there"]


def test_one_that_fails_does_not_stop_the_others(live: Estate, gitlab: Gitlab) -> None:
    gitlab.state.tags.remove("mail/r1")
    ended = live.dev.run("publish", "-e", "dev", ok=1)
    mail, post = ended.out.splitlines()
    assert mail.startswith("mail r1: failed: L103: GitLab has no tag mail/r1; let `releaser release` push it")
    assert post.startswith("post r1: made: ")


def test_a_server_that_is_away_is_asked_once(live: Estate, gitlab: Gitlab) -> None:
    live.dev.env["CI_JOB_TOKEN"] = "unknown"
    ended = live.dev.run("publish", "-e", "dev", ok=1)
    assert "L101" in ended.said and len(gitlab.asked) == 1


def test_without_a_token_the_files_are_written(live: Estate, gitlab: Gitlab) -> None:
    del live.dev.env["CI_JOB_TOKEN"]
    ended = live.dev.run("publish", "-e", "dev", "--reports", "reports", ok=0)
    assert [line.split(": ")[1] for line in ended.out.splitlines()] == ["not made", "not made"]
    assert "RELEASER_GITLAB_TOKEN" in ended.said and gitlab.asked == []
    folder = live.dev.repo.root / "reports" / "dev" / "releases" / "mail" / "r1"
    assert {path.name for path in folder.iterdir()} == {
        "description.md",
        "notes-dev.md",
        "bom.cdx.json",
        "record-dev.json",
    }


def test_what_has_no_release_has_no_page(live: Estate, gitlab: Gitlab) -> None:
    live.dev.repo.environment("dev", live.dev.account, allowDirty=True)
    live.dev.repo.declare(use_case(name="mail"), {"answer": LETTER + "\nNobody committed this."})
    live.run("dev", "apply")
    assert published(live) == []
    assert gitlab.state.releases == []


def test_notes_that_are_too_long_are_a_file_only(live: Estate, gitlab: Gitlab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_LONGEST", 20)
    repo = wiring.Repository(live.dev.repo.root, SystemClock(), live.dev.env)
    assert [page.state for page in publishing.publish(repo, "dev", None)] == ["made", "made"]
    assert {row["description"].split(":")[0] for row in gitlab.state.releases} == {
        "What changed is too long to be shown here"
    }


def test_where_nothing_is_live_there_is_nothing_to_do(live: Estate, gitlab: Gitlab) -> None:
    live.desks["prod"].env |= live.dev.env
    assert live.run("prod", "publish").out == "0 pages of what is live in prod: as before\n"
    assert live.desks["prod"].run("publish", "-e", "nowhere").code == 64
    assert gitlab.asked == []
