"""reconcile applies what the comment of the merge request showed, and says of the rest that nobody compared it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stub import Fault, Gitlab
from world.desk import Desk
from world.manifest import use_case
from world.repository import LETTER

KINDER = LETTER.replace("friendly", "kind")
LONGER = LETTER.replace("three", "four")


class Merges:
    """A project whose merge requests get a comment, and are merged."""

    def __init__(self, desk: Desk, gitlab: Gitlab, reports: Path) -> None:
        self.desk, self.gitlab, self.reports = desk, gitlab, reports
        self.desk.env |= {
            "CI_SERVER_URL": gitlab.url,
            "CI_PROJECT_ID": "12",
            "CI_PROJECT_PATH": "bank/releases",
            "CI_DEFAULT_BRANCH": "main",
            "CI_JOB_ID": "7",
            "RELEASER_GITLAB_TOKEN": "glpat-writes",
        }

    def request(self, **texts: str) -> int:
        """A merge request that changes prompts, with its comment; its number."""
        number = len(self.gitlab.state.merge_requests) + 1
        base = self.desk.repo.git("rev-parse", "main")
        self.desk.repo.git("checkout", "-q", "-b", f"b{number}", "main")
        for name, text in texts.items():
            self.desk.repo.declare(use_case(name), {"answer": text})
        head = self.desk.repo.commit(f"change {number}")
        self.gitlab.state.merge_request(f"b{number}", author="dana", sha=head)
        ci = {
            "CI_MERGE_REQUEST_IID": str(number),
            "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": head,
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
        }
        self.desk.env |= ci
        folder = str(self.reports / str(number))
        self.desk.run("plan", "-e", "dev", "--affected", "--reports", folder)
        self.desk.run("comment", "--reports", folder, ok=0)
        for name in ci:
            del self.desk.env[name]
        self.desk.repo.git("checkout", "-q", "main")
        return number

    def merge(self, number: int) -> str:
        self.desk.repo.git("merge", "-q", "--no-ff", "-m", f"Merge branch 'b{number}'", f"b{number}")
        commit = self.desk.repo.git("rev-parse", "HEAD")
        row = self.gitlab.state.merge_requests[number - 1]
        row |= {"state": "merged", "merge_commit_sha": commit}
        self.gitlab.state.merge_requests_of[commit] = [number]
        self.desk.env |= {"CI_COMMIT_BRANCH": "main", "CI_COMMIT_SHA": commit}
        return commit

    def change(self, name: str) -> dict[str, Any]:
        """What the newest record of a use case says of its change."""
        opened = {p: raw for p, raw in self.desk.repo.records().items() if p.startswith(f"dev/{name}/")}
        newest = max(p for p in opened if p.endswith("/opened.json"))
        return dict(json.loads(opened[newest])["change"])


@pytest.fixture
def merges(new_desk: Callable[..., Desk], gitlab: Gitlab, tmp_path: Path) -> Merges:
    desk = new_desk()
    for name in ("mail", "post"):
        desk.repo.declare(use_case(name), {"answer": LETTER})
    desk.repo.commit("first")
    desk.reconcile()
    return Merges(desk, gitlab, tmp_path / "reports")


def test_what_was_shown_is_applied(merges: Merges) -> None:
    merges.merge(merges.request(mail=KINDER))
    assert "not compared" not in merges.desk.reconcile().said
    change = merges.change("mail")
    assert (change["reviewed"], change["toldBy"]) == ("same", "gitlab")
    assert change["author"] == "dana"
    merges.desk.settled()


def test_another_change_of_a_use_case_is_refused_and_the_others_go_on(merges: Merges) -> None:
    first, second = merges.request(mail=KINDER), merges.request(mail=LONGER, post=LONGER)
    merges.merge(first)
    merges.desk.repo.git("merge", "-q", "--no-ff", "-X", "ours", "-s", "recursive", "-m", "x", f"b{second}")
    commit = merges.desk.repo.git("rev-parse", "HEAD")
    # Somebody resolved a conflict into a text that no merge request showed.
    merges.desk.repo.declare(use_case("mail"), {"answer": KINDER + "\nSign with your name.\n"})
    merges.desk.repo.git("commit", "-q", "-a", "--amend", "--no-edit")
    commit = merges.desk.repo.git("rev-parse", "HEAD")
    merges.gitlab.state.merge_requests[second - 1] |= {"state": "merged", "merge_commit_sha": commit}
    merges.gitlab.state.merge_requests_of[commit] = [second]
    merges.desk.env["CI_COMMIT_SHA"] = commit
    ended = merges.desk.reconcile(ok=4)
    said = ended.out + ended.said
    assert "P235" in said and f"!{second} showed change" in said and "update mail/prompt/answer" in said
    assert merges.change("post")["reviewed"] == "same"
    assert merges.desk.reconcile(ok=4).code == 4, "it stays refused"
    ended = merges.desk.reconcile("--accept-divergence")
    assert "accepted" in ended.out + ended.said
    assert merges.change("mail")["reviewed"] == "diverged"
    merges.desk.settled()


def test_two_merges_before_one_run_are_each_their_own(merges: Merges) -> None:
    first, second = merges.request(mail=KINDER), merges.request(post=LONGER)
    merges.merge(first)
    merges.merge(second)
    merges.desk.reconcile()
    assert [merges.change(name)["reviewed"] for name in ("mail", "post")] == ["same", "same"]
    assert [merges.change(name)["mergeRequest"] for name in ("mail", "post")] == [
        "bank/releases!1",
        "bank/releases!2",
    ]


@pytest.mark.parametrize("without", ["token", "note", "notes", "merge request"])
def test_what_nobody_can_compare_goes_on_and_says_so(merges: Merges, gitlab: Gitlab, without: str) -> None:
    number = merges.request(mail=KINDER)
    commit = merges.merge(number)
    match without:
        case "token":
            del merges.desk.env["RELEASER_GITLAB_TOKEN"]
        case "note":
            gitlab.state.notes[number][0]["author"] = gitlab.state.user("mallory")
        case "notes":
            gitlab.faults = [Fault("GET", "/notes", times=99, status=403)]
        case _:
            del gitlab.state.merge_requests_of[commit]
    said = merges.desk.reconcile().said
    assert "not compared with a review: mail" in said
    assert ("RELEASER_GITLAB_TOKEN" in said) == (without == "token")
    assert merges.change("mail")["reviewed"] == "unknown"


def test_a_forged_comment_of_somebody_else_is_nobodys(merges: Merges, gitlab: Gitlab) -> None:
    number = merges.request(mail=KINDER)
    forged = gitlab.state.notes[number][0]["body"].replace('"mail":"', '"mail":"0', 1)
    gitlab.state.notes[number].insert(0, {**gitlab.state.notes[number][0], "id": 1, "body": forged})
    gitlab.state.notes[number][0]["author"] = gitlab.state.user("mallory")
    merges.merge(number)
    merges.desk.reconcile()
    assert merges.change("mail")["reviewed"] == "same"


def test_a_run_that_failed_in_the_middle_is_gone_on_with(merges: Merges) -> None:
    """What is left of the reviewed change has another digest, and is that change."""
    merges.merge(merges.request(mail=KINDER))
    desk = merges.desk
    desk.admin.add_fault("error", account=desk.account, operation="CreatePromptVersion", times=9)
    assert desk.reconcile(ok=None).code != 0
    desk.admin.clear_faults()
    desk.reconcile()
    assert merges.change("mail")["reviewed"] == "same"
    desk.settled()


def test_a_server_that_is_away_is_not_asked_again_and_again(merges: Merges, gitlab: Gitlab) -> None:
    merges.merge(merges.request(mail=KINDER))
    gitlab.asked.clear()
    gitlab.faults = [Fault("GET", times=99, status=503)]
    assert "not compared with a review: mail" in merges.desk.reconcile().said
    assert len({asked.path for asked in gitlab.asked}) <= 2, "freeze periods, and one question of ours"


def test_what_was_put_back_since_is_no_divergence(merges: Merges) -> None:
    """Drift is repaired though an older merge request showed another change: that one is live."""
    merges.merge(merges.request(mail=KINDER))
    merges.desk.reconcile()
    client = merges.desk.client("bedrock-agent")
    prompts = client.list_prompts()["promptSummaries"]
    found = client.get_prompt(promptIdentifier=next(p["id"] for p in prompts if "mail" in p["name"]))
    variant = found["variants"][0]
    variant["templateConfiguration"]["text"]["text"] = "Be rude about {{letter}}"
    client.update_prompt(promptIdentifier=found["id"], name=found["name"], variants=[variant])
    merges.desk.repo.commit("nothing of this use case")
    merges.desk.reconcile("--deep")
    merges.desk.settled()
    assert merges.change("mail")["reviewed"] == "unknown"


def test_on_a_laptop_nobody_looks(merges: Merges, gitlab: Gitlab) -> None:
    merges.merge(merges.request(mail=KINDER))
    for name in [name for name in merges.desk.env if name.startswith(("CI_", "RELEASER_GITLAB"))]:
        del merges.desk.env[name]
    gitlab.asked.clear()
    merges.desk.reconcile()
    assert "reviewed" not in merges.change("mail") and gitlab.asked == []
